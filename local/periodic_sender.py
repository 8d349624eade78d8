"""PeriodicSender: sends what was read again and again, and what is left at its end."""

from abc import abstractmethod

from local.sender import Sender

SECONDS = 1.0
"""How often what was read is sent."""


class PeriodicSender(Sender):
    """A subclass guards what was read and not yet sent by the lock."""

    def _run(self) -> None:
        while not self._stopped.wait(SECONDS):
            self._send()
        self._send()

    @abstractmethod
    def _send(self) -> None:
        """Send what was read since the last time."""
