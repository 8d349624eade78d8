"""CallersProcess: callers in a process of their own, so that they and the functions wait for each other's work less.

`python -m local.callers_process` is that process. It reads from its standard input what to do, and ends with it, also
if whoever started it is killed.
"""

import pickle
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import IO, Any, cast

from local.callers import Answer, Callers
from local.questions import Question
from local.stack_config import PROJECT


class CallersProcess:
    """`Callers` of another process: the same arguments, the same methods."""

    def __init__(self, url: str, questions: Sequence[Question], per_second: float) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "local.callers_process"],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # so that Ctrl-C in a terminal does not end it before it is asked for answers
        )
        self._pipes = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)
        self._ask(url, tuple(questions), per_second)

    def stop(self) -> None:
        """Send nothing more, and wait for the answers that are under way."""
        self._ask("stop")

    def answers(self, began: float, ended: float) -> list[Answer]:
        """The answers to the requests that were due in this time; waits for those that are under way."""
        return self._ask("answers", began, ended)

    def latest(self, since: float) -> list[Answer]:
        """The answers that have come since a time; waits for none."""
        return self._ask("latest", since)

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def _ask(self, *said: Any) -> Any:
        with self._lock:
            to, back = self._pipes
            pickle.dump(said, to)
            to.flush()
            return pickle.load(back)  # noqa: S301 - written by this module


def main() -> None:
    """Call, and do what is said on standard input, until it is closed."""
    callers: Callers | None = None
    while True:
        try:
            said = cast("tuple[Any, ...]", pickle.load(sys.stdin.buffer))  # noqa: S301 - written by this module
        except EOFError:
            return
        if callers is None:
            callers, answer = Callers(*said), None
        else:
            method, *arguments = said
            answer = getattr(callers, method)(*arguments)
        pickle.dump(answer, sys.stdout.buffer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
