"""docs/permissions.md follows from the program: who needs what to deploy, publish and call."""

import json
from pathlib import Path

import pytest

from ops import __main__ as command
from ops import permissions, permissions_page
from ops.example_stacks import Examples
from tests.made_types import made_types
from tests.paths import PROJECT


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    return Examples(PROJECT, tmp_path_factory.mktemp("models"))


def test_the_file_is_what_the_program_says_now():
    text = permissions_page.document(PROJECT)
    assert (PROJECT / permissions_page.FILE).read_text() == text, "run `make permissions`, and read what changed"


def test_every_type_that_a_component_makes_has_its_actions_and_no_other():
    assert set(permissions.table()["types"]) == made_types()


def test_a_type_without_actions_is_refused_by_name(examples: Examples, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(permissions.table()["types"], "aws:s3/bucket:Bucket", None)
    monkeypatch.delitem(permissions.table()["types"], "aws:s3/bucket:Bucket")
    with pytest.raises(ValueError, match=r"aws:s3/bucket:Bucket: say in permissions.toml"):
        permissions.actions(examples.stack({}))


def test_an_access_log_needs_log_deliveries_and_an_image_its_repositorys_policy(examples: Examples):
    needed = permissions.actions(examples.stack({}))
    assert "CreateLogDelivery" in needed["logs"]
    assert "SetRepositoryPolicy" in needed["ecr"]
    assert "kms" not in needed


def test_a_key_is_granted_by_name(examples: Examples):
    policy = permissions.deployer(examples.stack({"storage": "efs", "kmsKeyArn": permissions_page.KEY}))
    [used] = [each for each in policy if each["Action"][0].startswith("kms:")]
    assert used["Resource"] == [permissions_page.KEY]


def test_a_role_is_passed_only_to_the_services_that_the_stacks_roles_trust(examples: Examples):
    stack = examples.stack({"storage": "s3files"})
    [passing] = [each for each in permissions.deployer(stack) if each["Action"] == ["iam:PassRole"]]
    assert passing["Resource"] == ["arn:aws:iam::*:role/inference*"]
    assert passing["Condition"] == {
        "StringEquals": {"iam:PassedToService": ["elasticfilesystem.amazonaws.com", "lambda.amazonaws.com"]}
    }


NAMED_BY_AWS = ("arn:aws:lambda:*:*:event-source-mapping:*",)


def test_a_policy_names_the_stacks_resources_where_aws_lets_it(examples: Examples):
    for statement in permissions.deployer(examples.stack({"storage": "efs"})):
        services = {action.partition(":")[0] for action in statement["Action"]}
        assert len(services) == 1
        if services <= {"s3", "lambda", "sqs", "events"}:
            named = [each for each in statement["Resource"] if each not in NAMED_BY_AWS]
            assert named
            assert all("inference" in resource for resource in named)


def test_the_policy_of_a_stack_is_printed(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    assert command.main(["permissions", "--stack", "dev", "--config", "seedModels=false"]) == 0
    assert json.loads(capsys.readouterr().out)["Statement"]


def test_an_abbreviated_option_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        command.main(["permissions", "--sta", "dev"])
    assert stopped.value.code == 2
    assert "unrecognized arguments: --sta dev" in capsys.readouterr().err
