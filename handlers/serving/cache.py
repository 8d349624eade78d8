"""What stays in memory: loaded artifacts, least recently used first out, bounded in bytes.

Room is made before a load begins, so the memory in use exceeds the budget by no more than what an estimate was short
of. One load at a time for each key: whoever asks meanwhile shares its result or its error. A load that failed is
remembered, and tried again only after a delay that doubles.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, Literal

from handlers.serving.backoff import Backoff
from handlers.serving.errors import ModelTooLarge, ModelUnavailable, ServingError
from handlers.serving.lease import Entry, Lease, M

ROOM_SECONDS = 10.0
"""How long a load waits for models in use to come free before it gives up."""

State = Literal["absent", "loading", "ready", "failed"]


class _Loading(Generic[M]):
    waiters = 0
    done = False
    entry: Entry[M] | None = None
    error: Exception | None = None


class ModelCache(Generic[M]):
    """Loaded models by key, within `budget` bytes (and `most` models, if given). Safe to use from several threads.

    Args:
        budget: bytes that loaded models may take.
        most: how many models may be loaded at once.
        pinned: keys for which this is true are never evicted.
        clock: seconds that only grow.
        resident: bytes that the process holds, by which the sizes of loaded models are corrected.
        on_failure: told of every failed load.
    """

    def __init__(
        self,
        budget: int,
        *,
        most: int | None = None,
        pinned: Callable[[Hashable], bool] = lambda key: False,
        clock: Callable[[], float] = time.monotonic,
        resident: Callable[[], int] = lambda: 0,
        on_failure: Callable[[Hashable, Exception], None] = lambda key, error: None,
    ) -> None:
        self._budget, self._most, self._pinned = budget, most, pinned
        self._resident, self._on_failure = resident, on_failure
        self._changed = threading.Condition()
        self._ready: OrderedDict[Hashable, Entry[M]] = OrderedDict()
        self._loading: dict[Hashable, _Loading[M]] = {}
        self._failures = Backoff(clock)
        self._reserved: dict[str, int] = {}
        self._held_bytes = 0
        self._held_count = 0
        self._loads = 0

    @property
    def held_bytes(self) -> int:
        """Bytes of all models that are loaded, being loaded, or being closed."""
        with self._changed:
            return self._held_bytes

    def keys(self) -> list[Hashable]:
        """The loaded models, the one that leaves first in front."""
        with self._changed:
            return list(self._ready)

    def state(self, key: Hashable) -> State:
        """What has become of a key."""
        with self._changed:
            if key in self._ready:
                return "ready"
            if key in self._loading:
                return "loading"
            return "failed" if key in self._failures else "absent"

    def lease(
        self,
        key: Hashable,
        size: int,
        load: Callable[[], M],
        *,
        prepare: Callable[[], None] = lambda: None,
        shared: tuple[str, int] = ("", 0),
        shared_resident: int = 0,
        timeout: float | None = None,
    ) -> Lease[M]:
        """The model under `key`, loaded first if it is not in memory.

        Args:
            key: what identifies the model.
            size: bytes that it will take.
            load: makes it; runs in a thread of its own, which goes on if this call gives up waiting.
            prepare: runs in that thread before `load`; what memory it takes is not counted as the model's.
            shared: name and bytes of what the first load of its kind takes for good, such as an engine's libraries;
                the budget is that much smaller from then on.
            shared_resident: how much of that `resident` counts, and is not the model's own.
            timeout: seconds to wait for a load; None waits as long as it takes.

        Raises:
            ModelTooLarge: `size` is more than the whole budget.
            ModelUnavailable: the load failed, or failed lately, or was not done in time.
        """
        with self._changed:
            entry = self._ready.get(key)
            if entry is not None:
                self._ready.move_to_end(key)
                entry.users += 1
                return Lease(entry, self._release, hit=True)
            loading = self._loading.get(key)
            if loading is None:
                is_first = shared[0] not in self._reserved
                self._refuse(key, size + shared[1] * is_first)
                self._reserved.setdefault(*shared)
                loading = self._loading[key] = _Loading()
                job = (key, size, load, prepare, shared_resident * is_first, loading)
                threading.Thread(target=self._load, args=job, daemon=True).start()
            return self._wait(key, loading, timeout)

    def discard(self, key: Hashable) -> None:
        """Give up a model: at once if it is idle, else when its last call ends."""
        with self._changed:
            self._failures.forget(key)
            entry = self._ready.pop(key, None)
            if entry is None:
                return
            entry.leaving = True
            idle = entry.users == 0
        if idle:
            self._close(entry)

    def _refuse(self, key: Hashable, size: int) -> None:
        available = self._budget - sum(self._reserved.values())
        if size > available:
            raise ModelTooLarge(
                f"The model needs {size} bytes of memory and this function has {max(available, 0)} for models: "
                "give the function more memory"
            )
        if seconds := self._failures.seconds_left(key):
            raise ModelUnavailable("The model could not be loaded; it will be tried again", seconds)

    def _wait(self, key: Hashable, loading: _Loading[M], timeout: float | None) -> Lease[M]:
        loading.waiters += 1
        if not self._changed.wait_for(lambda: loading.done, timeout):
            loading.waiters -= 1
            raise ModelUnavailable("The model is still being loaded")
        if loading.entry is not None:
            return Lease(loading.entry, self._release, hit=False)
        if isinstance(loading.error, ServingError):
            raise loading.error
        raise ModelUnavailable(
            "The model could not be loaded; it will be tried again", self._failures.seconds_left(key) or 1
        ) from loading.error

    def _load(
        self,
        key: Hashable,
        size: int,
        load: Callable[[], M],
        prepare: Callable[[], None],
        overhead: int,
        loading: _Loading[M],
    ) -> None:
        try:
            self._make_room(size)
        except ServingError as error:
            self._finish(key, loading, error=error)
            return
        try:
            prepare()
            baseline = self._resident()
            model = load()
        except Exception as error:
            self._on_failure(key, error)
            with self._changed:
                self._free(size)
                self._failures.remember(key)
                self._finish(key, loading, error=error)
            return
        with self._changed:
            self._loads += 1
            self._failures.forget(key)
            entry = Entry(
                key,
                model,
                size=size,
                users=loading.waiters,
                load=self._loads,
                baseline=baseline,
                overhead=overhead,
            )
            self._ready[key] = entry
            self._finish(key, loading, entry=entry)
            self._correct(entry)
        self._trim()

    def _finish(
        self, key: Hashable, loading: _Loading[M], *, entry: Entry[M] | None = None, error: Exception | None = None
    ) -> None:
        with self._changed:
            loading.entry, loading.error, loading.done = entry, error, True
            del self._loading[key]
            self._changed.notify_all()

    def _release(self, entry: Entry[M]) -> None:
        with self._changed:
            entry.users -= 1
            if not entry.settled:
                entry.settled = True
                self._correct(entry)
            close = entry.leaving and entry.users == 0
            self._changed.notify_all()
        if close:
            self._close(entry)

    def _correct(self, entry: Entry[M]) -> None:
        """Raise an entry's size to what the process grew by, unless another load may account for the growth."""
        if entry.load != self._loads or entry.leaving or self._loading:
            return
        grown = self._resident() - entry.baseline - entry.overhead
        if grown > entry.size:
            self._held_bytes += grown - entry.size
            entry.size = grown

    def _make_room(self, size: int) -> None:
        """Evict until `size` bytes fit, and take them. Raises ModelUnavailable if too much stays in use."""
        deadline = time.monotonic() + ROOM_SECONDS
        while True:
            with self._changed:
                if self._fits(size):
                    self._held_bytes += size
                    self._held_count += 1
                    return
                victim = self._pop_victim()
                if victim is None:
                    self._await_room(deadline)
                    continue
            self._close(victim)

    def _await_room(self, deadline: float) -> None:
        if len(self._loading) == 1 and self._ready and all(entry.users == 0 for entry in self._ready.values()):
            raise ModelTooLarge("The pinned models leave no room for this one: give the function more memory")
        if not self._changed.wait(deadline - time.monotonic()):
            raise ModelUnavailable("Every loaded model is in use and leaves no room for this one")

    def _fits(self, size: int) -> bool:
        return self._held_bytes + size <= self._budget - sum(self._reserved.values()) and (
            self._most is None or self._held_count < self._most
        )

    def _pop_victim(self) -> Entry[M] | None:
        for key, entry in self._ready.items():
            if entry.users == 0 and not self._pinned(key):
                entry.leaving = True
                return self._ready.pop(key)
        return None

    def _trim(self) -> None:
        """Evict what no longer fits since a model turned out larger than it was said to be."""
        while True:
            with self._changed:
                if len(self._ready) < 2 or self._held_bytes <= self._budget - sum(self._reserved.values()):
                    return
                victim = self._pop_victim()
            if victim is None:
                return
            self._close(victim)

    def _close(self, entry: Entry[M]) -> None:
        try:
            entry.model.close()
        finally:
            with self._changed:
                self._free(entry.size)

    def _free(self, size: int) -> None:
        self._held_bytes -= size
        self._held_count -= 1
        self._changed.notify_all()
