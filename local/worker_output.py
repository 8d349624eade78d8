"""WorkerOutput: what a worker writes, line by line into its function's log, in the order of Lambda's own lines."""

import array
import fcntl
import os
import select
import termios
import threading
import time
from typing import IO

from local.logs import LogWriter

SETTLE_SECONDS = 0.5
"""How long an END line waits at most for what was written before it. A thread of the handler may write without end."""


class WorkerOutput:
    """Copies the lines of a pipe into a log."""

    def __init__(self, pipe: IO[bytes], logs: LogWriter) -> None:
        self._pipe, self._logs = pipe, logs
        self._begun = b""
        self._reading = threading.Lock()
        self._filled = select.poll()
        self._filled.register(pipe, select.POLLIN)

    def copy(self) -> None:
        """Copy until the pipe ends, and close it."""
        while self._copy_some():
            pass
        if self._begun:
            self._write(self._begun)
        with self._reading:
            self._pipe.close()

    def settle(self) -> None:
        """Wait until the log has every line that was written before this call."""
        end = time.monotonic() + SETTLE_SECONDS
        while self._has_more() and time.monotonic() < end:
            time.sleep(0.001)

    def _copy_some(self) -> bool:
        self._filled.poll()
        with self._reading:  # what has left the pipe is in the log when the lock is free
            chunk = os.read(self._pipe.fileno(), 1 << 16)
            *lines, self._begun = (self._begun + chunk).split(b"\n")
            for line in lines:
                self._write(line)
        return bool(chunk)

    def _has_more(self) -> bool:
        waiting = array.array("i", [0])
        with self._reading:
            if not self._pipe.closed:
                fcntl.ioctl(self._pipe, termios.FIONREAD, waiting)
        return waiting[0] > 0

    def _write(self, line: bytes) -> None:
        self._logs.write(line.decode("utf-8", "replace").rstrip("\r").replace("\r", "\n"))
