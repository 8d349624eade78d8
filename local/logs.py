"""FunctionLogs: the log file of a function: its output and Lambda's START, END and REPORT lines."""

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from local.log_levels import LogLevels

KEPT_LINES = 2000
"""How many of the last lines stay in memory. The file has all."""


class FunctionLogs:
    """One function's log. Several workers may write to it; each line stays whole."""

    def __init__(self, path: Path, on_line: Callable[[str], None] | None = None) -> None:
        """`on_line` is called with each line that CloudWatch Logs gets."""
        self.path, self._on_line = path, on_line
        self._file = path.open("a", encoding="utf-8", errors="replace")
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._lock = threading.Lock()

    def write(self, line: str, *, delivered: bool = True) -> None:
        """Add one line, which CloudWatch Logs gets if it is `delivered`. After `close`, it stays only in memory."""
        if self._on_line is not None and delivered:
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


class LogWriter(NamedTuple):
    """Writes a function's log for one of its revisions, by the levels of its configuration."""

    logs: FunctionLogs
    levels: LogLevels

    def write(self, line: str) -> None:
        """Add a line that the function's code wrote."""
        self.logs.write(line, delivered=self.levels.admit(line))

    def write_of_lambda(self, line: str) -> None:
        """Add a line of Lambda's own."""
        self.logs.write(line, delivered=self.levels.admit_of_lambda(line))
