"""How many bytes models may take, how many they are said to take, and how many the process really holds for them."""

from collections.abc import Callable, Hashable


class Shared:
    """What the first model of a kind takes and no later one does, such as the libraries of an engine.

    Args:
        kind: its name.
        size: bytes. Once a model of the kind was loaded, the budget is that much smaller.
        resident: how many of these bytes come with the load itself, after the engine is imported. They are not counted
            as the model's.
    """

    def __init__(self, kind: str = "", size: int = 0, resident: int = 0) -> None:
        self.kind, self.size, self.resident = kind, size, resident


class Budget:
    """Accounts of bytes. Not thread-safe: the cache calls it with its lock held.

    Args:
        total: bytes that models may take, engines included.
        resident: returns how many bytes the process holds.
        slack: bytes that the process may hold beyond `total`, for requests and their answers.
    """

    def __init__(self, total: int, resident: Callable[[], int], slack: int) -> None:
        self._total, self.resident, self._slack = total, resident, slack
        self.held_bytes = 0
        """Bytes of all models, including those that are being loaded or closed."""
        self._engines: dict[str, Shared] = {}
        self._observed: dict[Hashable, int] = {}
        self._empty: int | None = None
        """Bytes that the process held before its first model."""
        self._own = 0
        """Bytes that it has grown by since then and that belong to no model."""

    @property
    def engine_bytes(self) -> int:
        """Bytes that the loaded engines take."""
        return sum(shared.size for shared in self._engines.values())

    def available(self) -> int:
        """Bytes for models: the total less what the loaded engines take."""
        return self._total - self.engine_bytes

    def not_yet(self, shared: Shared) -> int:
        """Bytes that a model takes in addition to its own, if it is the first of its kind."""
        return 0 if shared.kind in self._engines else shared.size

    def used(self) -> int:
        """Bytes that models take: the sum of their sizes, or what the process really holds, whichever is more.

        Any call may make a model grow: a larger batch takes more memory, and the model keeps some of it.
        """
        if self._empty is None:
            return self.held_bytes
        return max(self.held_bytes, self.resident() - self._empty - self._own - self._slack)

    def is_over(self) -> bool:
        """Whether models take more than they may."""
        return self.used() > self.available()

    def fits(self, size: int, used: int) -> bool:
        """Whether a model of this size has room if `used` bytes are taken."""
        return used + size <= self.available()

    def take(self, size: int) -> None:
        """Count a model that is about to be loaded."""
        self.held_bytes += size

    def free(self, size: int) -> None:
        """Stop counting a model that is closed."""
        self.held_bytes -= size

    def resize(self, before: int, after: int) -> None:
        """Count a model at its new size."""
        self.held_bytes += after - before

    def loaded(self, shared: Shared, before: int, prepared: int) -> int:
        """Note that a model of a kind is loaded.

        Args:
            shared: the kind.
            before: bytes that the process held before the load.
            prepared: bytes that it held once the engine was imported.

        Returns:
            Bytes of the growth since `prepared` that do not belong to the model.
        """
        if self._empty is None:
            self._empty = before
        if shared.kind in self._engines:
            return 0
        self._engines[shared.kind] = shared
        self._own += shared.resident + max(prepared - before, 0)
        return shared.resident

    def observe(self, key: Hashable, size: int) -> None:
        """Remember how many bytes the load of a model took."""
        self._observed[key] = size

    def expected(self, key: Hashable, size: int) -> int:
        """Bytes to reserve for a load: the larger of declared and observed, the observed capped by the budget."""
        return max(size, min(self._observed.get(key, 0), self.available()))

    def forget(self, key: Hashable) -> None:
        """Forget how many bytes a model took."""
        self._observed.pop(key, None)
