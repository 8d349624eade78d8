"""The workflows of a pull request: pinned, with no more permission than they use, and every environment previewed."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.cli import _parser
from ops.example_models import package
from ops.program import record
from policy.invariants import stack_breaches
from tests.paths import PROJECT
from tests.recorder import IMAGE

WORKFLOWS = sorted((PROJECT / ".github" / "workflows").glob("*.yml"))


def read(name: str) -> dict[Any, Any]:
    return yaml.safe_load((PROJECT / ".github" / "workflows" / name).read_text())


def steps(workflow: dict[Any, Any]) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job["steps"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit_and_says_its_version(path: Path):
    used = [line.strip() for line in path.read_text().splitlines() if "uses:" in line]
    assert used
    assert [
        line for line in used if not re.fullmatch(r"(- )?uses: [\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)
    ] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_write_nothing_unless_a_job_says_so(path: Path):
    assert set((yaml.safe_load(path.read_text())["permissions"] or {}).values()) <= {"read"}


def test_a_pull_request_runs_what_continuous_integration_runs():
    workflow = read("ci.yml")
    assert ".ci/run" in [step.get("run") for step in steps(workflow)]
    assert "pull_request" in workflow[True]  # YAML reads the key `on` as true


def test_every_environment_is_previewed_under_the_policy_pack():
    workflow = read("preview.yml")
    (job,) = workflow["jobs"].values()
    stacks = {path.name.split(".")[1] for path in PROJECT.glob("Pulumi.*.yaml")}
    assert stacks <= {each["stack"] for each in job["strategy"]["matrix"]["include"]}
    preview = next(step["with"] for step in steps(workflow) if step.get("uses", "").startswith("pulumi/actions@"))
    assert (preview["command"], preview["policyPacks"]) == ("preview", "policy")


def test_a_preview_assumes_a_role_and_holds_no_key():
    workflow = read("preview.yml")
    text = (PROJECT / ".github" / "workflows" / "preview.yml").read_text()
    assert workflow["jobs"]["preview"]["permissions"]["id-token"] == "write"
    assert "role-to-assume" in text
    assert "aws-access-key-id" not in text


def test_a_preview_gives_settings_that_exist():
    preview = next(step["with"] for step in steps(read("preview.yml")) if "config-map" in step.get("with", {}))
    keys = yaml.safe_load(re.sub(r"\$\{\{.*?\}\}", "x", preview["config-map"]))
    schema = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["config"]
    assert {key.removeprefix("tensorflow-lambda:") for key in keys} - {"aws:region"} <= set(schema)


def test_every_environment_accepts_what_its_preview_gives(tmp_path: Path):
    root = package(tmp_path, "iris")
    for each in read("preview.yml")["jobs"]["preview"]["strategy"]["matrix"]["include"]:
        given = {"modelRepository": str(root), "imageUri": IMAGE, "imageHoldsModels": each["holds-models"]}
        stack = record(PROJECT, each["stack"], given)
        assert not stack.of("docker:index/image:Image")
        assert stack_breaches(stack.registered) == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_secret_is_given_only_to_the_step_that_uses_it(path: Path):
    workflow = yaml.safe_load(path.read_text())
    given = [step["uses"].partition("@")[0] for step in steps(workflow) if "secrets." in repr(step)]
    assert given == (["pulumi/actions"] if path.name == "preview.yml" else [])
    for job in workflow["jobs"].values():
        job.pop("steps")
    assert "secrets." not in repr(workflow)


def test_every_lock_is_scanned_each_week_and_the_scan_must_be_complete():
    workflow = read("scan.yml")
    assert ".venv/bin/python -m images scan" in [step.get("run") for step in steps(workflow)]
    assert {"push", "pull_request", "schedule"} <= set(workflow[True])


def commands(name: str) -> list[list[str]]:
    """The arguments of each command of `python -m models` that a workflow runs."""
    lines = "\n".join(step.get("run", "") for step in steps(read(name))).splitlines()
    found = [line.partition("-m models ")[2].split(" | ")[0] for line in lines if "-m models " in line]
    return [shlex.split(re.sub(r"\$(\w+)", lambda name: VALUES[name[1]], each)) for each in found]


VALUES = {"MODEL": "flowers", "SOURCE": "mlflow:models:/flowers@champion", "current": "3"}


def test_a_registered_model_is_published_watched_and_promoted_by_commands_that_exist():
    found = commands("publish.yml")
    parsed = [_parser().parse_args(each) for each in found]
    assert [each.command for each in parsed] == ["publish", "show", "label", "label", "promote"]
    assert {each.stack for each in parsed} == {"stack.json"}
    assert (parsed[0].source, parsed[0].label, parsed[-1].when_healthy) == (VALUES["SOURCE"], "canary", 900)


def test_publishing_assumes_a_role_and_holds_no_key():
    text = (PROJECT / ".github" / "workflows" / "publish.yml").read_text()
    job = read("publish.yml")["jobs"]["publish"]
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    assert job["environment"] == "models"
    assert "role-to-assume" in text
    assert not re.search(r"secrets\.|aws-access-key-id", text)


def test_what_a_caller_of_a_workflow_says_never_becomes_part_of_a_script():
    for path in WORKFLOWS:
        scripts = [step["run"] for step in steps(read(path.name)) if "run" in step]
        assert [script for script in scripts if re.search(r"\$\{\{[^}]*(inputs|event)\b", script)] == []


def test_publishing_installs_the_client_that_the_project_names():
    groups = tomllib.loads((PROJECT / "pyproject.toml").read_text())["dependency-groups"]
    (pinned,) = groups["mlflow"]
    assert f"pip install --quiet {pinned}" in "\n".join(step.get("run", "") for step in steps(read("publish.yml")))
