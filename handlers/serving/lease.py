"""What a cache holds, and the leases by which it counts who uses it."""

from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Generic, NamedTuple, Protocol, TypeVar


class Closable(Protocol):
    """Something that holds memory until it is closed."""

    def close(self) -> None: ...


M = TypeVar("M", bound=Closable)


class Entry(Generic[M]):
    """A loaded model, and what the cache knows about it.

    Args:
        key: what identifies the model.
        model: the model.
        size: bytes that it takes.
        users: how many leases of it are held.
        load: the number of the load that made it.
        baseline: bytes that the process held just before that load.
        overhead: bytes of the growth since then that belong to the engine, not to the model.
    """

    has_answered = False
    """Whether a first call has ended. That call allocates memory too; afterwards the size is final."""
    is_leaving = False
    """Whether the cache has given it up: it is closed when its last lease ends."""

    def __init__(
        self, key: Hashable, model: M, *, size: int, users: int, load: int, baseline: int, overhead: int
    ) -> None:
        self.key, self.model, self.size, self.users = key, model, size, users
        self.load, self.baseline, self.overhead = load, baseline, overhead


class LoadTime(NamedTuple):
    """How long a load took, in milliseconds."""

    fetch_ms: float
    load_ms: float
    """The engine: the model, and the import and the libraries as far as they took longer than the fetch."""


class Lease(AbstractContextManager[M]):
    """The use of a model. While it is held, the model is not closed."""

    took: LoadTime | None = None
    """What the load took that this lease began; None where the model was in memory or another lease began the load."""

    def __init__(self, entry: Entry[M], release: Callable[[Entry[M]], None], *, hit: bool) -> None:
        self._entry, self._release = entry, release
        self.hit = hit
        """Whether the model was in memory already."""

    @property
    def size(self) -> int:
        """Bytes that the model is said to take."""
        return self._entry.size

    def __enter__(self) -> M:
        return self._entry.model

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._release(self._entry)
