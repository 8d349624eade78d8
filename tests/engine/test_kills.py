"""A sample of `python -m tests.engine.kills`: updates that are killed while callers call."""

import random
from collections.abc import Sequence

import pytest

from local.engine.running import engine_run
from local.living_stack import LivingStack
from local.switch_models import CONCURRENCY, questions_to, two_versions
from tests.engine.kills import SWITCHES, Killed, kills


@pytest.fixture(scope="module")
def sample(repository, tmp_path_factory) -> Sequence[Killed]:
    models = two_versions("kills", others=[])
    with (
        engine_run(tmp_path_factory.mktemp("pulumi"), concurrency=CONCURRENCY) as run,
        LivingStack(run.account, run.stack, models, questions_to(models), per_second=5, calm_seconds=1) as stack,
    ):
        return list(kills(stack, SWITCHES["storage"], 2, random.Random(1)))  # noqa: S311


# The SDK says so when the engine that it listens to is killed.
@pytest.mark.filterwarnings("ignore:Error in event stream")
@pytest.mark.timeout(1200)
def test_an_update_that_is_killed_is_made_good_and_no_request_fails(sample):
    assert [str(each) for each in sample if not each.went_well] == []
    assert [each.was_running for each in sample] == [True, True]
    assert all(each.change.total.requests > 0 for each in sample)
