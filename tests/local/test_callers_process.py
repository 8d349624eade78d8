"""Callers in a process of their own: they call, tell what they got, and end with whoever started them."""

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from local.callers_process import CallersProcess
from local.http_server import JsonHandler, LoopbackServer
from local.questions import Question
from tests.paths import PROJECT

QUESTION = Question(model="iris", path="/v1/models/iris:predict", body=b"{}")


class Handler(JsonHandler):
    """Answers every request with its path."""

    def do_POST(self) -> None:  # noqa: N802 - the standard library's name
        self.read_body()
        self.answer(200, self.path.encode())


@pytest.fixture
def callers() -> Iterator[CallersProcess]:
    server = LoopbackServer(Handler)
    callers = CallersProcess(f"http://{server.address}", [QUESTION], 50)
    yield callers
    callers.close()
    server.stop()


def test_they_tell_what_they_got_until_they_stop(callers: CallersProcess) -> None:
    began = time.monotonic()
    while not callers.latest(began):
        assert time.monotonic() - began < 60
        time.sleep(0.05)
    callers.stop()
    ended = time.monotonic()
    answers = callers.answers(0, ended)
    assert {(each.status, each.body, each.question) for each in answers} == {(200, QUESTION.path.encode(), QUESTION)}
    assert all(each.due <= each.ended <= ended for each in answers)
    time.sleep(0.2)
    assert callers.answers(0, time.monotonic()) == answers


def test_the_process_ends_with_its_input() -> None:
    command = [sys.executable, "-m", "local.callers_process"]
    done = subprocess.run(command, cwd=PROJECT, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
