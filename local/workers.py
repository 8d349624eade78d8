"""Workers: run a function's handler. Each kind of worker is a class: `ProcessWorkers`, here, or `Containers`.

A worker starts once, talks to its own Runtime API, and is killed when its environment ends. Lambda's behaviour
(timeouts, memory, reuse) is in `environments`, the same for every kind.
"""

import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Protocol, cast

import psutil

from handlers.contract import MOUNT_ROOT
from handlers.serving.macos_memory import footprint_bytes
from local.emulator import CREDENTIALS, REGION
from local.functions import Function
from local.guard import Guard, kill_group
from local.logs import LogWriter
from local.worker_output import WorkerOutput

PAGE_BYTES = resource.getpagesize()

RUNTIME_CLIENT = Path(__file__).with_name("runtime_client.py")


class Worker(Protocol):
    """One running copy of a function's handler."""

    def running(self) -> bool:
        """Whether it is still running."""
        ...

    def settle(self) -> None:
        """Wait until its function's log has what it has written so far, where that can be known."""
        ...

    def memory_bytes(self) -> int:
        """Its memory without pages of mapped files, which the kernel can drop; 0 if it has ended."""
        ...

    def kill(self) -> None:
        """Kill it and every process that it started, and remove its /tmp. Returns when that is done."""
        ...


class StartWorker(Protocol):
    """Starts a worker that talks to the Runtime API at `address`. `exited` gets its exit status in Lambda's words."""

    def __call__(
        self, function: Function, address: str, log_stream: str, logs: LogWriter, exited: Callable[[str], None]
    ) -> Worker: ...


STANDS_IN = (
    "AWS's runtime client is not installed, for awslambdaric is built for Linux only: local/runtime_client.py stands "
    "in for it"
)


def client_is_replaced() -> bool:
    """Whether this machine lacks AWS's runtime client, so that `runtime_client.py` takes its place."""
    return find_spec("awslambdaric") is None


class ProcessWorkers:
    """Starts each worker as `python -m awslambdaric HANDLER`, with the project's sources and packages.

    awslambdaric is built for Linux only. Elsewhere, `runtime_client.py` takes its place.
    """

    def __init__(self, guard: Guard, root: Path, endpoint_url: str) -> None:
        """`root` is the directory with `handlers/`; `endpoint_url` is the AWS that the handlers call."""
        self._guard = guard
        self._root = root
        self._endpoint_url = endpoint_url
        self.stands_in = client_is_replaced()
        """Whether the workers run under `runtime_client.py`."""

    def __call__(
        self, function: Function, address: str, log_stream: str, logs: LogWriter, exited: Callable[[str], None]
    ) -> Worker:
        scratch = self._guard.directory("tensorflow-lambda-tmp-")
        environment = {
            **{name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ},
            **lambda_environment(function, address, log_stream),
            "AWS_ENDPOINT_URL": self._endpoint_url,
            "HOME": str(scratch),
            "TMPDIR": str(scratch),
            "PYTHONPATH": str(self._root),
            "LAMBDA_TASK_ROOT": str(self._root),
            **_with_mounts(function, scratch),
        }
        process = subprocess.Popen(
            [sys.executable, *self._client(), function.handler],
            cwd=self._root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._guard.watch(process)
        return _ProcessWorker(process, scratch, self._guard, logs, exited)

    def _client(self) -> tuple[str, ...]:
        return ("-u", str(RUNTIME_CLIENT)) if self.stands_in else ("-m", "awslambdaric")


class _ProcessWorker:
    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        scratch: Path,
        guard: Guard,
        logs: LogWriter,
        exited: Callable[[str], None],
    ) -> None:
        self._process = process
        self._scratch = scratch
        self._guard = guard
        self._output = WorkerOutput(cast("IO[bytes]", process.stdout), logs)
        self._reader = threading.Thread(target=self._read, args=(exited,), daemon=True)
        self._reader.start()

    def _read(self, exited: Callable[[str], None]) -> None:
        self._output.copy()
        exited(exit_status(self._process.wait()))

    def running(self) -> bool:
        return self._process.poll() is None

    def settle(self) -> None:
        self._output.settle()

    def memory_bytes(self) -> int:
        return held_bytes(self._process.pid)

    def kill(self) -> None:
        kill_group(self._process.pid)
        self._process.wait()
        self._reader.join()
        self._guard.forget(self._process)
        shutil.rmtree(self._scratch, ignore_errors=True)


def held_bytes(pid: int) -> int:
    """Memory that a process holds for itself; 0 if the process has ended.

    Pages of mapped files (libraries, weights) do not count: the kernel can drop them. It is asked after every request,
    so the kernel's own table is read: https://www.kernel.org/doc/html/latest/filesystems/proc.html
    """
    if not psutil.LINUX:
        return footprint_bytes(pid)
    try:
        resident, shared = Path(f"/proc/{pid}/statm").read_bytes().split()[1:3]
    except OSError:
        return 0
    return (int(resident) - int(shared)) * PAGE_BYTES


def lambda_environment(function: Function, address: str, log_stream: str) -> dict[str, str]:
    """The environment variables that Lambda sets, and the function's own.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    """
    return {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mib),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group_name,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_RUNTIME_API": address,
        "AWS_REGION": REGION,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "_HANDLER": function.handler,
        **CREDENTIALS,
        **function.endpoints,
        **function.environment,
    }


def _with_mounts(function: Function, scratch: Path) -> dict[str, str]:
    """The function's variables that name a mount path, with the directory of this machine in place of the path.

    A container mounts the directory at that path; a process cannot. A variable that names the directory of all mounts
    gets one with a link for each.
    """
    replaced: dict[str, str] = {}
    for name, value in function.environment.items():
        if value == f"file://{MOUNT_ROOT}":
            replaced[name] = f"file://{_linked(function.mounts, scratch / 'mounts')}"
            continue
        for path, directory in function.mounts.items():
            if path in value:
                replaced[name] = value = value.replace(path, str(directory))
    return replaced


def _linked(mounts: Mapping[str, Path], root: Path) -> Path:
    root.mkdir(exist_ok=True)
    for path, directory in mounts.items():
        if path.startswith(f"{MOUNT_ROOT}/"):
            (root / path.removeprefix(f"{MOUNT_ROOT}/")).symlink_to(directory)
    return root


def exit_status(returncode: int) -> str:
    """The end of a process in Lambda's words. A negative return code is the number of the signal that ended it."""
    if returncode >= 0:
        return f"exit status {returncode}"
    names = {signal.SIGKILL: "killed", signal.SIGTERM: "terminated", signal.SIGSEGV: "segmentation fault"}
    number = signal.Signals(-returncode)
    return f"signal: {names.get(number, signal.strsignal(number) or number.name).lower()}"
