"""How many bytes models may take, how many they are said to take, and how many the process shows that they do."""

from collections.abc import Callable, Hashable


class Shared:
    """What the first model of a kind takes for good, such as an engine's libraries.

    Args:
        kind: its name.
        size: bytes; the budget is that much smaller once a model of the kind was loaded.
        resident: how many of them come with the load itself, after the engine is imported; no model's own.
    """

    def __init__(self, kind: str = "", size: int = 0, resident: int = 0) -> None:
        self.kind, self.size, self.resident = kind, size, resident


class Budget:
    """Books of bytes. The caller sees to it that one thread uses them at a time.

    Args:
        total: bytes that models may take, engines included.
        resident: bytes that the process holds.
        slack: bytes that it may hold beyond `total`, for requests and their answers.
    """

    def __init__(self, total: int, resident: Callable[[], int], slack: int) -> None:
        self._total, self.resident, self._slack = total, resident, slack
        self.held_bytes = 0
        """Bytes of all models, those included that are being loaded or closed."""
        self._engines: dict[str, Shared] = {}
        self._observed: dict[Hashable, int] = {}
        self._empty: int | None = None
        """Bytes that the process held before its first model."""
        self._own = 0
        """Bytes that it grew by since then which are no model's own."""

    def available(self) -> int:
        """What the budget leaves for models, beside the engines that have loaded one."""
        return self._total - sum(shared.size for shared in self._engines.values())

    def not_yet(self, shared: Shared) -> int:
        """What a model takes beside itself, if it is the first of its kind."""
        return 0 if shared.kind in self._engines else shared.size

    def used(self) -> int:
        """Bytes that models take: as the books say, or as the process shows where that is more. A call may grow a model
        at any time: a larger batch takes more memory, and some of it stays."""
        if self._empty is None:
            return self.held_bytes
        return max(self.held_bytes, self.resident() - self._empty - self._own - self._slack)

    def is_over(self) -> bool:
        """Whether models take more than they may."""
        return self.used() > self.available()

    def fits(self, size: int, used: int) -> bool:
        """Whether one more model has room beside so many bytes."""
        return used + size <= self.available()

    def take(self, size: int) -> None:
        """Note a model that is going to be loaded."""
        self.held_bytes += size

    def free(self, size: int) -> None:
        """Note that it is gone."""
        self.held_bytes -= size

    def resize(self, before: int, after: int) -> None:
        """Note that it takes another size than it was said to."""
        self.held_bytes += after - before

    def loaded(self, shared: Shared, before: int, prepared: int) -> int:
        """Note that a model of a kind is loaded.

        Args:
            shared: the kind.
            before: bytes that the process held before the load.
            prepared: the same once the engine was imported.

        Returns:
            How many bytes of the growth since `prepared` are not the model's own.
        """
        if self._empty is None:
            self._empty = before
        if shared.kind in self._engines:
            return 0
        self._engines[shared.kind] = shared
        self._own += shared.resident + max(prepared - before, 0)
        return shared.resident

    def observe(self, key: Hashable, size: int) -> None:
        """Remember what a model was seen to take when it was loaded."""
        self._observed[key] = size

    def expected(self, key: Hashable, size: int) -> int:
        """What to make room for: what a model says, or what it was seen to take, yet no more than there can be."""
        return max(size, min(self._observed.get(key, 0), self.available()))

    def forget(self, key: Hashable) -> None:
        """Forget what a model was seen to take."""
        self._observed.pop(key, None)
