"""FunctionLogs: what the workers print, with Lambda's START, END and REPORT lines, in a file for each function."""

import threading
from collections import deque
from pathlib import Path

KEPT_LINES = 2000
"""How many of the latest lines of each function stay in memory; the file has them all."""


class FunctionLogs:
    """One function's log. Lines of several workers are never mixed within a line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("a", encoding="utf-8", errors="replace")
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._lock = threading.Lock()

    def write(self, line: str) -> None:
        """Add one line. After `close` it is only kept in memory."""
        with self._lock:
            self._lines.append(line)
            if not self._file.closed:
                self._file.write(line + "\n")
                self._file.flush()

    def tail(self, lines: int = 20) -> str:
        """The latest lines."""
        with self._lock:
            return "\n".join(list(self._lines)[-lines:])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()
