"""The processes that measure: cold starts under the runtime client, and warm calls in turn."""

import json
from pathlib import Path

import pytest

from benchmarks.process_start import cold_start
from benchmarks.sections.warm_calls import Turn, take_turns
from benchmarks.worker import Worker
from models.profiling.runtime_server import FunctionFailed

HANDLERS = "tests.benchmarks.functions"
EVENT = {"body": "a body", "isBase64Encoded": False}


def test_a_cold_start_is_answered_and_measured() -> None:
    start = cold_start(f"{HANDLERS}.answer", {}, EVENT)
    assert start.answer == {"statusCode": 200, "body": "a body"}
    assert 0 < start.ready_seconds <= start.answered_seconds
    assert start.peak_memory_bytes > 1_000_000
    assert start.read_bytes >= 0


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        ("fail", "nothing to see"),
        ("end", "ended with status 7"),
        ("missing", "missing"),
        ("refuse.not_there", "Unable"),
    ],
)
def test_a_function_that_does_not_answer_is_an_error_with_its_reason(handler: str, reason: str) -> None:
    with pytest.raises(FunctionFailed, match=reason):
        cold_start(f"{HANDLERS}.{handler}", {}, EVENT)


def test_a_worker_times_every_call(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps(EVENT))
    with Worker(f"{HANDLERS}.answer", {}) as worker:
        assert len(worker.time_calls(event, 5)) == 5
        assert all(seconds > 0 for seconds in worker.time_calls(event, 3))


def test_a_refused_call_is_not_a_measurement(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps(EVENT))
    with Worker(f"{HANDLERS}.refuse", {}) as worker, pytest.raises(RuntimeError, match="not like this"):
        worker.time_calls(event, 1)


def test_a_handler_that_ends_its_process_is_an_error_with_what_it_wrote(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps(EVENT))
    with Worker(f"{HANDLERS}.fail", {}) as worker:
        for _ in range(2):
            with pytest.raises(RuntimeError, match="nothing to see"):
                worker.time_calls(event, 1)


def test_handlers_take_turns_and_the_first_block_is_not_kept() -> None:
    turns = {name: Turn(handler=f"{HANDLERS}.answer", variables={}, event=EVENT) for name in ("one", "other")}
    blocks = take_turns(turns, rounds=3, calls=4)
    assert {name: [len(block) for block in made] for name, made in blocks.items()} == {"one": [4] * 3, "other": [4] * 3}
