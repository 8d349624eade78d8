"""Sends each input to a server in a process of its own, and measures what the answer costs.

    python -m tests.hardening.measure [NAME ...]

prints a line of JSON for each input: its answer and log record, processor seconds, and how much the process grew. A
process may not grow by more than `MOST_BYTES`: it then raises MemoryError, as if its function's memory were used up.
"""

import contextlib
import io
import json
import os
import resource
import sys
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from handlers.serving.engines.heap import trim_heap
from handlers.serving.footprint import MIB, PAGE_BYTES, request_room
from tests.handlers.serving.conftest import Context, Server, make_server
from tests.hardening.events import infer, tensor
from tests.hardening.inputs import Input, small
from tests.hardening.kinds import ALL
from tests.hardening.models import formula_models

MOST_BYTES = 1024 * MIB
FUNCTION_BYTES = 1769 * MIB
MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024
"""The unit of `ru_maxrss`."""


def main(names: Sequence[str]) -> None:
    """Measure all inputs, or those that are named."""
    for each in ALL:
        if not names or each.name in names:
            sys.stdout.write(json.dumps({"name": each.name} | _in_child(each)) + "\n")
            sys.stdout.flush()


def _in_child(each: Input) -> dict[str, Any]:
    """The result of a child process. It has one thread when it begins, so that it may fork."""
    event, like = each.event(), each.like()
    trim_heap()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        with os.fdopen(writing, "w") as result:
            json.dump(_measured(event, like), result)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as result:
        text = result.read()
    _, status = os.waitpid(child, 0)
    return json.loads(text) if status == 0 else {"died": os.waitstatus_to_exitcode(status)}


def _measured(event: Any, like: Any) -> dict[str, Any]:
    server = make_server(pytest.MonkeyPatch(), formula_models(), room=request_room(FUNCTION_BYTES))
    for ordinary in (small(), infer(tensor())):  # they import what requests need
        _ask(server, ordinary)
    held = _peak_bytes()
    with _limited_memory():
        before = time.process_time()
        answer, record = _ask(server, event)
        seconds = time.process_time() - before
    grown = _peak_bytes() - held
    return {
        "status": answer.get("statusCode", answer.get("status", 200)),
        "said": str(answer.get("body", json.dumps(answer)))[:2000],
        "written_bytes": len(json.dumps(answer)),
        "record": record,
        "event_bytes": _event_bytes(event),
        "grown_bytes": grown,
        "seconds": seconds,
        "like_seconds": min(_seconds(server, like) for _ in range(2)),
    }


def _ask(server: Server, event: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The answer, and the log record of the request."""
    log = io.StringIO()
    with contextlib.redirect_stdout(log):
        answer = server.app.handle(event, Context())
    return answer, json.loads(log.getvalue().splitlines()[-1])


def _event_bytes(event: Any) -> int:
    try:
        return len(json.dumps(event))
    except (RecursionError, ValueError):  # no event that Lambda could send
        return 0


def _seconds(server: Server, event: Any) -> float:
    before = time.process_time()
    _ask(server, event)
    return time.process_time() - before


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_BYTES


@contextlib.contextmanager
def _limited_memory() -> Generator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    with contextlib.suppress(FileNotFoundError):  # macOS has no such file
        used = int(Path("/proc/self/statm").read_text().split()[0]) * PAGE_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (used + MOST_BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


if __name__ == "__main__":
    main(sys.argv[1:])
