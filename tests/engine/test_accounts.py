"""What an account may demand of a stack, under Pulumi's own engine."""

from local.surroundings import make_key, make_surroundings
from tests.engine.conftest import succeeded


def boundaries(run) -> dict[str, str | None]:
    """Each role's permissions boundary, but for roles that are no stack's."""
    iam = run.account.client("iam")
    roles = [iam.get_role(RoleName=each["RoleName"])["Role"] for each in iam.list_roles()["Roles"]]
    return {
        role["RoleName"]: role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        for role in roles
        if role["RoleName"].startswith("inference")
    }


def test_a_permissions_boundary_is_put_on_every_role_and_taken_off(run, settings, models):
    around = make_surroundings(run.account, models)
    shape = {**settings, "storage": "efs", "monitoring": True, "delivery": "canary10Percent5Minutes"}
    bounded = {"permissionsBoundaryArn": around.boundary_arn}
    succeeded(run.stack.up({**shape, **bounded}))
    assert set(boundaries(run).values()) == {around.boundary_arn}
    succeeded(run.stack.up({"permissionsBoundaryArn": ""}))
    assert set(boundaries(run).values()) == {None}
    changed = succeeded(run.stack.up(bounded))
    assert {(step.operation, step.pulumi_type) for step in changed.steps if step.operation != "same"} == {
        ("update", "aws:iam/role:Role"),
        ("update", "aws:s3/bucketObjectv2:BucketObjectv2"),  # the deployment's record
    }
    assert set(boundaries(run).values()) == {around.boundary_arn}


def test_functions_move_to_a_new_repository_once_lambda_may_pull_from_it(run, settings):
    succeeded(run.stack.up(settings))
    key = make_key(run.account)
    steps = [(step.operation, step.pulumi_type) for step in succeeded(run.stack.up({"kmsKeyArn": key})).steps]
    allowed = steps.index(("create-replacement", "aws:ecr/repositoryPolicy:RepositoryPolicy"))
    assert allowed < steps.index(("update", "aws:lambda/function:Function"))
    assert succeeded(run.stack.up()).quiet


def test_an_http_api_has_a_stage_only_when_its_authorizer_may_be_invoked(run, settings, models):
    around = make_surroundings(run.account, models)
    asked = {"auth": "lambda", "authorizerArn": around.authorizer_arn}
    names = [step.name for step in succeeded(run.stack.up({**settings, **asked})).steps]
    assert names.index("inference-api-permission-to-authorize") < names.index("inference-api-stage")
