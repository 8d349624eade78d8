"""TimedWork: runs predictions in threads of their own, so that a caller whose time is up can be answered.

An engine cannot be interrupted. A prediction that takes too long goes on in its thread, and nothing reads its result.
"""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class TimeIsUp(Exception):
    """The work did not end in time. It goes on."""


class TimedWork(Generic[T]):
    """Threads that wait for work. Safe to use from several threads."""

    def __init__(self) -> None:
        self._idle: list[_Worker[T]] = []
        self._left: list[_Worker[T]] = []
        """Those whose last work was not waited for."""

    def run(self, work: Callable[[], T], seconds: float) -> T:
        """What `work` returns, if it does within so many seconds. Raises TimeIsUp, or what `work` raises."""
        try:
            worker = self._idle.pop()
        except IndexError:
            worker = _Worker[T]()
        if not worker.does(work, seconds):
            self._left.append(worker)
            raise TimeIsUp
        self._idle.append(worker)
        return worker.result()

    def unfinished(self) -> int:
        """How many of those that were not waited for are still at work."""
        if not self._left:
            return 0
        self._left = [worker for worker in self._left if not worker.has_ended()]
        return len(self._left)


class _Worker(Generic[T]):
    def __init__(self) -> None:
        self._given, self._done = threading.Lock(), threading.Lock()
        self._given.acquire()
        self._done.acquire()
        self._work: Callable[[], T] | None = None
        self._outcome: Callable[[], T] | None = None
        threading.Thread(target=self._run, daemon=True).start()

    def does(self, work: Callable[[], T], seconds: float) -> bool:
        """Hand the work over, and wait for its end. Whether it came in time."""
        self._work = work
        self._given.release()
        return self._done.acquire(timeout=max(seconds, 0.0))

    def has_ended(self) -> bool:
        """Whether work that was not waited for has ended."""
        return not self._done.locked()

    def result(self) -> T:
        outcome, self._outcome = self._outcome, None
        assert outcome is not None  # noqa: S101 - `does` returned True
        return outcome()

    def _run(self) -> None:
        while True:
            self._given.acquire()
            work, self._work = self._work, None
            assert work is not None  # noqa: S101 - `does` set it
            try:
                returned = work()
            except BaseException as error:
                self._outcome = _raising(error)
            else:
                self._outcome = _returning(returned)
                del returned
            del work
            self._done.release()


def _returning(value: T) -> Callable[[], T]:
    return lambda: value


def _raising(error: BaseException) -> Callable[[], T]:
    def outcome() -> T:
        raise error

    return outcome
