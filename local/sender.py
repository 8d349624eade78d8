"""Sender: sends from a thread of its own, from construction until `stop`."""

import threading
from abc import ABC, abstractmethod


class Sender(ABC):
    """A subclass sets up what it sends before this is constructed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        """For what the thread and others share."""
        self._stopped = threading.Event()
        self._sender = threading.Thread(target=self._run, daemon=True)
        self._sender.start()

    def stop(self) -> None:
        """Have the thread end, and wait for that."""
        self._stopped.set()
        self._sender.join()

    @abstractmethod
    def _run(self) -> None:
        """Send until `_stopped` is set."""
