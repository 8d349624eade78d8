"""One cold start of a model's function, and what each step of it took."""

import json
import tempfile
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any, NamedTuple

from handlers.contract import MODEL_NAMES, MODEL_STORE_URI, SINGLE_MODEL_HANDLER
from models.profiling.boundaries import Amount, Boundary, amounts
from models.profiling.function_process import Ran, function_process
from models.profiling.http_event import Event
from models.profiling.runtime_server import FunctionFailed
from models.profiling.steps import ENGINE, FETCH, FURTHER_INFERENCE, PYTHON, REQUEST, REST, STEPS
from models.profiling.tracing import REPORT

TRACED_HANDLER = "models.profiling.traced_handler.handler"
WARM_SECONDS = 2.0
"""Warm requests of a start stop after this time."""


class Subject(NamedTuple):
    """What is started."""

    model: str
    store: str
    """The `MODEL_STORE_URI` that has it."""
    variables: Mapping[str, str]
    """What else the function finds in its environment."""
    event: Event
    """A request that the model answers."""


class Start(NamedTuple):
    """One start, traced."""

    steps: Mapping[str, Amount]
    """What each of `STEPS` took."""
    whole: Amount
    """From just before the process began until its first answer had arrived: the sum of the steps."""
    afterwards: Amount
    """What all warm requests took together."""
    requests: Sequence[float]
    """Seconds of each warm request in the handler."""
    inferences: Sequence[float]
    """The engine's part of each."""


def start(subject: Subject, warm_requests: int) -> Start:
    """Start the handler with its steps noted, and send it at most so many further requests. Raises FunctionFailed."""
    event = json.dumps(subject.event).encode()
    events = chain([event], _for_a_while(event, warm_requests), [json.dumps(REPORT).encode()])
    with _running(TRACED_HANDLER, subject, events) as ran:
        report = json.loads(ran.answered[-1].content)
        return _start(report, ran)


def untraced_seconds(subject: Subject) -> float:
    """Seconds of a start of the handler as it is. Raises FunctionFailed."""
    with _running(SINGLE_MODEL_HANDLER, subject, [json.dumps(subject.event).encode()]) as ran:
        return ran.answered[0].at - ran.began_at


@contextmanager
def _running(handler: str, subject: Subject, events: Iterable[bytes]) -> Generator[Ran]:
    """A function's process, with an empty disk. Raises FunctionFailed if its first answer is an error."""
    with tempfile.TemporaryDirectory(prefix="profile-") as disk:
        variables = {
            **subject.variables,
            MODEL_STORE_URI: subject.store,
            MODEL_NAMES: subject.model,
            "TMPDIR": disk,
        }
        with function_process(handler, variables, events) as ran:
            first: dict[str, Any] = json.loads(ran.answered[0].content)
            if first.get("statusCode") != 200:
                raise FunctionFailed(f"{subject.model} answers its warm-up request with {str(first)[:300]}")
            yield ran


def _for_a_while(event: bytes, most: int) -> Generator[bytes]:
    until = time.monotonic() + WARM_SECONDS
    for _ in range(most):
        yield event
        if time.monotonic() > until:
            return


def _start(report: Mapping[str, Any], ran: Ran) -> Start:
    noted = [Boundary(step, is_end, Amount(*reading)) for step, is_end, reading in report["boundaries"]]
    answered = next(at for at, each in enumerate(noted, start=1) if (each.step, each.is_end) == (REQUEST, True))
    cold, warm = noted[:answered], noted[answered:]
    began = Amount(ran.began_at)
    whole = cold[-1].reading._replace(seconds=ran.answered[0].at).since(began)
    taken = amounts(cold)
    taken[PYTHON] = cold[0].reading.since(began)
    taken[REQUEST] = taken[REQUEST].plus(taken.pop(FURTHER_INFERENCE, Amount()))
    # The engine is imported while the files are fetched: all that this takes, but for the files, is the engine's.
    fetch, files = taken[FETCH], report["fetched_bytes"]
    taken[FETCH] = Amount(fetch.seconds, 0, files)
    taken[ENGINE] = taken[ENGINE].plus(Amount(0.0, fetch.memory_bytes, fetch.read_bytes - files))
    told = Amount()
    for amount in taken.values():
        told = told.plus(amount)
    taken[REST] = whole.since(told)
    return Start(
        steps={step: taken.get(step, Amount()) for step in STEPS},
        whole=whole,
        afterwards=Amount(*report["ended"]).since(cold[-1].reading),
        requests=_durations(warm, REQUEST),
        inferences=_durations(warm, FURTHER_INFERENCE),
    )


def _durations(boundaries: Sequence[Boundary], step: str) -> list[float]:
    times = [each.reading.seconds for each in boundaries if each.step == step]
    return [end - begin for begin, end in zip(times[::2], times[1::2], strict=True)]
