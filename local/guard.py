"""Guard: removes everything that the local stack made, even if the stack is killed.

The guard is a small process that reads a pipe from the stack. The stack reports every process group that it starts and
every directory, container and image that it makes. When the pipe closes, after a normal stop, a crash or SIGKILL, the
guard kills those groups and removes those directories, containers and images.
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
from typing import IO, Self, cast

CREATION_SECONDS = 10
"""How long to look for a container that Docker was still creating when the stack was killed."""


class Guard:
    """The stack's side of the pipe. A context manager; leaving it removes what is left."""

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            # -I and -S: it starts fast, and cannot import this directory's modules.
            [sys.executable, "-I", "-S", str(Path(__file__).resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # so that Ctrl-C in a terminal does not end the guard
        )
        self._pipe = cast("IO[str]", self._process.stdin)
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._pipe.close()
        self._process.wait()

    def directory(self, prefix: str) -> Path:
        """Create a temporary directory, which is removed when the stack ends."""
        path = Path(tempfile.mkdtemp(prefix=prefix))
        self._tell("directory", str(path))
        return path

    def watch(self, process: "subprocess.Popen[bytes]") -> None:
        """Kill this process and the process group that it leads when the stack ends."""
        self._tell("watch", str(process.pid))

    def forget(self, process: "subprocess.Popen[bytes]") -> None:
        """The process has ended; another process may get its number."""
        self._tell("forget", str(process.pid))

    def own_container(self, docker: str, name: str) -> None:
        """Remove this container when the stack ends. Call it before creating the container. `docker` is the command."""
        self._tell("container", f"{docker} {name}")

    def forget_container(self, docker: str, name: str) -> None:
        """The container was removed."""
        self._tell("forget-container", f"{docker} {name}")

    def own_image(self, docker: str, name: str) -> None:
        """Remove this name of an image when the stack ends. Docker removes the image with its last name."""
        self._tell("image", f"{docker} {name}")

    def _tell(self, verb: str, argument: str) -> None:
        with self._lock:
            if not self._pipe.closed:
                print(verb, argument, file=self._pipe, flush=True)


def kill_group(leader: int) -> None:
    """Send SIGKILL to a whole process group, if it still exists."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def main() -> None:
    """Record what the stack reports until the pipe closes, then remove it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    reported: dict[str, dict[str, None]] = {verb: {} for verb in ("watch", "directory", "container", "image")}
    for line in sys.stdin:
        verb, argument = line.rstrip("\n").split(" ", 1)
        if verb in reported:
            reported[verb][argument] = None
        elif verb == "forget":
            reported["watch"].pop(argument, None)
        elif verb == "forget-container":
            reported["container"].pop(argument, None)
    for leader in reported["watch"]:
        kill_group(int(leader))
    remove_containers([owned.rsplit(" ", 1) for owned in reported["container"]])
    for owned in reported["image"]:
        docker, name = owned.rsplit(" ", 1)
        subprocess.run([docker, "image", "rm", name], capture_output=True)
    for directory in reported["directory"]:
        shutil.rmtree(directory, ignore_errors=True)


def remove_containers(owned: list[list[str]]) -> None:
    """Remove containers, including those that Docker was still creating when the stack was killed."""
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
