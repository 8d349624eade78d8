"""Containers: builds the functions' image and runs each worker as a container of it.

A container has the limits of a function: Lambda's user, a read-only root, a /tmp of the function's size, no privileges,
the function's memory, and Lambda's number of threads and open files. It uses the network of this machine, because the
Runtime API and the emulated AWS listen on the loopback interface.
"""

import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import IO, cast

import psutil

from handlers.contract import MODEL_SYNC_TARGET
from images.building import ImageError, build, docker_command
from local.functions import Function
from local.guard import Guard
from local.logs import LogWriter
from local.worker_output import WorkerOutput
from local.workers import Worker, exit_status, held_bytes, lambda_environment

LAMBDA_USER, LAMBDA_GROUP = 993, 990
"""The user and the group that Lambda runs an image as."""

THREADS, OPEN_FILES = 1024, 1024
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

FIND_SECONDS = 5.0
"""How long to wait until Docker reports the process of a container."""

KILLED = 137
"""The exit status after SIGKILL: 128 plus the signal's number."""


class Containers:
    """Starts each worker as a container of the function's image, on this machine's Docker engine."""

    def __init__(self, guard: Guard, endpoint_url: str, base_image: str | None = None) -> None:
        """`endpoint_url` is the AWS that the handlers call. `base_image` overrides the program's base image.

        Raises ImageError if no Docker engine answers, or if it is one of another machine: on macOS, engines run in a
        virtual machine with a network of its own.
        """
        if sys.platform != "linux":
            raise ImageError(
                "functions run as containers on Linux only, where they share this machine's network; leave --docker "
                "out, and they run as processes"
            )
        command = docker_command()
        if command is None:
            raise ImageError("no Docker engine with BuildKit answers; start one, or omit --docker")
        self._command = command
        self._guard = guard
        self._endpoint_url = endpoint_url
        self._base_image = base_image

    def build(self, project: Path, target: str, *, base_image: str | None, models_directory: str | None) -> str:
        """Build a target of `handlers/Dockerfile` for this machine. Returns the image's id, `sha256:…`.

        The image loses its name when the stack ends; Docker keeps the layers in its cache. This machine's
        `--base-image` overrides `base_image`. Raises ImageError.
        """
        name = f"tensorflow-lambda-local:{uuid.uuid4().hex[:12]}"
        self._guard.own_image(self._command, name)
        return build(
            target,
            name,
            base_image=self._base_image or base_image,
            models_directory=models_directory,
            context=project,
        )

    def __call__(
        self, function: Function, address: str, log_stream: str, logs: LogWriter, exited: Callable[[str], None]
    ) -> Worker:
        name = f"tensorflow-lambda-{uuid.uuid4().hex[:12]}"
        environment = {
            **lambda_environment(function, address, log_stream),
            "AWS_ENDPOINT_URL": self._endpoint_url,
            "LAMBDA_TASK_ROOT": "/var/task",
        }
        self._guard.own_container(self._command, name)
        started = subprocess.run(
            [
                *(self._command, "run", "--detach", "--name", name, "--init", "--network", "host"),
                *_limits(function),
                *_mounts(function),
                # Names only: Docker's client takes the values from its own environment.
                *(part for variable in environment for part in ("--env", variable)),
                *(function.image_uri.rpartition("@")[2], function.handler),
            ],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            start_new_session=True,  # so that Ctrl-C in a terminal does not interrupt the start of a container
        )
        refusal = started.stderr.strip() if started.returncode else None
        return _Container(self._command, name, self._guard, logs, exited, refusal)


