"""Functions run in containers as they run in processes, and nothing is left of a container that ends."""

import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from handlers.contract import MODEL_SYNC_TARGET
from local.containers import Containers
from local.functions import Function, Outcome
from local.guard import Guard
from local.invocations import Invocations
from tests.images.conftest import ROOM
from tests.images.docker import Image, container_name, docker
from tests.local.waiting import ENDINGS, wait_until
from tests.paths import PROJECT

FUNCTIONS = "/mnt/functions"
"""Where a container sees the functions of the tests."""

TMP = "/tmp"  # noqa: S108

Register = Callable[..., None]


@pytest.fixture
def guard() -> Iterator[Guard]:
    with Guard() as guard:
        yield guard


@pytest.fixture
def invocations(guard: Guard, litert: Image) -> Iterator[Invocations]:
    containers = Containers(guard, "http://127.0.0.1:9")
    invocations = Invocations(containers, guard.directory("tensorflow-lambda-test-"))
    yield invocations
    invocations.stop()
    assert running(litert) == []


@pytest.fixture
def register(invocations: Invocations, litert: Image, tmp_path: Path) -> Register:
    """Register a function of `tests/local/functions` or `tests/images/functions` by its module's name."""
    code = tmp_path / "functions"
    for room in (PROJECT / "tests" / "local", ROOM):
        shutil.copytree(room / "functions", code, dirs_exist_ok=True)

    def register(module: str, *, mounts: dict[str, Path] | None = None, **more: Any) -> None:
        environment = {"PYTHONPATH": f"/var/task:{FUNCTIONS}", **more.pop("environment", {})}
        invocations.register(
            Function(
                name=module,
                arn=f"arn:aws:lambda:eu-central-1:000000000000:function:{module}",
                handler=f"{module}.handler",
                environment=environment,
                mounts={FUNCTIONS: code, **(mounts or {})},
                **{"image_uri": f"repository@{litert.id}", "timeout_seconds": 60, "memory_mib": 256, **more},
            )
        )

    return register


def running(image: Image) -> list[str]:
    """The containers of an image, ended ones included."""
    return docker("ps", "--all", "--quiet", "--filter", f"ancestor={image.id}").split()


def call(invocations: Invocations, name: str, event: object) -> tuple[Outcome, Any]:
    outcome = invocations.invoke(name, json.dumps(event).encode())
    return outcome, json.loads(outcome.payload)


@contextmanager
def busy(invocations: Invocations, register: Register, directory: Path) -> Iterator["Future[tuple[Outcome, Any]]"]:
    """An invocation that runs until its container is killed."""
    directory.mkdir()
    register("misbehaving", mounts={"/mnt/meeting": directory}, environment={MODEL_SYNC_TARGET: "/mnt/meeting"})
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(call, invocations, "misbehaving", {"rendezvous": "/mnt/meeting", "parties": 2})
        wait_until(lambda: any(directory.iterdir()))
        yield waiting


def test_a_container_has_what_a_function_has_and_no_more(invocations: Invocations, register: Register):
    register("surroundings", ephemeral_storage_mib=600)
    _, answer = call(invocations, "surroundings", {"write": ["/", "/var/task", "/opt", FUNCTIONS, TMP]})
    written = answer.pop("written")
    assert {path for path, what in written.items() if what == "written"} == {TMP}
    assert set(written.values()) == {"written", "EROFS"}
    assert answer == {
        "user": [993, 990],
        "tmp_bytes": 600 << 20,
        "open_files": 1024,
        "capabilities": "0000000000000000",
        "may_gain_privileges": False,
        "task_root": "/var/task",
    }


def test_only_the_sync_function_writes_to_what_it_mounts(invocations: Invocations, register: Register, tmp_path: Path):
    files = tmp_path / "files"
    files.mkdir()
    register("surroundings", mounts={"/mnt/models": files})
    _, answer = call(invocations, "surroundings", {"write": ["/mnt/models"]})
    assert answer["written"] == {"/mnt/models": "EROFS"}
    register("surroundings", mounts={"/mnt/models": files}, environment={MODEL_SYNC_TARGET: "/mnt/models"})
    _, answer = call(invocations, "surroundings", {"write": ["/mnt/models"]})
    assert answer["written"] == {"/mnt/models": "written"}
    assert (files / "probe").read_text() == "written"


