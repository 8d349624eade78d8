"""A process that holds one handler or a bare engine, and times calls of it on request.

`python -m benchmarks.worker module.function` reads lines such as `{"event": "file.json", "calls": 10}` from standard
input, and answers each with the seconds of every call. Several such processes take turns, so that all comparisons are
made in the same state of the machine.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Self

from benchmarks.function_processes import take_stdout
from benchmarks.paths import PROJECT
from models.profiling.environment import function_environment


class Context:
    """What Lambda tells a handler about an invocation."""

    aws_request_id = "00000000-0000-4000-8000-000000000000"
    function_name = "benchmark"
    function_version = "1"
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:benchmark"
    memory_limit_in_mb = "3538"

    def get_remaining_time_in_millis(self) -> int:
        """Always a minute."""
        return 60_000


class Worker:
    """Starts the process, asks it, and as a context manager ends it."""

    def __init__(self, handler: str, variables: Mapping[str, str], python: str | Path = sys.executable) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._process = subprocess.Popen(
            [str(python), "-m", "benchmarks.worker", handler],
            cwd=PROJECT,
            env=function_environment(variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def time_calls(self, event: Path, calls: int) -> list[float]:
        """The seconds of each of `calls` calls. Raises RuntimeError if the last one was not answered with 200."""
        answer = self._ask({"event": str(event), "calls": calls})
        return answer["seconds"]

    def _ask(self, question: Mapping[str, Any]) -> Any:
        assert self._process.stdin is not None  # noqa: S101 - both are pipes
        assert self._process.stdout is not None  # noqa: S101
        with suppress(BrokenPipeError):  # the process has ended; its log has the reason
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        answer = json.loads(line or "{}")
        if "seconds" not in answer:
            self._log.seek(0)
            raise RuntimeError(answer.get("error") or f"the process ended:\n{self._log.read()[-4000:].decode()}")
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._log.close()


def load_call(handler: str) -> Callable[[Mapping[str, Any], object], Any]:
    """Import the handler named `package.module.function`."""
    module, _, function = handler.rpartition(".")
    return getattr(import_module(module), function)


def serve(questions: Sequence[str] | Any, answers: Any, handler: str) -> None:
    """Answer each line of `questions` on a line of `answers`."""
    call = load_call(handler)
    for question in questions:
        request = json.loads(question)
        event = json.loads(Path(request["event"]).read_bytes())
        answers.write(json.dumps(_time_calls(call, event, request["calls"])) + "\n")
        answers.flush()


def _time_calls(call: Callable[[Mapping[str, Any], object], Any], event: Any, calls: int) -> dict[str, Any]:
    context, clock, seconds = Context(), time.perf_counter, list[float]()
    answer: Any = None
    for _ in range(calls):
        began = clock()
        answer = call(event, context)
        seconds.append(clock() - began)
    if answer["statusCode"] != 200:
        return {"error": f"the handler answered {json.dumps(answer)[:500]}"}
    return {"seconds": seconds}


if __name__ == "__main__":
    serve(sys.stdin, take_stdout(), sys.argv[1])