class _Container:
    """A container, and a thread that copies its output into the function's log."""

    def __init__(
        self,
        command: str,
        name: str,
        guard: Guard,
        logs: LogWriter,
        exited: Callable[[str], None],
        refusal: str | None,
    ) -> None:
        """`refusal` is the engine's message if it did not start the container."""
        self._command = command
        self._name = name
        self._guard = guard
        self._init: psutil.Process | None = None
        self._handler: psutil.Process | None = None
        self._found = threading.Event()
        self._ended = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(logs, exited, refusal), daemon=True)
        self._reader.start()

    def running(self) -> bool:
        if self._ended.is_set():
            return False
        handler = self._process()
        try:
            return handler is None or handler.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def settle(self) -> None:
        pass  # what a container wrote comes from Docker, which does not say whether there is more

    def memory_bytes(self) -> int:
        self._found.wait(FIND_SECONDS)  # a handler may answer before Docker reports its process
        handler = self._process()
        return held_bytes(handler.pid) if handler else 0  # files in /tmp do not count

    def kill(self) -> None:
        self._docker("kill", self._name)
        self._reader.join()  # Docker has sent all that the container wrote; with the container it removes the rest
        self._docker("rm", "--force", self._name)
        self._guard.forget_container(self._command, self._name)

    def _process(self) -> psutil.Process | None:
        """The handler's process: the first child of the container's init. None if Docker has not reported it."""
        if self._handler is None and self._init is not None:
            try:
                self._handler = next(iter(self._init.children()), None)
            except psutil.NoSuchProcess:
                return self._init
        return self._handler

    def _read(self, logs: LogWriter, exited: Callable[[str], None], refusal: str | None) -> None:
        if refusal is not None:
            logs.write(refusal)
            self._found.set()
            self._ended.set()
            exited(f"the container did not start: {refusal}")
            return
        number = self._docker("inspect", "--format", "{{.State.Pid}}", self._name)
        if number.isdigit() and psutil.pid_exists(int(number)):
            self._init = _process_of(int(number))
        self._found.set()
        self._follow(logs)
        status = self._docker("wait", self._name)
        self._ended.set()
        exited(_words(int(status) if status.isdigit() else KILLED))

    def _follow(self, logs: LogWriter) -> None:
        with subprocess.Popen(
            [self._command, "logs", "--follow", self._name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as follower:
            self._guard.watch(follower)
            WorkerOutput(cast("IO[bytes]", follower.stdout), logs).copy()
        self._guard.forget(follower)

    def _docker(self, *arguments: str) -> str:
        """The output of a Docker command; empty if it fails, for example because the container is gone."""
        return subprocess.run(
            [self._command, *arguments], capture_output=True, text=True, start_new_session=True
        ).stdout.strip()


def _limits(function: Function) -> list[str]:
    # The kernel counts files in a tmpfs as the container's memory; Lambda does not. The execution environment enforces
    # the function's own limit. This limit stops a handler that allocates faster than the environment measures.
    memory = f"{function.memory_mib + function.ephemeral_storage_mib}m"
    return [
        *("--read-only", "--tmpfs", f"/tmp:size={function.ephemeral_storage_mib}m"),  # noqa: S108
        *("--memory", memory, "--memory-swap", memory),
        *("--pids-limit", str(THREADS), "--ulimit", f"nofile={OPEN_FILES}"),
        *("--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    ]


def _mounts(function: Function) -> list[str]:
    """Docker's options for the directories that the function mounts, and for the user that it runs as.

    In AWS, an access point gives its own user to every client. Here the function runs as the directory's owner instead.
    If the stack runs as root, Lambda's user becomes the owner, also of the directories that other access points made
    below it.
    """
    user, group = LAMBDA_USER, LAMBDA_GROUP
    mode = "rw" if MODEL_SYNC_TARGET in function.environment else "ro"
    options: list[str] = []
    for path, directory in function.mounts.items():
        if os.geteuid() == 0:
            for each in (directory, *filter(Path.is_dir, directory.iterdir())):
                os.chown(each, user, group)
        else:
            user, group = os.geteuid(), os.getegid()
        options += ["--volume", f"{directory}:{path}:{mode}"]
    return ["--user", f"{user}:{group}", *options]


def _process_of(number: int) -> psutil.Process | None:
    try:
        return psutil.Process(number)
    except psutil.NoSuchProcess:
        return None


def _words(status: int) -> str:
    return exit_status(128 - status if status > 128 else status)
