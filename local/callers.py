"""Callers: requests to a stack at a fixed rate, each answer compared with what a version of its model answers."""

import http.client
import itertools
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from local.questions import Question
from local.sender import Sender

ANSWER_SECONDS = 60
"""How long a caller waits; API Gateway answers sooner."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a caller got. Times are those of `time.monotonic`."""

    question: Question
    due: float
    """When the request was to be sent: its latency counts from then, for the next one does not wait for it."""
    ended: float
    status: int
    """0 if no answer came."""
    body: bytes

    @property
    def seconds(self) -> float:
        """The latency."""
        return self.ended - self.due


class Versions:
    """Which versions of each model may answer, over time, and what each of them answers."""

    def __init__(self) -> None:
        self._allowed: dict[str, list[tuple[float, frozenset[int]]]] = defaultdict(list)
        self._answering: dict[tuple[Question, bytes], set[int]] = defaultdict(set)

    def know(self, version: int, answers: Mapping[Question, bytes]) -> None:
        """Keep what a version answers."""
        for question, body in answers.items():
            self._answering[question, body].add(version)

    def allow(self, model: str, *versions: int) -> None:
        """From now on, only these versions may answer."""
        self._allowed[model].append((time.monotonic(), frozenset(versions)))

    def allowed(self, model: str, began: float, ended: float) -> frozenset[int]:
        """The versions that were allowed at some time between two times."""
        entries = self._allowed[model]
        ends = [*(since for since, _ in entries[1:]), float("inf")]
        return frozenset[int]().union(
            *(versions for (since, versions), end in zip(entries, ends, strict=True) if since <= ended and began < end)
        )

    def answering(self, answer: Answer) -> frozenset[int]:
        """The versions whose answer this is; none if it is no version's."""
        return frozenset(self._answering.get((answer.question, answer.body), ()))

    def is_right(self, answer: Answer) -> bool:
        """Whether an answer with status 200 is the one of a version that was allowed while the request was under
        way."""
        return bool(self.answering(answer) & self.allowed(answer.question.model, answer.due, answer.ended))


class Callers(Sender):
    """Sends questions in turn, `per_second` of them, and never waits for an answer before it sends the next one.

    It begins at once, and goes on until `stop`.
    """

    def __init__(self, url: str, questions: Sequence[Question], per_second: float) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._prefix = parts.hostname or "", parts.port, parts.path
        self._questions, self._per_second = questions, per_second
        self._answers: list[Answer] = []
        self._waiting: set[threading.Thread] = set()
        super().__init__()

    def stop(self) -> None:
        """Send nothing more, and wait for the answers that are under way."""
        super().stop()
        self._join()

    def answers(self, began: float, ended: float) -> list[Answer]:
        """The answers to the requests that were due in this time; waits for those that are under way."""
        self._join()
        with self._lock:
            return [answer for answer in self._answers if began <= answer.due < ended]

    def latest(self, since: float) -> list[Answer]:
        """The answers that have come since a time; waits for none."""
        with self._lock:
            return [answer for answer in self._answers if answer.ended >= since]

    def _join(self) -> None:
        with self._lock:
            waiting = list(self._waiting)
        for thread in waiting:
            thread.join()

    def _run(self) -> None:
        began = time.monotonic()
        for number, question in enumerate(itertools.cycle(self._questions)):
            due = began + number / self._per_second
            if self._stopped.wait(max(0.0, due - time.monotonic())):
                return
            thread = threading.Thread(target=self._ask, args=(question, due), daemon=True)
            with self._lock:
                self._waiting.add(thread)
                thread.start()  # inside the lock, for no thread is waited for that has not started

    def _ask(self, question: Question, due: float) -> None:
        try:
            status, body = self._exchange(question)
        except (OSError, http.client.HTTPException) as error:
            status, body = 0, f"{type(error).__name__}: {error}".encode()
        answer = Answer(question=question, due=due, ended=time.monotonic(), status=status, body=body)
        with self._lock:
            self._answers.append(answer)
            self._waiting.discard(threading.current_thread())

    def _exchange(self, question: Question) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=ANSWER_SECONDS)
        try:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", self._prefix + question.path, question.body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()
