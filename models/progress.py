"""Shows progress on the terminal: a line for the present step, which is overwritten, and a line for each result."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

Say = Callable[[str], None]
"""Tells a person in a few words what the program does now."""


class Progress:
    """One piece of work. If the output is not a terminal, only results are written."""

    def __init__(self, label: str, width: int = 16, stream: TextIO | None = None) -> None:
        self._stream = sys.stdout if stream is None else stream
        self._label = label.ljust(width)
        self._live = self._stream.isatty()
        self._started = time.monotonic()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self._clear()

    def say(self, what: str) -> None:
        """Show the present step."""
        if self._live:
            self._clear()
            self._stream.write(f"{self._label} {what} …")
            self._stream.flush()

    def done(self, result: str) -> None:
        """Write the result, and the seconds that the work took."""
        self._clear()
        self._stream.write(f"{self._label} {result}   {time.monotonic() - self._started:.1f} s\n")
        self._stream.flush()

    def _clear(self) -> None:
        if self._live:
            self._stream.write("\r\x1b[K")


def in_units(size: float) -> str:
    """Bytes in a readable unit, such as `12 kB`."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
