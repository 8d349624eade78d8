"""A sample of switches, thrown while callers call: no request fails, no answer differs, and nothing goes too early."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import pytest

from local.changes import Change
from local.engine.results import Result
from local.engine.running import engine_run
from local.living_stack import LivingStack
from local.rollouts import rollouts
from local.setting_changes import defaults
from local.shapes import SAMPLE, Shape, every_switch, main_switches
from local.stack import SETTINGS
from local.switch import on_a_way
from local.switch_models import CONCURRENCY, PUBLISHED, questions_to, two_versions
from tests.engine.conftest import succeeded

KINDS = ("create", "create-replacement", "update")
"""What makes or changes a resource."""


@dataclass(frozen=True)
class Switched:
    """A switch of the sample, and whether an update with the same settings then did nothing."""

    change: Change
    result: Result
    is_settled: bool


SHORT: Sequence[Shape] = (SAMPLE[0], Shape("efs", "single"), Shape("image", "single"), SAMPLE[0])
"""A way on which storage and mode change together and the storage alone, to a file system and to an image."""


@pytest.fixture(scope="module")
def way(whole) -> Sequence[Shape]:
    return SAMPLE if whole else SHORT


@pytest.fixture(scope="module")
def sample(way, repository, tmp_path_factory) -> Sequence[Switched]:
    models = two_versions("tests", others=["wine"])
    switched: list[Switched] = []
    with (
        engine_run(tmp_path_factory.mktemp("pulumi"), concurrency=CONCURRENCY) as run,
        LivingStack(run.account, run.stack, models, questions_to(models), calm_seconds=1) as stack,
    ):
        for change in on_a_way(way)(stack):
            is_settled = change.kind != "update" or succeeded(run.stack.up()).quiet
            switched.append(Switched(change, stack.results[-1], is_settled))
    return switched


@pytest.fixture(scope="module")
def updates(sample) -> Sequence[Switched]:
    return [each for each in sample if each.change.kind == "update"]


@pytest.mark.timeout(1200)
def test_no_request_fails_and_no_answer_differs_while_switches_are_thrown_and_versions_published(sample, way):
    assert [problem for each in sample for problem in each.change.total.problems] == []
    assert all(each.change.total.requests > 0 for each in sample)
    assert len(sample) > len(way) - 1


def test_every_switch_keeps_the_bucket_and_the_address(updates, way):
    assert len(updates) == len(way) - 1
    assert [each.change.what for each in updates if each.change.moved] == []


def test_an_update_after_a_switch_does_nothing(updates):
    assert [each.change.what for each in updates if not each.is_settled] == []


def test_nothing_is_deleted_before_everything_else_is_made_and_changed(updates):
    for each in updates:
        deleted = [number for number, step in enumerate(each.result.steps) if step.operation == "delete"]
        made = [number for number, step in enumerate(each.result.steps) if step.operation in KINDS]
        assert not deleted or max(made) < min(deleted), each.change.what


def test_models_have_routes_of_their_own_before_the_servers_routes_lead_elsewhere(updates):
    for each in updates:
        made = [step for step in each.result.steps if step.operation in KINDS and "route:Route" in step.pulumi_type]
        server = [number for number, step in enumerate(made) if "/models/" not in step.name]
        own = [number for number, step in enumerate(made) if "/models/" in step.name]
        assert not server or not own or max(own) < min(server), each.change.what


def test_a_version_that_serves_keeps_its_grants_until_the_alias_has_left_it(updates):
    for each in updates:
        steps = [(step.pulumi_type.rpartition(":")[2], step) for step in each.result.steps]
        grants = [(number, step) for number, (kind, step) in enumerate(steps) if kind == "RolePolicy"]
        served = [(number, step) for number, step in grants if step.name.endswith("-grants")]
        moved = [number for number, (kind, step) in enumerate(steps) if kind == "Alias" and step.operation == "update"]
        taken = [number for number, step in served if step.operation in ("delete", "delete-replaced")]
        assert not [step for _, step in served if step.operation == "update"], each.change.what
        assert not moved or not taken or max(moved) < min(taken), each.change.what
    assert any(step.operation == "delete-replaced" for each in updates for step in each.result.steps)


@pytest.mark.parametrize("way", [every_switch, main_switches, lambda: SAMPLE, lambda: SHORT])
def test_a_way_takes_no_switch_twice_and_comes_back(way):
    switches = list(pairwise(way()))
    assert len(set(switches)) == len(switches)
    assert switches[0][0] == switches[-1][1]


def test_the_whole_way_takes_all_56_switches():
    assert len(list(pairwise(every_switch()))) == 56


@pytest.mark.whole
@pytest.mark.timeout(600)
def test_no_request_fails_and_no_answer_differs_while_versions_are_rolled_out(tmp_path):
    models = two_versions("rollouts", others=[])
    settings = {**defaults(), **SETTINGS, "modelRepository": str(models), "deleteModelsOnDestroy": True}
    rounds = 2
    with (
        engine_run(tmp_path / "pulumi", concurrency=CONCURRENCY) as run,
        LivingStack(run.account, run.stack, models, questions_to(models), calm_seconds=1) as stack,
    ):
        changes = list(rollouts(stack, PUBLISHED, {"s3": settings}, rounds=rounds))
    assert [problem for change in changes for problem in change.total.problems] == []
    assert [change.what.partition(";")[0] for change in changes] == [
        f"s3 {number}: {verb}"
        for number in range(1, rounds + 1)
        for verb in ("publish", "rollback", "promote", "prune")
    ]
    assert all(change.total.requests > 0 for change in changes)