def test_a_container_sees_its_event_its_context_and_its_environment(invocations: Invocations, register: Register):
    register("echo", environment={"GREETING": "hello, =$'\" and\na line"})
    outcome, answer = call(invocations, "echo", {"a": [1, "ä"]})
    assert answer["event"] == {"a": [1, "ä"]}
    assert answer["request_id"] == outcome.report.request_id
    assert answer["memory"] == "256"
    assert answer["environment"]["GREETING"] == "hello, =$'\" and\na line"
    assert answer["environment"]["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9"


def test_a_warm_container_answers_again_and_a_recycled_one_is_gone(
    invocations: Invocations, register: Register, litert: Image
):
    register("echo")
    first, _ = call(invocations, "echo", 1)
    second, answer = call(invocations, "echo", 2)
    assert (first.report.cold, second.report.cold, answer["calls"]) == (True, False, 2)
    assert 0 < second.report.max_memory_bytes < 256 << 20
    assert len(running(litert)) == 1
    invocations.recycle("echo")
    assert running(litert) == []
    assert "call 2" in invocations.logs("echo").tail().splitlines()


def test_a_container_that_is_killed_during_a_request_gives_a_clean_error_and_the_next_request_a_fresh_start(
    invocations: Invocations, register: Register, litert: Image, tmp_path: Path
):
    with busy(invocations, register, tmp_path / "meeting") as waiting:
        docker("kill", *running(litert))
        outcome, answer = waiting.result()
    assert outcome.failed
    message = f"RequestId: {outcome.report.request_id} Error: Runtime exited with error: signal: killed"
    assert answer == {"errorType": "Runtime.ExitError", "errorMessage": message}
    again, _ = call(invocations, "misbehaving", {})
    assert (again.failed, again.report.cold) == (False, True)


@pytest.mark.parametrize(("event", "message"), ENDINGS)
def test_a_handler_that_dies_gives_the_error_that_a_process_gives(
    invocations: Invocations, register: Register, event: object, message: str
):
    register("misbehaving")
    outcome, answer = call(invocations, "misbehaving", event)
    assert answer["errorType"] == "Runtime.ExitError"
    assert answer["errorMessage"] == f"RequestId: {outcome.report.request_id} Error: {message}"
    assert call(invocations, "misbehaving", {})[0].report.cold


def test_a_warm_container_that_died_between_requests_is_replaced(
    invocations: Invocations, register: Register, litert: Image
):
    register("misbehaving")
    call(invocations, "misbehaving", {})
    docker("kill", *running(litert))
    outcome, _ = call(invocations, "misbehaving", {})
    assert (outcome.failed, outcome.report.cold) == (False, True)


def test_a_container_over_its_time_is_killed(invocations: Invocations, register: Register, litert: Image):
    register("misbehaving", timeout_seconds=1)
    _, answer = call(invocations, "misbehaving", {"hang": True})
    assert answer["errorType"] == "Sandbox.Timedout"
    assert answer["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert running(litert) == []


@pytest.mark.parametrize("mib", [300, 2000])
def test_a_container_over_its_memory_is_killed_however_quick_it_is(
    invocations: Invocations, register: Register, litert: Image, mib: int
):
    register("misbehaving", memory_mib=128)
    outcome, answer = call(invocations, "misbehaving", {"eat_mib": mib})
    assert answer["errorType"] == "Runtime.ExitError"
    assert answer["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert outcome.report.max_memory_bytes < 128 + 512 << 20
    assert running(litert) == []
    assert call(invocations, "misbehaving", {})[0].report.cold


def test_a_handler_that_cannot_be_imported_answers_with_its_reason(invocations: Invocations, register: Register):
    register("bad_init")
    outcome, answer = call(invocations, "bad_init", {})
    assert (answer["errorType"], answer["errorMessage"]) == ("RuntimeError", "the model is not where it should be")
    assert outcome.report.error_type == "Runtime.InitError"


def test_an_image_that_is_not_there_is_an_answer_that_says_so(invocations: Invocations, register: Register):
    missing = "sha256:" + 64 * "0"
    register("echo", image_uri=f"repository@{missing}")
    outcome, answer = call(invocations, "echo", {})
    assert outcome.failed
    assert "the container did not start" in answer["errorMessage"]
    assert missing in invocations.logs("echo").tail()


def test_stopping_ends_busy_containers_too(invocations: Invocations, register: Register, litert: Image, tmp_path: Path):
    with busy(invocations, register, tmp_path / "meeting") as waiting:
        invocations.stop()
        assert waiting.result()[0].failed
    assert running(litert) == []


def test_a_container_that_is_created_while_the_stack_is_killed_is_removed_too(litert: Image):
    name = container_name()
    with ThreadPoolExecutor(1) as threads:
        with Guard() as guard:
            guard.own_container("docker", name)
            created = threads.submit(docker, "create", "--name", name, litert.id)
        assert created.result()
    assert running(litert) == []
