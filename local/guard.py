"""Guard: sees to it that nothing outlives the local stack, however the stack ends.

One small process, tied to the stack by a pipe. The stack tells it of every process group that it starts and every
directory that it makes. When the pipe closes, be it by an orderly stop, a crash or SIGKILL, the guard ends those
groups and removes those directories.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast


class Guard:
    """The stack's side of the pipe. A context manager; leaving it cleans up whatever is still there."""

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).resolve())],  # quick, and blind to this directory's modules
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # Ctrl-C in a terminal reaches the stack, not its guard
        )
        self._pipe = cast("IO[str]", self._process.stdin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._pipe.close()
        self._process.wait()

    def directory(self, prefix: str) -> Path:
        """A new temporary directory, which is removed when the stack ends."""
        path = Path(tempfile.mkdtemp(prefix=prefix))
        self._tell("directory", str(path))
        return path

    def watch(self, process: "subprocess.Popen[bytes]") -> None:
        """End this process, the leader of a process group, and its group when the stack ends."""
        self._tell("watch", str(process.pid))

    def forget(self, process: "subprocess.Popen[bytes]") -> None:
        """The process is gone; its number may be given to another one."""
        self._tell("forget", str(process.pid))

    def _tell(self, verb: str, argument: str) -> None:
        with self._lock:
            if not self._pipe.closed:
                print(verb, argument, file=self._pipe, flush=True)


def kill_group(leader: int) -> None:
    """SIGKILL to a whole process group; one that is gone already is left in peace."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def main() -> None:
    """Keep the books until the pipe closes, then clean up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    leaders: dict[int, None] = {}
    directories: list[str] = []
    for line in sys.stdin:
        verb, argument = line.rstrip("\n").split(" ", 1)
        if verb == "directory":
            directories.append(argument)
        elif verb == "watch":
            leaders[int(argument)] = None
        elif verb == "forget":
            leaders.pop(int(argument), None)
    for leader in leaders:
        kill_group(leader)
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
