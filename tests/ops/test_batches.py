"""Batches: how files become requests, what a refusal does, and what a second run asks for again."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from ops.batches import running
from ops.batches.batch import place_of, run
from ops.batches.chunks import Question, Source, batch_id, chunked
from ops.batches.kept import Answer
from ops.batches.rows import Row, rows
from ops.batches.running import Running
from ops.batches.written import name_of, write
from ops.deployed import Deployed

QUESTION = Question(model="iris", version="3")
SOURCE = Source(key="rows.jsonl", tag="one")


class KeptInMemory:
    """Answers at once: a row that is `"bad"` spoils its request, one that is `"crash"` kills the function."""

    def __init__(self, status: int = 400) -> None:
        self.refusal = status
        self.asked: dict[str, list[str]] = {}
        self.answers: dict[str, Answer] = {}
        self.times: list[str] = []
        """Every request in the order in which it was asked."""

    def ask(self, asked: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
        for request, instances in asked.items():
            self.asked[request] = list(instances)
            self.times.append(request)
            if '"crash"' not in instances:
                self.answers[request] = self._answer(instances)
        return {request: f"message of {request}" for request in asked}

    def _answer(self, instances: Sequence[str]) -> Answer:
        if '"bad"' in instances:
            return Answer(self.refusal, b'{"error": "no number"}')
        return Answer(200, json.dumps({"predictions": [json.loads(each) * 2 for each in instances]}).encode())

    def instances(self, request: str) -> list[str]:
        return self.asked[request]

    def answered(self, batch: str) -> Iterator[str]:
        return (request for request in list(self.answers) if request.startswith(f"{batch}-"))

    def status(self, request: str) -> int:
        return self.answers[request].status

    def answer(self, request: str) -> Answer:
        return self.answers[request]

    def forget(self, request: str) -> None:
        del self.answers[request]

    def dead(self, messages: Collection[str]) -> frozenset[str]:
        return frozenset(each for each in messages if each.removeprefix("message of ") not in self.answers)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(running, "DEAD_SECONDS", 0.0)


def given(*values: Any) -> list[Row]:
    return [Row(json.dumps(value)) for value in values]


def led(kept: Any, held: Sequence[Row], most_rows: int = 25) -> Running:
    batch = Running(kept=kept, say=lambda progress: None)
    batch.add(SOURCE, batch_id(SOURCE, QUESTION), chunked(held, most_rows))
    batch.finish()
    return batch


def lines(directory: Path, batch: Running, held: Sequence[Row]) -> list[dict[str, Any]]:
    write(directory / "lines", held, batch.chunks, batch.kept)
    return [json.loads(line) for line in (directory / "lines").read_text().splitlines()]


@pytest.mark.parametrize("status", [400, 413, 501, 504])
def test_a_bad_row_is_refused_alone(tmp_path: Path, status: int) -> None:
    held = given(*range(60), "bad", *range(61, 100))
    kept = KeptInMemory(status)
    batch = led(kept, held)
    told = lines(tmp_path, batch, held)
    assert [line["row"] for line in told] == list(range(100))
    assert told[60] == {"row": 60, "status": status, "error": "no number"}
    assert [line["prediction"] for line in told if line["row"] != 60] == [2 * each for each in range(100) if each != 60]
    assert (batch.progress.answered, batch.progress.refused) == (99, 1)
    assert len(kept.times) < 20


def test_a_second_run_asks_for_nothing_that_is_answered(tmp_path: Path) -> None:
    held, kept = given(*range(60), "bad", *range(61, 100)), KeptInMemory()
    first = lines(tmp_path, led(kept, held), held)
    asked = len(kept.times)
    again = led(kept, held)
    assert len(kept.times) == asked
    assert (again.progress.found, lines(tmp_path, again, held)) == (100, first)


def test_a_run_goes_on_inside_of_a_chunk_that_was_cut(tmp_path: Path) -> None:
    held, kept = given(*range(60), "bad", *range(61, 100)), KeptInMemory()
    whole = lines(tmp_path, led(kept, held), held)
    lost = [request for request in kept.times if request.endswith("-1")][:2]
    for request in lost:
        kept.forget(request)
    kept.times.clear()
    assert lines(tmp_path, led(kept, held), held) == whole
    assert sorted(kept.times) == sorted(lost)


def test_another_file_and_another_version_are_asked_anew() -> None:
    ids = {
        batch_id(SOURCE, QUESTION),
        batch_id(Source(key=SOURCE.key, tag="two"), QUESTION),
        batch_id(SOURCE, Question(model="iris", version="4")),
        batch_id(SOURCE, Question(model="iris", version="3", signature="other")),
    }
    assert len(ids) == 4


def test_a_chunk_whose_every_try_crashes_is_named_and_asked_again_by_the_next_run(tmp_path: Path) -> None:
    held, kept = given(*range(10), "crash", *range(11, 50)), KeptInMemory()
    batch = led(kept, held)
    [dead] = batch.dead
    assert (dead.numbers[0], batch.progress.failed, batch.progress.answered) == (0, 25, 25)
    kept.times.clear()
    led(kept, held)
    assert kept.times == [dead.id]


def test_an_answer_that_says_that_the_server_failed_is_asked_for_again(tmp_path: Path) -> None:
    held, kept = given(*range(50)), KeptInMemory()
    failed = led(kept, held).chunks[0].id
    kept.answers[failed] = Answer(500, b'{"error": "broken"}')
    kept.times.clear()
    assert led(kept, held).progress.answered == 50
    assert kept.times == [failed]


def test_an_answer_that_is_not_one_for_each_row_is_refused(tmp_path: Path) -> None:
    held, kept = given(1, 2, 3), KeptInMemory()
    batch = led(kept, held)
    kept.answers[batch.chunks[0].id] = Answer(200, b'{"predictions": [1]}')
    with pytest.raises(ValueError, match="no answer for each of 3 rows"):
        write(tmp_path / "lines", held, batch.chunks, kept)


def test_a_chunk_is_no_larger_than_a_request_may_be() -> None:
    large = "x" * 1_500_000
    assert [numbers for numbers, _ in chunked(given(large, large, large, 1), 100)] == [[0, 1], [2, 3]]


def test_rows_are_read_by_the_end_of_the_files_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\ufeff1, 2.5,text\n")
    np.save(tmp_path / "a.npy", np.array([[1, 2], [3, 4]]))
    np.savez(tmp_path / "a.npz", x=np.array([1, 2]), y=np.array([[0.5], [1.5]]))
    (tmp_path / "a.jsonl").write_text('{"x": 1}\n\n')
    read = {each.name: [row.instance for row in rows(each)] for each in sorted(tmp_path.iterdir())}
    assert read == {
        "a.csv": ['[1, 2.5, "text"]'],
        "a.jsonl": ['{"x": 1}', ""],
        "a.npy": ["[1, 2]", "[3, 4]"],
        "a.npz": ['{"x": 1, "y": [0.5]}', '{"x": 2, "y": [1.5]}'],
    }


@pytest.mark.parametrize(("name", "content"), [("a.npz", b"PK\x03\x04 cut off"), ("a.npy", b""), ("a.npy", b"none")])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=r".+"):
        list(rows(tmp_path / name))


def test_a_file_that_is_cut_off_after_its_first_rows_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"1,2\n" * 60 + "é\n".encode("latin-1"))
    batch = Running(kept=KeptInMemory(), say=lambda progress: None)
    with pytest.raises(ValueError, match="utf-8"):
        batch.add(SOURCE, batch_id(SOURCE, QUESTION), chunked(rows(tmp_path / "a.csv"), 25))
    batch.finish()


def test_a_number_without_an_axis_of_rows_is_no_file_of_rows(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array(1.0))
    with pytest.raises(ValueError, match="one number and no rows"):
        list(rows(tmp_path / "a.npy"))


@pytest.mark.parametrize(("source", "target"), [("s3://a/in", "s3://a/in"), ("s3://a", "s3://a/out")])
def test_answers_do_not_go_where_rows_are_read(source: str, target: str) -> None:
    with pytest.raises(ValueError, match="answers would be read as rows"):
        run(cast("Deployed", None), place_of(source), place_of(target), QUESTION, 10, lambda progress: None)


def test_arrays_of_different_lengths_are_no_rows(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.array([1, 2]), y=np.array([1]))
    with pytest.raises(ValueError, match="must have the same number"):
        list(rows(tmp_path / "a.npz"))


def test_a_file_of_answers_says_that_it_is_json_lines() -> None:
    assert [name_of(each) for each in ("a.jsonl", "b/a.csv", "a.npy")] == ["a.jsonl", "b/a.csv.jsonl", "a.npy.jsonl"]


@pytest.mark.parametrize("uri", ["acme/in", "s3://", "https://acme/in"])
def test_a_place_is_named_by_its_bucket(uri: str) -> None:
    with pytest.raises(ValueError, match="no place in S3"):
        place_of(uri)
    assert str(place_of("s3://acme/in/")) == str(place_of("s3://acme/in")) == "s3://acme/in/"
    assert place_of("s3://acme").prefix == ""
