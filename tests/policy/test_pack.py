"""The policy pack in its own environment, asked over gRPC as the Pulumi engine asks it during a preview."""

import json
import runpy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
import yaml

from components.settings.storage_settings import Storage
from local.engine.wire import UNKNOWN_TEXT
from ops.recorder import Recorder, deploy
from policy.invariants import INVARIANTS, STACK_INVARIANTS
from tests.packaged import as_configuration, package
from tests.paths import PROJECT
from tests.policy.conftest import PACK
from tests.policy.engine import Pack, running

FUNCTION = "aws:lambda/function:Function"
LOGS = {"logGroup": "logs", "logFormat": "JSON"}


@pytest.fixture(scope="module")
def pack(pack_python: Path) -> Iterator[Pack]:
    with running(pack_python, PACK) as started:
        yield started


@pytest.fixture(scope="module", params=get_args(Storage))
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    """The whole program with one of the storages."""
    root = package(tmp_path_factory.mktemp("models"), "iris")
    config = as_configuration(modelRepository=str(root), storage=request.param, mode="single")
    return deploy(lambda: runpy.run_path(str(PROJECT / "__main__.py")), config=config)


def test_every_invariant_is_a_mandatory_policy_that_says_what_it_is_for(pack: Pack):
    policies = pack.policies()
    assert set(policies) == {each.__name__.replace("_", "-") for each in [*INVARIANTS, *STACK_INVARIANTS]}
    assert {policy.enforcementLevel for policy in policies.values()} == {1}
    assert all(policy.description.endswith(".") for policy in policies.values())


def test_a_whole_stack_passes(pack: Pack, stack: Recorder):
    alone = [said for each in stack.registered for said in pack.about(each.type, each.name, each.inputs)]
    assert alone + pack.about_stack(stack.registered) == []


def test_a_breach_of_one_resource_stops_the_preview(pack: Pack):
    (said,) = pack.about(FUNCTION, "digits", {"imageUri": "handlers:latest", "loggingConfig": LOGS})
    assert said.mandatory
    assert said.policy == "functions-run-an-image-by-digest"
    assert "digits: imageUri must be repository@sha256:digest, not handlers:latest" in said.message


def test_a_wildcard_grant_stops_the_preview(pack: Pack):
    document = json.dumps({"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}})
    said = pack.about("aws:iam/rolePolicy:RolePolicy", "grants", {"policy": document})
    assert {each.policy for each in said if each.mandatory} == {"grants-are-narrow"}


def test_what_a_preview_cannot_know_yet_is_advice_and_stops_nothing(pack: Pack):
    (said,) = pack.about(FUNCTION, "digits", {"imageUri": UNKNOWN_TEXT, "loggingConfig": LOGS})
    assert not said.mandatory
    assert "can't be known during preview" in said.message


def test_a_name_that_is_not_known_yet_counts_as_a_name(pack: Pack):
    image = "handlers@sha256:" + "0" * 64
    assert not pack.about(FUNCTION, "digits", {"imageUri": image, "loggingConfig": {**LOGS, "logGroup": UNKNOWN_TEXT}})
    called = {"principal": "s3.amazonaws.com", "sourceArn": UNKNOWN_TEXT, "sourceAccount": UNKNOWN_TEXT}
    assert not pack.about("aws:lambda/permission:Permission", "sync", called)


def test_a_function_that_does_not_wait_for_its_mount_targets_stops_the_preview(pack: Pack, stack: Recorder):
    hasty = [
        replace(each, dependencies=frozenset(urn for urn in each.dependencies if "ountTarget" not in urn))
        for each in stack.registered
    ]
    mounting = [each for each in stack.of(FUNCTION) if each.inputs.get("fileSystemConfig")]
    waiting = [said for said in pack.about_stack(hasty) if said.policy == "functions-wait-for-their-mounts"]
    assert {said.urn for said in waiting} == {each.urn for each in mounting}
    assert all(said.mandatory and "must wait for the mount target" in said.message for said in waiting)


def test_the_pack_describes_itself_to_the_cli():
    description = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text())
    assert description["runtime"] == {"name": "python", "options": {"toolchain": "pip", "virtualenv": "venv"}}
    assert "pulumi-policy==" in (PACK / "requirements.txt").read_text()
