"""`python -m ops iam`: every policy of a stack, as text or JSON, with the reason for each wide grant."""

import json
from pathlib import Path
from typing import get_args

import pytest

from components.settings.api_settings import GatewayKind
from components.settings.storage_settings import Storage
from ops import __main__ as command
from ops import grants
from ops.example_models import package
from ops.program import record_with
from ops.recorder import Recorder
from tests.packaged import WRONG_OPTIONS
from tests.paths import PROJECT


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package(tmp_path_factory.mktemp("models"), "iris")


@pytest.fixture(scope="module", params=get_args(Storage))
def stack(request: pytest.FixtureRequest, root: Path) -> Recorder:
    return record_with(PROJECT, {"modelRepository": str(root), "storage": request.param}, "grants")


def run(root: Path, *arguments: str) -> int:
    return command.main(["iam", "--config", f"modelRepository={root}", *arguments])


def test_the_policies_of_every_role_and_every_resource_are_listed(stack: Recorder):
    owners = {policy.owner for policy in grants.policies(stack)}
    roles = {each.name for each in stack.of("aws:iam/role:Role")}
    documents = {
        each.name
        for each in stack.registered
        if "Statement" in str(each.inputs.get("policy")) and each.type != "aws:iam/rolePolicy:RolePolicy"
    }
    assert owners == roles | documents | {"callers"}


def of_callers(root: Path, **settings: str) -> list[grants.Policy]:
    config = {"modelRepository": str(root), "timeoutSeconds": "28", **settings}
    return [each for each in grants.policies(record_with(PROJECT, config, "grants")) if each.owner == "callers"]


@pytest.mark.parametrize("api", get_args(GatewayKind))
def test_what_a_caller_needs_is_named_where_the_api_asks_for_signatures(root: Path, api: str):
    (policy,) = of_callers(root, api=api)
    (statement,) = policy.statements
    assert statement["Action"] == "execute-api:Invoke"
    (resource,) = statement["Resource"]
    assert resource.startswith("arn:aws:execute-api:eu-central-1:123456789012:")
    assert resource.endswith("/*")
    assert of_callers(root, api=api, auth="none") == []


def test_a_caller_of_a_function_url_may_invoke_the_alias_and_nothing_else(root: Path):
    (policy,) = of_callers(root, api="url")
    (statement,) = policy.statements
    assert statement["Action"] == ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"]
    (resource,) = statement["Resource"]
    assert resource.startswith("arn:aws:lambda:eu-central-1:123456789012:function:inference-")
    assert resource.endswith(":live")
    assert of_callers(root, api="url", auth="none") == []


def test_no_storage_grants_a_wildcard_action_or_every_resource_without_a_reason(stack: Recorder):
    assert grants.unexplained(grants.policies(stack)) == []


@pytest.mark.parametrize("name", sorted(path.name.split(".")[1] for path in PROJECT.glob("Pulumi.*.yaml")))
def test_no_stack_file_does_either(name: str, root: Path, capsys: pytest.CaptureFixture[str]):
    assert run(root, "--stack", name) == 0
    assert "NO REASON IS KNOWN" not in capsys.readouterr().out


def test_each_grant_on_every_resource_is_followed_by_its_reason(stack: Recorder):
    lines = grants.as_text(grants.policies(stack)).splitlines()
    everything = [
        number for number, line in enumerate(lines) if line == "    on *" and lines[number - 1].startswith("  allow")
    ]
    assert all(lines[number + 1].startswith("       ec2:") and ": " in lines[number + 1] for number in everything)
    assert "NO REASON IS KNOWN" not in "\n".join(lines)
    denied = [lines[number + 1 : number + 3] for number, line in enumerate(lines) if line == "  deny ec2:*"]
    assert all(each == ["    on *", "    if lambda:SourceFunctionArn Null false"] for each in denied)


def test_the_grant_on_every_alarm_has_its_reason_where_traffic_is_shifted(
    root: Path, capsys: pytest.CaptureFixture[str]
):
    shifted = ("--config", "monitoring=true", "--config", "delivery=canary10Percent5Minutes")
    assert run(root, *shifted) == 0
    every = (
        "    on arn:aws:cloudwatch:eu-central-1:123456789012:alarm:*\n"
        "       cloudwatch:DescribeAlarms: CloudWatch checks"
    )
    assert every in capsys.readouterr().out


def test_the_command_prints_who_may_do_what(root: Path, capsys: pytest.CaptureFixture[str]):
    assert run(root, "--config", "storage=s3") == 0
    printed = capsys.readouterr().out
    assert "inference-role (role, assumed by lambda.amazonaws.com)" in printed
    assert "  allow s3:GetObject\n    on arn:aws:s3:::inference-models-1234567/models/*" in printed
    assert "  deny everyone: s3:*" in printed
    assert "aws:SecureTransport Bool false" in printed


def test_the_command_prints_documents_for_a_program(root: Path, capsys: pytest.CaptureFixture[str]):
    assert run(root, "--json") == 0
    documents = json.loads(capsys.readouterr().out)
    assert all(document["Version"] == "2012-10-17" and document["Statement"] for document in documents)


def test_a_grant_that_is_too_wide_fails_the_command(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    wide = grants.Policy(
        owner="inference-role",
        about="role",
        statements=[{"Effect": "Allow", "Action": ["s3:GetObject", "s3:*"], "Resource": "*"}],
    )
    monkeypatch.setattr(grants, "policies", lambda stack: [wide])
    assert run(root) == 1
    captured = capsys.readouterr()
    assert "grants the wildcard action s3:*" in captured.err
    assert "NO REASON IS KNOWN" in captured.out


@pytest.mark.parametrize(("arguments", "said"), WRONG_OPTIONS)
def test_a_wrong_configuration_is_reported_and_nothing_else_is_printed(
    arguments: list[str], said: str, root: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(root, *arguments) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""
