"""What tests of the local stack wait for, and how its workers end."""

import socket
import threading
from collections.abc import Callable, Iterable

import psutil

from local.emulator import HOST

ENDINGS = [
    ({"exit": 3}, "Runtime exited with error: exit status 3"),
    ({"exit": 0}, "Runtime exited without providing a reason"),
    ({"die": True}, "Runtime exited with error: signal: killed"),
]
"""Events that make the function `misbehaving` end its worker, and Lambda's message."""


def wait_until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds; the test's timeout bounds the wait."""
    while not condition():
        threading.Event().wait(0.01)


def wait_until_gone(processes: Iterable[psutil.Process]) -> None:
    """Return when no process of these runs, and no thread of one."""
    for process in processes:
        wait_until(lambda process=process: _gone(process))


def _gone(process: psutil.Process) -> bool:
    """Whether its last thread has ended. A process is a zombie when its main thread has ended, and has its ports until
    the last one ends."""
    try:
        return not process.is_running() or (process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1)
    except psutil.NoSuchProcess:
        return True


def listening(port: int) -> bool:
    """Whether a process listens on a port of the loopback interface."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
