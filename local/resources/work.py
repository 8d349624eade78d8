"""Work: what providers do at the moment. It goes on where an engine that asked for it was killed."""

import threading
from collections.abc import Generator
from contextlib import contextmanager


class Work:
    """Counts what is under way."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._under_way = 0

    @contextmanager
    def one(self) -> Generator[None]:
        """Inside the block one thing more is under way."""
        with self._changed:
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is under way; False where that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: self._under_way == 0, seconds)
