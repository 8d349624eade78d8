"""The open loop: each request is sent when it is due, whether or not earlier ones are answered."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from handlers.contract import COLD_START_HEADER
from ops.load.bodies import LoadRequest, http_message, mix, parsed
from ops.load.connections import Answer, Connections
from ops.load.recording import Recording

Pace = Literal["constant", "poisson"]

COLD_HEADER = f"\r\n{COLD_START_HEADER}: 1\r\n".encode()

AHEAD_SECONDS = 0.0005
"""Requests that are due within this time are sent at once, for a timer is no more exact."""

TIMER_SECONDS = 0.002
"""A request that is sent this late at most is late by the loop's timer, which counts whole milliseconds: its latency
counts from when it was sent. That of a later one counts from when it was due: its caller would have waited."""

Sign = Callable[[LoadRequest], Mapping[str, str]]
"""The headers that a request needs beside its own, such as a signature."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is asked for."""

    rate: float
    """Requests a second."""
    seconds: float
    pace: Pace = "poisson"
    shares: Sequence[float] = (1.0,)
    """Of each request."""
    seed: int = 0
    timeout_seconds: float = 60.0
    due: Sequence[float] | None = None
    """Seconds from the beginning at which requests are due: a trace, in place of rate and pace."""

    def times(self) -> list[float]:
        """When requests are due. Those of a Poisson process, given their number, are uniform."""
        if self.due is not None:
            return list(self.due)
        count = max(1, round(self.rate * self.seconds))
        if self.pace == "constant":
            return [number / self.rate for number in range(count)]
        return np.sort(np.random.default_rng(self.seed).uniform(0, self.seconds, count)).tolist()


def run(url: str, requests: Sequence[LoadRequest], load: Load, sign: Sign = lambda _: {}) -> Recording:
    """Send the load and wait for all answers."""
    return asyncio.run(_run(url, requests, load, sign))


async def _run(url: str, requests: Sequence[LoadRequest], load: Load, sign: Sign) -> Recording:
    messages = [http_message(url, request, sign(request)) for request in requests]
    times = load.times()
    chosen = mix(messages, load.shares, len(times), load.seed)
    connections = Connections(parsed(url))
    recording = Recording(rate=len(times) / (times[-1] or 1) if load.due is not None else load.rate)
    loop, tasks = asyncio.get_running_loop(), set[asyncio.Task[None]]()

    async def ask(number: int, due: float) -> None:
        sent = loop.time()
        recording.note_sent(due, sent)
        model = requests[number].model
        try:
            async with asyncio.timeout(load.timeout_seconds):
                answer = await connections.exchange(messages[number])
        except TimeoutError:
            recording.errors[f"no answer within {load.timeout_seconds:g} s"] += 1
        except OSError as error:
            recording.errors[type(error).__name__] += 1
        else:
            _note(recording, model, counted_from(due, sent), answer)

    await connections.warm(min(64, max(1, round(load.rate / 20))))
    recording.due = times
    computed, began = time.process_time(), loop.time()
    for at, number in zip(times, chosen, strict=True):
        due = began + at
        if (wait := due - loop.time()) > AHEAD_SECONDS:
            await asyncio.sleep(wait)
        elif len(tasks) % 32 == 0:
            await asyncio.sleep(0)  # late: answers are read in between
        task = loop.create_task(ask(number, due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    recording.seconds = max(loop.time() - began, times[-1])
    await asyncio.gather(*tasks)
    recording.cpu_seconds = time.process_time() - computed
    await connections.close()
    return recording


def counted_from(due: float, sent: float) -> float:
    """From when a latency counts."""
    return sent if sent - due < TIMER_SECONDS else due


def _note(recording: Recording, model: str, began: float, answer: Answer) -> None:
    if answer.status == 200:
        recording.note_answer(model, began, answer.received, cold=COLD_HEADER in answer.head)
    else:
        recording.errors[f"status {answer.status}"] += 1
