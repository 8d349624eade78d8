"""What a cache holds, and how its use is counted."""

from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """Something that holds memory until it is closed."""

    def close(self) -> None: ...


M = TypeVar("M", bound=Closable)


class Entry(Generic[M]):
    """A loaded model, and what the cache knows of it.

    Args:
        key: what identifies it.
        model: the model.
        size: bytes that it takes.
        users: how many leases of it are held.
        load: number of the load that made it.
        baseline: bytes that the process held just before that load.
        overhead: bytes of its growth since then which are not the model's own.
    """

    settled = False
    """Whether its size is known for good: after the first call, which plans memory too."""
    leaving = False

    def __init__(
        self, key: Hashable, model: M, *, size: int, users: int, load: int, baseline: int, overhead: int
    ) -> None:
        self.key, self.model, self.size, self.users = key, model, size, users
        self.load, self.baseline, self.overhead = load, baseline, overhead


class Lease(AbstractContextManager[M]):
    """The use of a model: while it is held, the model is not closed."""

    def __init__(self, entry: Entry[M], release: Callable[[Entry[M]], None], *, hit: bool) -> None:
        self._entry, self._release = entry, release
        self.hit = hit
        """Whether the model was in memory already."""

    def __enter__(self) -> M:
        return self._entry.model

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._release(self._entry)
