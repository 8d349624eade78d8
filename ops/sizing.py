"""How fast a model answers, and at what price, by the memory of its function: measured on this machine.

The real handler runs in a worker of its own, with the threads and the memory limit that Lambda gives it. This machine
has whole processors. Lambda's share of them follows from the processor time that a call takes: with half a processor, a
call that computes for 10 ms takes 20 ms.
"""

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil

from handlers.contract import MIB_PER_VCPU, MODEL_NAMES, MODEL_STORE_URI, SINGLE_MODEL_HANDLER, Architecture
from local.functions import Function
from local.guard import Guard
from local.invocations import Invocations
from local.stack_config import PROJECT
from local.workers import ProcessWorkers
from ops.advice.bill import gb_seconds, invocations, total
from ops.load.bodies import load_request
from ops.prices import PriceList

MEMORIES = (256, 512, 1024, 1769, 2654, 3538, 5307, 7076, 10240)
MILLION = 1_000_000
WARM_CALLS = 5
GAIN = 0.15
"""More memory is worth its price while a call gets faster by at least this share."""

NOWHERE = "http://127.0.0.1:9"
"""The worker reads its model from a directory, and needs no AWS."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """One memory setting."""

    memory_mib: int
    error: str | None = None
    """Why it does not answer; the figures are 0 then."""
    init_seconds: float = 0.0
    seconds: float = 0.0
    """The median of a call."""
    computed: float = 0.0
    """Processor seconds of a call."""
    held_mib: float = 0.0
    usd_per_million: float = 0.0

    @property
    def processors(self) -> float:
        """Lambda's share."""
        return self.memory_mib / MIB_PER_VCPU


def measure(
    repository: Path, model: str, memories: Sequence[int], calls: int, prices: PriceList, architecture: Architecture
) -> Iterator[Size]:
    """Measure a packaged model at each memory setting."""
    with Guard() as guard:
        for memory in memories:
            invoked = Invocations(ProcessWorkers(guard, PROJECT, NOWHERE), guard.directory("tensorflow-lambda-size-"))
            try:
                yield _measured(invoked, repository, model, memory, calls, prices, architecture)
            finally:
                invoked.stop()


def knee(sizes: Sequence[Size]) -> Size | None:
    """The smallest setting beyond which the next one is hardly faster; None if none answers."""
    answering = [size for size in sizes if size.error is None]
    for size, larger in pairwise(answering):
        if larger.seconds > size.seconds * (1 - GAIN):
            return size
    return answering[-1] if answering else None


def as_text(sizes: Sequence[Size]) -> Iterator[str]:
    """A table, and the knee."""
    yield "memory     processors      init       call   computed      held   $ a million"
    for size in sizes:
        start = f"{size.memory_mib:6} MiB {size.processors:12.2f}"
        if size.error is not None:
            yield f"{start}   {size.error}"
            continue
        yield (
            f"{start} {size.init_seconds * 1000:7.0f} ms {size.seconds * 1000:7.2f} ms {size.computed * 1000:7.2f} ms "
            f"{size.held_mib:5.0f} MiB {size.usd_per_million:13.2f}"
        )
    if (found := knee(sizes)) is not None:
        cheapest = min((size for size in sizes if size.error is None), key=lambda size: size.usd_per_million)
        yield f"knee: {found.memory_mib} MiB; the next setting is less than {GAIN:.0%} faster"
        yield f"cheapest: {cheapest.memory_mib} MiB, ${cheapest.usd_per_million:.2f} a million requests"


def throttled(wall: float, computed: float, processors: float) -> float:
    """Seconds of a call that takes `wall` seconds on whole processors, with a share of them."""
    return max(wall, computed / processors)


def _measured(
    invoked: Invocations,
    repository: Path,
    model: str,
    memory: int,
    calls: int,
    prices: PriceList,
    architecture: Architecture,
) -> Size:
    invoked.register(
        Function(
            name=model,
            arn=f"arn:aws:lambda:local:000000000000:function:{model}",
            handler=SINGLE_MODEL_HANDLER,
            environment={MODEL_STORE_URI: f"file://{repository}", MODEL_NAMES: model},
            memory_mib=memory,
            timeout_seconds=60,
        )
    )
    document = invoked.invoke(model, _event("GET", f"/v2/models/{model}"))
    if document.failed:
        return Size(memory_mib=memory, error=_error(document.payload))
    request = load_request(model, json.loads(json.loads(document.payload)["body"]), "v1")
    event = _event("POST", request.path, request.body.decode())
    walls: list[float] = []
    held, before = 0, 0.0
    for number in range(WARM_CALLS + calls):
        if number == WARM_CALLS:
            before = _computed()
        outcome = invoked.invoke(model, event)
        status = json.loads(outcome.payload).get("statusCode")
        if outcome.failed or status != 200:
            return Size(memory_mib=memory, error=_error(outcome.payload))
        held = max(held, outcome.report.max_memory_bytes)
        walls += [outcome.report.duration_ms / 1000] if number >= WARM_CALLS else []
    computed = (_computed() - before) / calls
    seconds = throttled(statistics.median(walls), computed, memory / MIB_PER_VCPU)
    compute = gb_seconds(MILLION, seconds, memory)
    return Size(
        memory_mib=memory,
        init_seconds=(document.report.init_ms or 0) / 1000 / min(1.0, memory / MIB_PER_VCPU),
        seconds=seconds,
        computed=computed,
        held_mib=held / 2**20,
        usd_per_million=total(invocations(prices, requests=MILLION, compute=compute, architecture=architecture)),
    )


def _computed() -> float:
    """Processor seconds of all workers."""
    spent = 0.0
    for child in psutil.Process().children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        spent += times.user + times.system
    return spent


def _event(method: str, path: str, body: str = "") -> bytes:
    event: Mapping[str, Any] = {
        "version": "2.0",
        "rawPath": path,
        "headers": {"content-type": "application/json"},
        "requestContext": {"http": {"method": method, "path": path}, "stage": "$default"},
        "body": body,
        "isBase64Encoded": False,
    }
    return json.dumps(event).encode()


def _error(payload: bytes) -> str:
    """What an answer says of its failure."""
    answer = json.loads(payload)
    text = answer.get("errorMessage") or answer.get("body") or payload.decode(errors="replace")
    return str(text).replace("\n", " ")[:200]
