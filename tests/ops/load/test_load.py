"""The open-loop load generator, against a server that answers after a known time."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from ops.__main__ import main
from ops.load.bodies import LoadRequest, load_request, mix
from ops.load.generator import TIMER_SECONDS, Load, counted_from, run
from ops.load.recording import Recording, as_text
from tests.ops.load.server import METADATA, Server, running

REQUEST = LoadRequest(model="iris", dialect="v1", body=b"{}")


def test_latencies_are_the_server_s() -> None:
    with running(Server(seconds=0.05)) as server:
        found = run(server.url, [REQUEST], Load(rate=50, seconds=1, pace="constant"))

    assert (found.answered, found.errors) == (50, Counter())
    assert 0.05 <= found.percentile(50) < 0.08


def test_requests_are_sent_when_they_are_due_whether_or_not_others_are_answered() -> None:
    """Each answer takes half a second: one connection alone would send two a second."""
    with running(Server(seconds=0.5)) as server:
        found = run(server.url, [REQUEST], Load(rate=60, seconds=1, pace="constant"))

    assert found.achieved == pytest.approx(60, rel=0.2)


def test_a_latency_counts_from_when_a_request_was_due_unless_only_the_timer_was_late() -> None:
    assert counted_from(due=1.0, sent=1.0 + TIMER_SECONDS / 2) == 1.0 + TIMER_SECONDS / 2
    assert counted_from(due=1.0, sent=1.0 + TIMER_SECONDS * 2) == 1.0


def test_a_rate_is_kept_if_hardly_a_request_is_late() -> None:
    recording = Recording(rate=100)
    for number in range(200):
        recording.note_sent(number / 100, number / 100 + (0.02 if number < 2 else 0.001))

    assert recording.keeps_rate
    recording.note_sent(2.0, 2.02)
    assert not recording.keeps_rate


def test_a_rate_that_this_machine_cannot_keep_is_said() -> None:
    with running(Server()) as server:
        found = run(server.url, [REQUEST], Load(rate=200_000, seconds=0.01, pace="constant"))

    assert not found.keeps_rate
    assert any("THE RATE WAS NOT KEPT" in line for line in as_text(found))


def test_cold_starts_are_counted_from_the_answers() -> None:
    with running(Server(cold=3)) as server:
        found = run(server.url, [REQUEST], Load(rate=100, seconds=0.3))

    assert found.cold == 3
    assert any(line.startswith("cold starts: 3 (10.00% of the answers)") for line in as_text(found))


def test_errors_are_counted_by_kind_and_are_no_latencies() -> None:
    with running(Server(failing=5)) as server:
        found = run(server.url, [REQUEST], Load(rate=100, seconds=0.5))

    assert found.errors == Counter({"status 503": 10})
    assert found.answered == 40


def test_an_answer_that_does_not_come_is_an_error() -> None:
    with running(Server(seconds=5)) as server:
        found = run(server.url, [REQUEST], Load(rate=10, seconds=0.2, timeout_seconds=0.1))

    assert found.errors == Counter({"no answer within 0.1 s": 2})


def test_a_server_that_is_not_there_is_an_error_for_each_request() -> None:
    with running(Server()) as server:
        gone = server.url
    with pytest.raises(OSError, match="Connect call failed"):
        run(gone, [REQUEST], Load(rate=10, seconds=0.2))


def test_chunked_answers_are_read() -> None:
    with running(Server(chunked=True)) as server:
        found = run(server.url, [REQUEST], Load(rate=50, seconds=0.2))

    assert (found.answered, found.errors) == (10, Counter())


def test_a_trace_of_times_is_replayed() -> None:
    with running(Server()) as server:
        found = run(server.url, [REQUEST], Load(rate=1, seconds=1, due=[0.0, 0.02, 0.02, 0.2]))

    assert found.answered == 4
    assert 0.2 <= found.seconds < 0.4


def test_a_zipf_mix_asks_for_the_first_most() -> None:
    counts = Counter(mix([b"a", b"b", b"c"], [6 / 11, 3 / 11, 2 / 11], 11_000, 0))

    assert counts[0] == pytest.approx(6000, rel=0.05)
    assert counts[2] == pytest.approx(2000, rel=0.1)


def test_bodies_follow_the_signature_in_both_dialects() -> None:
    first = json.loads(load_request("iris", METADATA, "v1").body)["inputs"]
    second = json.loads(load_request("iris", METADATA, "v2").body)["inputs"]

    assert [len(first["features"]), len(first["features"][0])] == [1, 4]
    assert (first["name"], first["count"]) == (["a"], [[0]])
    assert [(each["name"], each["datatype"], each["shape"], len(each["data"])) for each in second] == [
        ("features", "FP32", [1, 4], 4),
        ("name", "BYTES", [1], 1),
        ("count", "INT64", [1, 1], 1),
    ]


def test_percentiles_are_exact_to_three_digits() -> None:
    recording = Recording(rate=1)
    for milliseconds in range(1, 1001):
        recording.note_answer("iris", 0.0, milliseconds / 1000, cold=False)

    assert recording.percentile(50) == pytest.approx(0.5, rel=0.002)
    assert recording.percentile(99) == pytest.approx(0.99, rel=0.002)
    assert recording.percentile(100) == pytest.approx(1.0, rel=0.002)


def test_the_command_warms_up_asks_and_reports(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.load.recording.LATE_SECONDS", 5.0)  # other programs may compute on this machine
    body = tmp_path / "body.json"
    body.write_bytes(b'{"instances": [1]}')
    with running(Server(cold=1)) as server:
        arguments = ["--model", "iris", "--model", "wine", "--body", f"wine={body}", "--rate", "80", "--seconds", "0.5"]
        assert main(["load", server.url, *arguments, "--warm-up", "0.2"]) == 0
        asked = Counter(path for path, _ in server.asked)
        wine = {content for path, content in server.asked if "wine" in path}
    out = capsys.readouterr().out

    assert re.search(r"warm-up: 16 requests, 1 cold starts", out)
    assert "40 requests in" in out
    assert set(asked) == {"/v1/models/iris:predict", "/v1/models/wine:predict"}
    assert wine == {b'{"instances": [1]}'}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rate", "0"], "both are above 0"),
        (["--body", "wine=x"], "--body is for wine, which is no --model"),
        (["--header", "colour"], "write NAME:VALUE"),
    ],
)
def test_wrong_arguments_get_an_error_that_says_what_is_allowed(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(Server()) as server:
        assert main(["load", server.url, "--model", "iris", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_something_else_than_a_url_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["load", "abc123.execute-api", "--model", "iris"]) == 2
    assert "is no URL of an API" in capsys.readouterr().err
