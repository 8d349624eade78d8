"""Running: leads a batch to its end. What is answered already is not asked again."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from ops.batches.chunks import Chunk, Source, chunk_id, cut
from ops.batches.kept import AT_ONCE, Kept

CUT = (400, 413, 501, 504)
"""The statuses of an answer that parts of the chunk may not get: a bad row, too many rows, an answer that JSON cannot
have, too long."""

LOOK_SECONDS = 0.5
"""How often answers are looked for."""

DEAD_SECONDS = 5.0
"""How often the dead letters are looked at."""

THREADS = 16


@dataclass(kw_only=True)
class Progress:
    """How far a batch is, in rows."""

    rows: int = 0
    answered: int = 0
    found: int = 0
    """Rows that were answered by an earlier run."""
    refused: int = 0
    failed: int = 0


@dataclass(kw_only=True)
class Running:
    """The chunks of a batch, and what is known of each."""

    kept: Kept
    say: Callable[[Progress], None]
    progress: Progress = field(default_factory=Progress)
    chunks: list[Chunk] = field(default_factory=list[Chunk])
    """Those that files were divided into, in their order."""
    dead: list[Chunk] = field(default_factory=list[Chunk])
    """Those whose messages are dead letters."""
    _waiting: dict[str, Chunk] = field(default_factory=dict[str, Chunk])
    _messages: dict[str, str] = field(default_factory=dict[str, str])
    """The requests by the ids of the messages of this run."""

    def add(self, source: Source, batch: str, divided: Iterator[tuple[list[int], list[str]]]) -> None:
        """Ask for the chunks of a file, but for those that are answered. Raises ValueError if the file cannot be read
        to its end; then nothing of it is waited for."""
        try:
            self._add(source, batch, divided)
        except ValueError:
            self._waiting = {key: each for key, each in self._waiting.items() if each.source != source}
            raise

    def _add(self, source: Source, batch: str, divided: Iterator[tuple[list[int], list[str]]]) -> None:
        with ThreadPoolExecutor(THREADS) as pool:
            answered = list(self.kept.answered(batch))
            known = dict(zip(answered, pool.map(self.kept.status, answered), strict=True))
            sent = list[Future[Mapping[str, str]]]()
            group: dict[str, list[str]] = {}
            for numbers, instances in divided:
                chunk = Chunk(source=source, numbers=numbers, id=chunk_id(batch, numbers))
                self.chunks.append(chunk)
                self.progress.rows += len(numbers)
                for missing in self._found(chunk, known):
                    picked = [instances[chunk.numbers.index(number)] for number in missing.numbers]
                    group[missing.id] = picked
                    if len(group) >= AT_ONCE:
                        sent.append(pool.submit(self._ask, group))
                        group = {}
            sent.append(pool.submit(self._ask, group))
            for each in sent:
                each.result()
        self.say(self.progress)

    def finish(self) -> None:
        """Wait until every chunk is answered, or its message is a dead letter."""
        looked = time.monotonic()
        with ThreadPoolExecutor(THREADS) as pool:
            while self._waiting:
                time.sleep(LOOK_SECONDS)
                batches = {request.partition("-")[0] for request in self._waiting}
                news = [each for batch in batches for each in self.kept.answered(batch) if each in self._waiting]
                for request, status in zip(news, pool.map(self.kept.status, news), strict=True):
                    self._note(self._waiting.pop(request), status)
                if time.monotonic() - looked > DEAD_SECONDS:
                    looked = time.monotonic()
                    self._bury()
                self.say(self.progress)

    def _ask(self, group: Mapping[str, list[str]]) -> Mapping[str, str]:
        messages = self.kept.ask(group) if group else {}
        self._messages |= {message: request for request, message in messages.items()}
        return messages

    def _found(self, chunk: Chunk, known: Mapping[str, int]) -> Iterator[Chunk]:
        """What of a chunk must be asked for: an earlier run may have answers to it, or to its parts."""
        status = known.get(chunk.id)
        if status is None or (status >= 500 and status not in CUT):
            if status is not None:
                self.kept.forget(chunk.id)
            self._waiting[chunk.id] = chunk
            yield chunk
        elif status in CUT and len(chunk.numbers) > 1:
            chunk.status = status
            for part in _parts(chunk):
                yield from self._found(part, known)
        else:
            self._count(chunk, status)
            self.progress.found += len(chunk.numbers)

    def _note(self, chunk: Chunk, status: int) -> None:
        if status not in CUT or len(chunk.numbers) == 1:
            self._count(chunk, status)
            return
        chunk.status = status
        instances = dict(zip(chunk.numbers, self.kept.instances(chunk.id), strict=True))
        parts = _parts(chunk)
        self._waiting |= {part.id: part for part in parts}
        self._ask({part.id: [instances[number] for number in part.numbers] for part in parts})

    def _count(self, chunk: Chunk, status: int) -> None:
        chunk.status = status
        if status == 200:
            self.progress.answered += len(chunk.numbers)
        elif status < 500 or status in CUT:
            self.progress.refused += len(chunk.numbers)
        else:
            self.progress.failed += len(chunk.numbers)

    def _bury(self) -> None:
        for message in self.kept.dead(self._messages.keys()):
            chunk = self._waiting.pop(self._messages[message], None)
            if chunk is not None:
                self.dead.append(chunk)
                self.progress.failed += len(chunk.numbers)


def _parts(chunk: Chunk) -> list[Chunk]:
    batch = chunk.id.partition("-")[0]
    rows = [[chunk.numbers[place] for place in places] for places in cut(chunk)]
    chunk.parts = [Chunk(source=chunk.source, numbers=each, id=chunk_id(batch, each)) for each in rows]
    return chunk.parts
