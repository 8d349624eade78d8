"""Functions run as Lambda runs them: by the real runtime client, one environment for each request at a time."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from local import environments
from local.functions import PAYLOAD_BYTES, InvokeError, Outcome
from local.invocations import Invocations
from tests.local.waiting import ENDINGS, wait_until, wait_until_gone


def call(invocations: Invocations, name: str, event: object) -> tuple[Outcome, dict]:
    outcome = invocations.invoke(name, json.dumps(event).encode())
    return outcome, json.loads(outcome.payload)


def test_a_handler_sees_its_event_its_context_and_its_environment(invocations, register):
    register("echo", environment={"GREETING": "hello"}, memory_mib=512)
    outcome, answer = call(invocations, "echo", {"a": [1, "ä"]})
    assert not outcome.failed
    assert answer["event"] == {"a": [1, "ä"]}
    assert answer["request_id"] == outcome.report.request_id
    assert answer["arn"] == "arn:aws:lambda:eu-central-1:000000000000:function:echo"
    assert answer["environment"] == {
        "GREETING": "hello",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "MODEL_STORE_URI": None,
    }
    assert answer["memory"] == "512"
    assert answer["function_name"] == "echo"
    assert answer["trace_id"].startswith("Root=1-")
    assert 0 < answer["remaining_ms"] <= 30_000


def test_the_first_invocation_is_cold_and_the_next_one_reuses_the_environment(invocations, register):
    register("echo")
    first, one = call(invocations, "echo", 1)
    second, two = call(invocations, "echo", 2)
    assert (first.report.cold, second.report.cold) == (True, False)
    assert one["pid"] == two["pid"]
    assert (one["calls"], two["calls"]) == (1, 2)
    assert two["tmp_before"] == ["call-1"]


def test_an_environment_has_a_tmp_of_its_own_that_goes_with_it(invocations, register):
    register("echo")
    _, first = call(invocations, "echo", 1)
    invocations.recycle("echo")
    assert not Path(first["tmp"]).exists()
    assert not psutil.pid_exists(first["pid"])
    outcome, second = call(invocations, "echo", 2)
    assert outcome.report.cold
    assert (second["tmp"] != first["tmp"], second["tmp_before"]) == (True, [])


def test_a_mount_is_seen_under_the_directory_that_stands_for_it(invocations, register, tmp_path):
    register("echo", environment={"MODEL_STORE_URI": "file:///mnt/models"}, mounts={"/mnt/models": tmp_path})
    _, answer = call(invocations, "echo", None)
    assert answer["environment"]["MODEL_STORE_URI"] == f"file://{tmp_path}"


def test_logs_hold_what_was_printed_between_start_and_report(invocations, register):
    register("echo")
    outcome, _ = call(invocations, "echo", None)
    request_id = outcome.report.request_id
    lines = invocations.logs("echo").tail().splitlines()
    assert lines[-3:-1] == ["call 1", f"END RequestId: {request_id}"]
    assert lines[0] == f"START RequestId: {request_id} Version: $LATEST"
    assert lines[-1].startswith(f"REPORT RequestId: {request_id}\tDuration: ")
    assert "Init Duration" in lines[-1]
    assert invocations.logs("echo").path.read_text().splitlines()[0] == lines[0]
    again, _ = call(invocations, "echo", None)
    assert invocations.logs("echo").tail(3).splitlines()[:2] == ["call 2", f"END RequestId: {again.report.request_id}"]


def test_listeners_hear_of_every_invocation(invocations, register):
    register("echo")
    heard = []
    invocations.on_report(lambda name, report: heard.append((name, report.cold)))
    call(invocations, "echo", 1)
    call(invocations, "echo", 2)
    assert heard == [("echo", True), ("echo", False)]


def test_what_a_handler_raises_is_the_answer_and_the_environment_lives_on(invocations, register):
    register("misbehaving")
    _, before = call(invocations, "misbehaving", {})
    outcome, answer = call(invocations, "misbehaving", {"raise": "no such thing"})
    _, after = call(invocations, "misbehaving", {})
    assert outcome.failed
    assert (answer["errorType"], answer["errorMessage"]) == ("ValueError", "no such thing")
    assert before["pid"] == after["pid"]


@pytest.mark.parametrize(("event", "message"), ENDINGS)
def test_a_worker_that_dies_gives_a_clean_error_and_the_next_request_a_fresh_start(
    invocations, register, event, message
):
    register("misbehaving")
    outcome, answer = call(invocations, "misbehaving", event)
    assert outcome.failed
    assert answer["errorType"] == "Runtime.ExitError"
    assert answer["errorMessage"] == f"RequestId: {outcome.report.request_id} Error: {message}"
    again, _ = call(invocations, "misbehaving", {})
    assert (again.failed, again.report.cold) == (False, True)


def test_a_warm_worker_that_died_between_requests_is_replaced(invocations, register):
    register("misbehaving")
    _, answer = call(invocations, "misbehaving", {})
    worker = psutil.Process(answer["pid"])
    worker.kill()
    wait_until_gone([worker])
    outcome, _ = call(invocations, "misbehaving", {})
    assert (outcome.failed, outcome.report.cold) == (False, True)


def test_a_handler_over_its_time_is_killed(invocations, register):
    register("misbehaving", timeout_seconds=1)
    _, before = call(invocations, "misbehaving", {})
    _, answer = call(invocations, "misbehaving", {"hang": True})
    assert answer["errorType"] == "Sandbox.Timedout"
    assert answer["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert not psutil.pid_exists(before["pid"])
    assert call(invocations, "misbehaving", {})[0].report.cold


def test_a_handler_over_its_memory_is_killed(invocations, register):
    register("misbehaving", memory_mib=128)
    outcome, answer = call(invocations, "misbehaving", {"eat_mib": 200})
    assert answer["errorType"] == "Runtime.ExitError"
    assert answer["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert outcome.report.error_type == "Runtime.OutOfMemory"
    assert outcome.report.max_memory_bytes > 128 * 2**20
    assert call(invocations, "misbehaving", {})[0].report.cold


def test_what_a_handler_started_ends_with_it(invocations, register):
    register("misbehaving")
    _, answer = call(invocations, "misbehaving", {"child": True})
    child = psutil.Process(answer["child"])
    invocations.recycle("misbehaving")
    wait_until_gone([child])


def test_an_answer_of_six_megabytes_passes_and_a_byte_more_does_not(invocations, register):
    register("misbehaving")
    outcome, answer = call(invocations, "misbehaving", {"answer_bytes": PAYLOAD_BYTES})
    assert (outcome.failed, len(outcome.payload)) == (False, PAYLOAD_BYTES)
    outcome, answer = call(invocations, "misbehaving", {"answer_bytes": PAYLOAD_BYTES + 1})
    assert answer["errorType"] == "Function.ResponseSizeTooLarge"
    assert f"({PAYLOAD_BYTES} bytes)" in answer["errorMessage"]
    assert not call(invocations, "misbehaving", {})[0].failed


def test_an_event_over_six_megabytes_is_refused(invocations, register):
    register("echo")
    with pytest.raises(InvokeError, match=f"limit {PAYLOAD_BYTES} bytes") as refused:
        invocations.invoke("echo", b" " * (PAYLOAD_BYTES + 1))
    assert refused.value.status == 413


def test_a_handler_that_cannot_be_imported_answers_with_its_reason(invocations, register):
    register("bad_init")
    outcome, answer = call(invocations, "bad_init", {})
    assert outcome.failed
    assert (answer["errorType"], answer["errorMessage"]) == ("RuntimeError", "the model is not where it should be")
    assert outcome.report.error_type == "Runtime.InitError"


def test_a_handler_that_is_not_there_answers_so(invocations, register):
    register("absent")
    _, answer = call(invocations, "absent", {})
    assert answer["errorType"] == "Runtime.ImportModuleError"
    assert "tests.local.functions.absent" in answer["errorMessage"]


def test_an_init_over_its_limit_runs_again_inside_the_first_invocation(invocations, register, tmp_path, monkeypatch):
    monkeypatch.setattr(environments, "INIT_SECONDS", 1.5)
    register("slow_init", environment={"MARK": str(tmp_path / "mark")})
    outcome, _ = call(invocations, "slow_init", {})
    assert (outcome.failed, outcome.report.cold) == (False, True)
    assert outcome.report.init_ms >= 1500
    assert "Phase: init\tStatus: timeout" in invocations.logs("slow_init").tail()


def test_requests_at_the_same_time_have_an_environment_each(invocations, register, tmp_path):
    register("misbehaving")
    event = {"rendezvous": str(tmp_path), "parties": 4}
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: call(invocations, "misbehaving", event)[1]["pid"], range(4)))
    assert len(set(answers)) == 4


def test_a_hundred_requests_from_six_clients_all_get_their_own_answer(invocations, register):
    register("echo")
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda n: call(invocations, "echo", n)[1], range(100)))
    assert [answer["event"] for answer in answers] == list(range(100))
    assert len({answer["pid"] for answer in answers}) <= 6


@pytest.mark.parametrize(
    ("reserved", "running", "reason"),
    [
        (2, 2, "ReservedFunctionConcurrentInvocationLimitExceeded"),
        (0, 0, "ReservedFunctionConcurrentInvocationLimitExceeded"),
        (None, 6, "ConcurrentInvocationLimitExceeded"),
    ],
)
def test_requests_over_the_concurrency_are_refused(invocations, register, tmp_path, reserved, running, reason):
    register("misbehaving", reserved_concurrency=reserved)
    event = {"rendezvous": str(tmp_path), "parties": running + 1}
    with ThreadPoolExecutor(running or 1) as threads:
        busy = [threads.submit(call, invocations, "misbehaving", event) for _ in range(running)]
        wait_until(lambda: len(list(tmp_path.iterdir())) >= running)
        with pytest.raises(InvokeError) as refused:
            invocations.invoke("misbehaving", b"{}")
        (tmp_path / "last").touch()
        assert not any(future.result()[0].failed for future in busy)
    assert (refused.value.status, refused.value.code) == (429, "TooManyRequestsException")
    assert json.loads(refused.value.body)["Reason"] == reason


def test_an_unknown_function_is_not_found(invocations):
    with pytest.raises(InvokeError, match="Function not found: nobody") as refused:
        invocations.invoke("nobody", b"{}")
    assert refused.value.status == 404


def test_a_changed_configuration_starts_anew(invocations, register):
    register("echo", environment={"GREETING": "hello"})
    call(invocations, "echo", 1)
    register("echo", environment={"GREETING": "good day"})
    outcome, answer = call(invocations, "echo", 2)
    assert outcome.report.cold
    assert answer["environment"]["GREETING"] == "good day"


def test_stopping_ends_busy_workers_too(invocations, register, tmp_path):
    register("misbehaving")
    event = {"rendezvous": str(tmp_path), "parties": 99}
    with ThreadPoolExecutor(1) as threads:
        busy = threads.submit(call, invocations, "misbehaving", event)
        wait_until(lambda: any(tmp_path.iterdir()))
        [pid] = [int(path.name) for path in tmp_path.iterdir()]
        invocations.stop()
        assert busy.result()[0].failed
    assert not psutil.pid_exists(pid)


def test_a_patient_call_waits_where_others_are_refused(invocations, register, tmp_path):
    function = register("misbehaving", reserved_concurrency=1)
    event = json.dumps({"rendezvous": str(tmp_path), "parties": 2}).encode()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(invocations.invoke, function.name, event)
        wait_until(lambda: any(tmp_path.iterdir()))
        with pytest.raises(InvokeError):
            invocations.invoke(function.name, b"{}")
        second = threads.submit(invocations.invoke, function.name, b"{}", patient=True)
        (tmp_path / "released").touch()
        assert not first.result().failed
        assert not second.result().failed


def test_a_patient_call_of_a_function_without_concurrency_is_refused(invocations, register):
    function = register("misbehaving", reserved_concurrency=0)
    with pytest.raises(InvokeError):
        invocations.invoke(function.name, b"{}", patient=True)


def test_a_call_that_names_a_revision_is_answered_after_the_function_was_removed(invocations, register):
    function = register("echo", revision="1")
    call(invocations, "echo", 1)
    invocations.remove("echo")
    with pytest.raises(InvokeError, match="Function not found: echo"):
        invocations.invoke("echo", b"2")
    late = json.loads(invocations.invoke("echo", b"3", revision=function.revision).payload)
    assert late["event"] == 3
    assert not psutil.pid_exists(late["pid"])


def test_environments_of_a_revision_that_the_alias_left_end_after_their_invocation(invocations, register, tmp_path):
    register("misbehaving", revision="1")
    event = json.dumps({"rendezvous": str(tmp_path), "parties": 2}).encode()
    with ThreadPoolExecutor(1) as threads:
        busy = threads.submit(invocations.invoke, "misbehaving", event, revision="1")
        wait_until(lambda: any(tmp_path.iterdir()))
        [pid] = [int(path.name) for path in tmp_path.iterdir()]
        worker = psutil.Process(pid)
        register("misbehaving", revision="2")
        invocations.lead("misbehaving", {"2"})
        (tmp_path / "last").touch()
        assert not busy.result().failed
    wait_until_gone([worker])
    assert invocations.invoke("misbehaving", b"{}", revision="1").report.cold


def test_no_more_environments_start_at_a_time_than_the_machine_has_room_for(
    invocations, register, tmp_path, monkeypatch
):
    monkeypatch.setattr("local.invocations.STARTS_AT_A_TIME", 1)
    register("echo")
    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(lambda n: call(invocations, "echo", n)[0], range(4)))
    starts = invocations.logs("echo").tail(200)
    assert not any(outcome.failed for outcome in outcomes)
    assert starts.count("REPORT") == 4
    assert sum(outcome.report.cold for outcome in outcomes) < 4


def test_a_removed_function_is_not_found(invocations, register):
    register("misbehaving")
    invocations.remove("misbehaving")
    with pytest.raises(InvokeError, match="Function not found"):
        invocations.invoke("misbehaving", b"{}")
    assert invocations.functions() == []
