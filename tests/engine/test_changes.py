"""What the real engine does with changes of a living stack."""

import pytest

from local.engine.results import Result
from tests.engine.conftest import succeeded

FUNCTION = "aws:lambda/function:Function"
RECORD = "aws:s3/bucketObjectv2:BucketObjectv2"
"""Of a deployment, in the bucket. Models are objects, too, and no update of settings changes those."""


def live(run) -> str:
    """The version that the alias of the stack's one function stands for."""
    [function] = run.account.invocations.functions()
    return run.account.client("lambda").get_alias(FunctionName=function.name, Name="live")["FunctionVersion"]


def types_of(steps) -> set[str]:
    return {step.pulumi_type for step in steps}


@pytest.fixture
def deployed(living, of_living) -> Result:
    """The deployment that each test starts from."""
    return succeeded(living.stack.up({**of_living, "memoryMib": 1024}))


def test_a_preview_of_more_memory_does_not_know_the_version(living, deployed):
    preview = succeeded(living.stack.preview({"memoryMib": 2048}))
    [alias] = [step for step in preview.of("update") if step.pulumi_type == "aws:lambda/alias:Alias"]
    assert alias.changed == ("functionVersion",)
    [function] = living.account.invocations.functions()
    assert function.memory_mib == 1024


def test_more_memory_updates_the_function_in_place_and_moves_its_alias(living, deployed):
    [before] = living.account.invocations.functions()
    after = succeeded(living.stack.up({"memoryMib": 2048}))
    assert {(step.pulumi_type, step.operation) for step in after.steps if step.operation != "same"} == {
        (FUNCTION, "update"),
        ("aws:lambda/alias:Alias", "update"),
        (RECORD, "update"),
    }
    assert after.outputs["apiUrl"] == deployed.outputs["apiUrl"]
    [function] = living.account.invocations.functions()
    assert (function.memory_mib, int(function.version)) == (2048, int(before.version) + 1)


def test_what_somebody_changed_is_found_by_a_refresh_and_put_back_by_the_next_update(living, deployed):
    [function] = living.account.invocations.functions()
    lambda_ = living.account.client("lambda")
    lambda_.update_function_configuration(FunctionName=function.name, MemorySize=512)
    found = succeeded(living.stack.refresh())
    assert types_of(found.of("refresh", "update")) >= {FUNCTION}
    assert found.changes["update"] == 1
    put_back = succeeded(living.stack.up())
    assert FUNCTION in types_of(put_back.of("update"))
    assert lambda_.get_function_configuration(FunctionName=function.name)["MemorySize"] == 1024


def test_what_somebody_deleted_is_made_again(living, deployed):
    logs = living.account.client("logs")
    [group] = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"][:1]
    logs.delete_log_group(logGroupName=group["logGroupName"])
    assert succeeded(living.stack.refresh()).changes["delete"] == 1
    again = succeeded(living.stack.up())
    assert "aws:cloudwatch/logGroup:LogGroup" in types_of(again.of("create"))


def test_an_alias_a_route_and_an_object_that_somebody_changes_are_put_back(living, deployed):
    lambda_, gateway, s3 = (living.account.client(service) for service in ("lambda", "apigatewayv2", "s3"))
    first = live(living)
    made = succeeded(living.stack.up({"memoryMib": 2048}))
    [function] = living.account.invocations.functions()
    lambda_.update_alias(FunctionName=function.name, Name="live", FunctionVersion=first)
    [api] = gateway.get_apis()["Items"]
    route = next(each for each in gateway.get_routes(ApiId=api["ApiId"])["Items"] if each["RouteKey"] == "ANY /v2")
    gateway.update_route(ApiId=api["ApiId"], RouteId=route["RouteId"], AuthorizationType="AWS_IAM")
    pointer = {"Bucket": made.outputs["bucketName"], "Key": "models/iris/current.json"}
    s3.delete_object(**pointer)

    found = succeeded(living.stack.refresh())
    assert (found.changes["update"], found.changes["delete"]) == (2, 1)
    succeeded(living.stack.up())
    assert live(living) == function.version
    assert gateway.get_route(ApiId=api["ApiId"], RouteId=route["RouteId"])["AuthorizationType"] == "NONE"
    assert s3.get_object(**pointer)["ContentLength"] > 0
    assert succeeded(living.stack.up()).quiet


@pytest.mark.parametrize("engines", [3])
def test_engines_one_after_another_work_on_one_provider(program, engines):
    stack = program("import pulumi_aws as aws\naws.sqs.Queue('letters')")
    succeeded(stack.up())
    for _ in range(engines):
        assert succeeded(stack.up()).quiet
    succeeded(stack.destroy())


def test_an_unknown_type_is_refused_by_name_with_the_file_to_add_it_to(program):
    stack = program("import pulumi_aws as aws\naws.dynamodb.Table('letters', hash_key='k', attributes=[])")
    refused = stack.preview()
    assert not refused.succeeded
    [error] = [each for each in refused.errors if "aws:dynamodb/table:Table" in each]
    assert "'letters'" in error
    assert "local/resources/dynamodb.py" in error


def test_a_refusal_comes_in_the_words_of_aws(program):
    stack = program(
        """
        import pulumi
        import pulumi_aws as aws
        first = aws.s3.Bucket("first", bucket="only-one-of-this-name")
        aws.s3.Bucket("second", bucket="only-one-of-this-name", opts=pulumi.ResourceOptions(depends_on=[first]))
        """
    )
    refused = stack.up()
    assert any("(BucketAlreadyOwnedByYou) when calling the CreateBucket" in error for error in refused.errors)


def test_a_name_that_the_program_chose_is_free_before_a_replacement_takes_it(program):
    source = """
        import pulumi_aws as aws
        aws.cloudwatch.LogGroup("logs", name="/one/name", log_group_class="STANDARD")
        """
    succeeded(program(source).up())
    replaced = succeeded(program(source.replace("STANDARD", "INFREQUENT_ACCESS")).up())
    operations = [step.operation for step in replaced.steps if step.pulumi_type == "aws:cloudwatch/logGroup:LogGroup"]
    assert operations.index("delete-replaced") < operations.index("create-replacement")
