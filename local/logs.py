"""FunctionLogs: the log file of a function: its output and Lambda's START, END and REPORT lines."""

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

KEPT_LINES = 2000
"""How many of the last lines stay in memory. The file has all."""


class FunctionLogs:
    """One function's log. Several workers may write to it; each line stays whole."""

    def __init__(self, path: Path, on_line: Callable[[str], None] | None = None) -> None:
        """`on_line` is called with each line."""
        self.path, self._on_line = path, on_line
        self._file = path.open("a", encoding="utf-8", errors="replace")
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._lock = threading.Lock()

    def write(self, line: str) -> None:
        """Add one line. After `close`, it stays only in memory."""
        if self._on_line is not None:
            self._on_line(line)
        with self._lock:
            self._lines.append(line)
            if not self._file.closed:
                self._file.write(line + "\n")
                self._file.flush()

    def tail(self, lines: int = 20) -> str:
        """The last lines."""
        with self._lock:
            return "\n".join(list(self._lines)[-lines:])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()
