"""No input is answered with a server error, ends the process, or costs more than its bytes."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from handlers.serving.events import MAX_ANSWER_BYTES
from handlers.serving.footprint import MIB
from tests.hardening.inputs import Input
from tests.hardening.kinds import ALL
from tests.paths import PROJECT

UNMEASURED_SECONDS = 0.04
"""Processor time below which two requests count as equally fast."""

UNMEASURED_BYTES = 12 * MIB
"""Growth that any request may cause: what is imported, and what the allocator takes at once."""

pytestmark = pytest.mark.timeout(1200)

NAMES = [each.name for each in ALL]


@pytest.fixture(scope="module")
def measured() -> Mapping[str, Mapping[str, Any]]:
    """What every input was answered, and what it cost."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.hardening.measure"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}


def test_no_two_inputs_have_one_name() -> None:
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("each", ALL, ids=NAMES)
def test_an_input_is_answered_with_what_is_wrong_and_costs_what_its_bytes_cost(
    each: Input, measured: Mapping[str, Mapping[str, Any]]
) -> None:
    found = measured[each.name]
    assert "died" not in found
    assert (found["status"], found["said"]) == (each.status, found["said"])
    assert each.words in found["said"]
    assert len(found["said"]) < 1300 or each.status == 200
    assert found["written_bytes"] <= MAX_ANSWER_BYTES
    record = found["record"]
    assert (record["status"], record["ServerErrors"], record["level"]) == (each.status, 0, "INFO")
    assert found["seconds"] <= each.times * max(found["like_seconds"], UNMEASURED_SECONDS), found
    assert found["grown_bytes"] <= each.memory * found["event_bytes"] + UNMEASURED_BYTES, found
