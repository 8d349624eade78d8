"""The cache of loaded artifacts: the least recently used leaves first, and their bytes stay within a budget.

Room is made before a load begins, by the known sizes of models and by what the process really holds. So memory exceeds
the budget only by what a load or a call takes beyond its known size, and that is remembered. There is one load at a
time for each key: others that ask for the key wait for its result or its error. After a failed load the next one has
to wait, twice as long after each failure.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Generic, Literal

from handlers.serving.backoff import Backoff
from handlers.serving.budget import Budget, Shared
from handlers.serving.errors import ModelLoading, ModelTooLarge, ModelUnavailable, ServingError
from handlers.serving.lease import Entry, Lease, M

ROOM_SECONDS = 10.0
"""How long a load waits for models in use to be released before it gives up."""

LOOK_SECONDS = 0.01
"""The shortest time between two releases that measure the process's memory. One measurement takes a fiftieth of a fast
call, and no process can touch more than about 40 MB of new memory in that time."""

State = Literal["absent", "loading", "ready", "failed"]


class _Loading(Generic[M]):
    """A load in progress, as those that wait for it see it."""

    waiters = 0
    done = False
    discarded = False
    entry: Entry[M] | None = None
    error: BaseException | None = None


class _Job(Generic[M]):
    """One load: the arguments of the `ModelCache.lease` that began it."""

    def __init__(
        self, key: Hashable, size: int, load: Callable[[], M], prepare: Callable[[], None], shared: Shared
    ) -> None:
        self.key, self.size, self.load, self.prepare, self.shared = key, size, load, prepare, shared
        self.loading: _Loading[M] = _Loading()


_NOTHING_SHARED = Shared()


class ModelCache(Generic[M]):
    """Loaded models by key, within `budget` bytes. Safe to use from several threads.

    Args:
        budget: bytes that loaded models may take.
        clock: returns seconds that never decrease.
        resident: returns how many bytes the process holds. They correct the sizes of loaded models.
        slack: bytes that the process may hold beyond the budget, for requests and their answers.
        on_failure: called after every failed load, and if a model could not be closed.
    """

    def __init__(
        self,
        budget: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        resident: Callable[[], int] = lambda: 0,
        slack: int = 0,
        on_failure: Callable[[Hashable, BaseException], None] = lambda key, error: None,
    ) -> None:
        self._budget = Budget(budget, resident, slack)
        self._on_failure = on_failure
        self._changed = threading.Condition()
        self._ready: OrderedDict[Hashable, Entry[M]] = OrderedDict()
        self._loading: dict[Hashable, _Loading[M]] = {}
        self._failures = Backoff(clock)
        self._refused: set[Hashable] = set()
        """Models that were reported as too large."""
        self._loads = 0
        self._looked_at = float("-inf")

    @property
    def held_bytes(self) -> int:
        """Bytes of all models that are loaded, being loaded, or being closed."""
        with self._changed:
            return self._budget.held_bytes

    def keys(self) -> list[Hashable]:
        """The loaded models; the first is the next to be evicted."""
        with self._changed:
            return list(self._ready)

    def state(self, key: Hashable) -> State:
        """The state of the model under `key`."""
        with self._changed:
            if key in self._ready:
                return "ready"
            if key in self._loading:
                return "loading"
            return "failed" if key in self._failures else "absent"

    def too_large(self, size: int, shared: Shared = _NOTHING_SHARED) -> ModelTooLarge | None:
        """Why a model of this size would not fit even if all others were evicted; None if it would."""
        with self._changed:
            available = max(self._budget.available() - self._budget.not_yet(shared), 0)
        if size <= available:
            return None
        return ModelTooLarge(
            f"The model needs {size} bytes of memory and this function has {available} for models: give the function "
            "more memory"
        )

    def get(self, key: Hashable) -> Lease[M] | None:
        """A lease of the model under `key`, or None if it is not in memory."""
        with self._changed:
            entry = self._ready.get(key)
            if entry is None:
                return None
            self._ready.move_to_end(key)
            entry.users += 1
        return Lease(entry, self._release, hit=True)

    def lease(
        self,
        key: Hashable,
        size: int,
        load: Callable[[], M],
        *,
        prepare: Callable[[], None] = lambda: None,
        shared: Shared = _NOTHING_SHARED,
        timeout: float | None = None,
    ) -> Lease[M]:
        """A lease of the model under `key`, which is loaded first if it is not in memory.

        Args:
            key: what identifies the model.
            size: bytes that it will take.
            load: makes the model. It runs in a thread of its own, which goes on if this call stops waiting.
            prepare: runs in that thread before `load`. The memory that it takes is not counted as the model's.
            shared: what the first load of its kind takes in addition to the model.
            timeout: seconds to wait for a load; None waits as long as it takes.

        Raises:
            ModelTooLarge: `size` is more than the whole budget.
            ModelLoading: the load did not end in time, and goes on.
            ModelUnavailable: the load failed, or the last one failed and the next is not due yet.
        """
        with self._changed:
            if (lease := self.get(key)) is not None:
                return lease
            loading = self._loading.get(key)
            if loading is None:
                loading = self._begin(_Job(key, size, load, prepare, shared))
            return self._wait(key, loading, timeout)

    def make_room_for_call(self, lease: Lease[M], needed: int, room: int) -> None:
        """Evict idle models until `room` bytes hold the engines, the other models, and a leased model that takes
        `needed` bytes while it answers. Models in use stay."""
        while True:
            with self._changed:
                others = self._budget.held_bytes - lease.size
                if self._budget.engine_bytes + others + needed <= room or (victim := self._pop_victim()) is None:
                    return
            self._close(victim)

    def discard(self, key: Hashable) -> None:
        """Remove a model: at once if it is not in use, else when its last call or its load ends."""
        with self._changed:
            self._failures.forget(key)
            self._budget.forget(key)
            self._refused.discard(key)
            if (loading := self._loading.get(key)) is not None:
                loading.discarded = True
            entry = self._ready.pop(key, None)
            if entry is None:
                return
            entry.is_leaving = True
            idle = entry.users == 0
        if idle:
            self._close(entry)

    def _begin(self, job: _Job[M]) -> _Loading[M]:
        if (error := self.too_large(job.size, job.shared)) is not None:
            if job.key not in self._refused:  # once is enough: it stays too large
                self._refused.add(job.key)
                self._report(job.key, error)
            raise error
        if seconds := self._failures.seconds_left(job.key):
            raise ModelUnavailable("The model could not be loaded; it will be tried again", seconds)
        self._loading[job.key] = job.loading
        try:
            threading.Thread(target=self._load, args=(job,), daemon=True).start()
        except RuntimeError as error:  # the system has no more threads
            del self._loading[job.key]
            raise ModelUnavailable("The model could not be loaded now; try again") from error
        return job.loading

    def _wait(self, key: Hashable, loading: _Loading[M], timeout: float | None) -> Lease[M]:
        loading.waiters += 1
        if not self._changed.wait_for(lambda: loading.done, timeout):
            loading.waiters -= 1
            raise ModelLoading("The model is still being loaded")
        if loading.entry is not None:
            return Lease(loading.entry, self._release, hit=False)
        if isinstance(loading.error, ServingError):
            raise loading.error
        raise ModelUnavailable(
            "The model could not be loaded; it will be tried again", self._failures.seconds_left(key) or 1
        ) from loading.error

    def _load(self, job: _Job[M]) -> None:
        """The thread of a load. Always wakes the waiters and keeps the accounts consistent."""
        taken: int | None = None
        try:
            taken = self._make_room(job)
            before = self._budget.resident()
            job.prepare()
            baseline = self._budget.resident()
            model = job.load()
        except BaseException as error:
            if not isinstance(error, ServingError):
                self._report(job.key, error)
            error.__traceback__ = None  # it refers to this frame, which refers to the error
            with self._changed:
                if taken is not None:
                    self._budget.free(taken)
                    self._failures.remember(job.key)
                self._finish(job, error=error)
            return
        with self._changed:
            self._loads += 1
            self._failures.forget(job.key)
            overhead = self._budget.loaded(job.shared, before, baseline)
            self._budget.resize(taken, job.size)
            entry = Entry(
                job.key,
                model,
                size=job.size,
                users=job.loading.waiters,
                load=self._loads,
                baseline=baseline,
                overhead=overhead,
            )
            entry.is_leaving = job.loading.discarded
            if not entry.is_leaving:
                self._ready[job.key] = entry
            self._finish(job, entry=entry)
            self._correct(entry)
            unwanted = entry.is_leaving and entry.users == 0
        if unwanted:
            self._close(entry)
        self._trim()

    def _finish(self, job: _Job[M], *, entry: Entry[M] | None = None, error: BaseException | None = None) -> None:
        job.loading.entry, job.loading.error, job.loading.done = entry, error, True
        del self._loading[job.key]
        self._changed.notify_all()

    def _release(self, entry: Entry[M]) -> None:
        with self._changed:
            entry.users -= 1
            if not entry.has_answered:
                entry.has_answered = True
                self._correct(entry)
            close = entry.is_leaving and entry.users == 0
            is_over = self._is_over()
            if self._loading:  # only loads wait
                self._changed.notify_all()
        if close:
            self._close(entry)
        if is_over:
            self._trim()

    def _correct(self, entry: Entry[M]) -> None:
        """Raise an entry's size to what the process grew by, unless another load may have caused the growth."""
        if entry.load != self._loads or entry.is_leaving or self._loading:
            return
        grown = self._budget.resident() - entry.baseline - entry.overhead
        if grown > entry.size:
            self._budget.resize(entry.size, grown)
            entry.size = grown
            if not entry.has_answered:  # later the growth includes the first request and its answer
                self._budget.observe(entry.key, grown)

    def _make_room(self, job: _Job[M]) -> int:
        """Evict until the model fits, and reserve its bytes; returns how many.

        Raises ModelUnavailable if the models in use leave no room.
        """
        deadline = time.monotonic() + ROOM_SECONDS
        while True:
            with self._changed:
                job.size = self._budget.expected(job.key, job.size)
                size = job.size + self._budget.not_yet(job.shared)
                has_room = self._budget.fits(size, self._budget.held_bytes)
                # Measured memory may evict other models; it never rejects this load.
                victim = None if has_room and self._budget.fits(size, self._budget.used()) else self._pop_victim()
                if victim is None and has_room:
                    self._budget.take(size)
                    return size
                if victim is None:
                    if not self._changed.wait(deadline - time.monotonic()):
                        raise ModelUnavailable("Every loaded model is in use and leaves no room for this one")
                    continue
            self._close(victim)

    def _is_over(self) -> bool:
        now = time.monotonic()
        if now - self._looked_at < LOOK_SECONDS:
            return False
        self._looked_at = now
        return self._budget.is_over()

    def _pop_victim(self) -> Entry[M] | None:
        for key, entry in self._ready.items():
            if entry.users == 0:
                entry.is_leaving = True
                return self._ready.pop(key)
        return None

    def _trim(self) -> None:
        """Evict until the models fit again, after some grew beyond their known sizes. The last one stays."""
        while True:
            with self._changed:
                if len(self._ready) < 2 or not self._budget.is_over():
                    return
                victim = self._pop_victim()
            if victim is None:
                return
            self._close(victim)

    def _close(self, entry: Entry[M]) -> None:
        try:
            entry.model.close()
        except Exception as error:
            self._report(entry.key, error)
        finally:
            with self._changed:
                self._budget.free(entry.size)
                self._changed.notify_all()

    def _report(self, key: Hashable, error: BaseException) -> None:
        with suppress(Exception):
            self._on_failure(key, error)
