"""What a model takes while it answers: measured with batches of growing size."""

import threading
import time
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any, Self

import numpy as np

from handlers.manifest import CallMemory, Signature
from handlers.serving.engines.heap import trim_heap
from handlers.serving.footprint import SLACK_BYTES, resident_bytes
from models.packaging.arrays import Arrays

STEP = 4
"""How many times as many rows as the one before each batch has."""
MOST_ELEMENTS, MOST_TEXTS = 1 << 20, 1 << 16
MANY_ROWS = 64
"""A batch of more than so many rows has at most so many elements."""
MOST_SECONDS = 2.0
MOST_BYTES = 512 << 20
"""Batches stop growing where the next one would pass one of these."""
LEAST_BYTES = SLACK_BYTES
"""Growth below this may have other causes, and a function can spare it."""
SAMPLE_SECONDS = 0.001


def measure_calls(load: Callable[[], Any], name: str, signature: Signature, request: Arrays) -> CallMemory | None:
    """Load a model and let it answer larger and larger batches.

    Args:
        load: loads it with its engine.
        name: of the signature.
        signature: the signature.
        request: its first request, whose rows are repeated.

    Returns:
        The line from the smallest batch through the largest. None if the signature takes no batches, or if they add
        less than can be told from other growth.
    """
    batched = _batched(signature, request)
    if not batched:
        return None
    trim_heap()  # what is freed during a call would hide what the call takes
    empty = resident_bytes()
    model = load()
    loaded = resident_bytes() - empty
    points: list[tuple[int, int]] = []
    most = MOST_TEXTS if any(array.dtype == object for array in request.values()) else MOST_ELEMENTS
    rows, seconds, taken, elements = 1, 0.0, loaded, 0
    while (
        (rows <= MANY_ROWS or elements * STEP <= most)
        and seconds * STEP <= MOST_SECONDS
        and (taken - loaded) * STEP <= MOST_BYTES
    ):
        larger = {key: np.repeat(array, rows, axis=0) if key in batched else array for key, array in request.items()}
        try:
            peak, seconds = _peak(partial(model.run, name, larger))
        except Exception:  # it takes no batch of this size
            break
        elements = signature.batched_elements(larger)
        taken = peak - empty - sum(array.nbytes for array in larger.values())
        points.append((elements, taken))
        rows *= STEP
    model.close()
    return _line(loaded, points)


def _line(loaded: int, points: list[tuple[int, int]]) -> CallMemory | None:
    """A line through the first and the last of (elements, bytes), or from the loaded model through the only one."""
    if not points:
        return None
    (few, low), (many, high) = (points[0] if len(points) > 1 else (0, loaded)), points[-1]
    if high - low < LEAST_BYTES:
        return None
    slope = (high - low) / (many - few)
    return CallMemory(base_bytes=max(int(low - slope * few), 0), bytes_per_element=round(slope, 1))


def _batched(signature: Signature, request: Arrays) -> frozenset[str]:
    """The inputs whose rows are a batch; empty if they have no number of rows in common, or no elements."""
    batched = {name for name, spec in signature.inputs.items() if spec.is_batched}
    sizes = {request[name].shape[:1] for name in batched}
    return frozenset(batched if len(sizes) == 1 and sizes != {()} and signature.batched_elements(request) else ())


def _peak(call: Callable[[], Any]) -> tuple[int, float]:
    """The most memory that the process holds during a call and after it, in bytes, and the call's seconds."""
    with _Sampler() as sampler:
        began = time.monotonic()
        answer = call()
        seconds = time.monotonic() - began
    del answer  # it counts as well
    return sampler.peak, seconds


class _Sampler:
    """Measures the process's memory again and again, in a thread of its own."""

    def __init__(self) -> None:
        self.peak = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._look()

    def _sample(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            self._look()

    def _look(self) -> None:
        self.peak = max(self.peak, resident_bytes())
