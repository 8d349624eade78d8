"""Guard: sees to it that nothing outlives the local stack, however the stack ends.

One small process, tied to the stack by a pipe. The stack tells it of every process group that it starts and every
directory, container and image that it makes. When the pipe closes, be it by an orderly stop, a crash or SIGKILL, the
guard ends those groups and removes those directories, containers and images.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

CREATION_SECONDS = 10
"""How long the Docker engine may take to create a container that it was asked for just before the stack was killed."""


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

    def own_container(self, docker: str, name: str) -> None:
        """Remove this container, running or not, when the stack ends; `docker` is the command. Before it is created."""
        self._tell("container", f"{docker} {name}")

    def forget_container(self, docker: str, name: str) -> None:
        """The container is removed."""
        self._tell("forget-container", f"{docker} {name}")

    def own_image(self, docker: str, name: str) -> None:
        """Take this name from its image when the stack ends, and with the last name the image."""
        self._tell("image", f"{docker} {name}")

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
    books: dict[str, dict[str, None]] = {verb: {} for verb in ("watch", "directory", "container", "image")}
    for line in sys.stdin:
        verb, argument = line.rstrip("\n").split(" ", 1)
        if verb in books:
            books[verb][argument] = None
        elif verb == "forget":
            books["watch"].pop(argument, None)
        elif verb == "forget-container":
            books["container"].pop(argument, None)
    for leader in books["watch"]:
        kill_group(int(leader))
    remove_containers([owned.rsplit(" ", 1) for owned in books["container"]])
    for owned in books["image"]:
        docker, name = owned.rsplit(" ", 1)
        subprocess.run([docker, "image", "rm", name], capture_output=True)
    for directory in books["directory"]:
        shutil.rmtree(directory, ignore_errors=True)


def remove_containers(owned: list[list[str]]) -> None:
    """Remove containers, also those that come up only now, for the stack was killed while it started them."""
    deadline = time.monotonic() + CREATION_SECONDS
    while owned and time.monotonic() < deadline:
        owned = [[docker, name] for docker, name in owned if not _removed(docker, name)]
        if owned:
            time.sleep(0.2)


def _removed(docker: str, name: str) -> bool:
    done = subprocess.run([docker, "rm", "--force", name], capture_output=True, text=True)
    return name in done.stdout.split()


if __name__ == "__main__":
    main()
