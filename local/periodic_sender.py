"""PeriodicSender: sends what was read again and again, from a thread of its own."""

import threading
from abc import ABC, abstractmethod

SECONDS = 1.0
"""How often what was read is sent."""


class PeriodicSender(ABC):
    """Sends from construction until `stop`. A subclass sets up what it keeps before this is constructed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        """For what was read and not yet sent."""
        self._stopped = threading.Event()
        self._sender = threading.Thread(target=self._run, daemon=True)
        self._sender.start()

    def stop(self) -> None:
        """Send what is left, and end."""
        self._stopped.set()
        self._sender.join()

    def _run(self) -> None:
        while not self._stopped.wait(SECONDS):
            self._send()
        self._send()

    @abstractmethod
    def _send(self) -> None:
        """Send what was read since the last time."""
