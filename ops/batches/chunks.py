"""Chunks: the rows of a file in requests, each with a name that follows from what it asks."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil, sqrt
from typing import NamedTuple

from ops.batches.rows import Row

MOST_BYTES = 4_000_000
"""The largest body, about as large as callers may send."""


class Source(NamedTuple):
    """A file of rows, as it is now."""

    key: str
    """Below the prefix of the batch."""
    tag: str
    """S3's entity tag of it."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What every row of a batch is asked."""

    model: str
    version: str
    """The version that answered when the batch began, or those that its label stood for. With another version, it is
    another batch."""
    signature: str | None = None
    label: str | None = None


@dataclass(kw_only=True)
class Chunk:
    """Rows of a file that one request asks about."""

    source: Source
    numbers: Sequence[int]
    """The numbers of the rows in their file, from 0."""
    id: str
    status: int | None = None
    """Of its answer; None as long as there is none."""
    parts: "list[Chunk]" = field(default_factory=list["Chunk"])
    """What it was cut into, because it was refused as a whole."""

    def leaves(self) -> "Iterator[Chunk]":
        """The chunks whose answers count, in the order of their rows."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()


def batch_id(source: Source, question: Question) -> str:
    """How the ids of all requests about a file begin: the same for the same file and question, so that a batch that was
    killed finds its answers again."""
    asked = [source.key, source.tag, question.model, question.version, question.signature, question.label]
    return hashlib.sha256("\0".join(each or "" for each in asked).encode()).hexdigest()[:24]


def chunked(rows: Iterable[Row], most_rows: int) -> Iterator[tuple[list[int], list[str]]]:
    """The numbers and instances of the rows of each chunk. Rows that are no instances are left out."""
    numbers, instances, size = list[int](), list[str](), 0
    for number, row in enumerate(rows):
        if row.error is not None:
            continue
        if numbers and (len(numbers) == most_rows or size + len(row.instance) > MOST_BYTES):
            yield numbers, instances
            numbers, instances, size = [], [], 0
        numbers.append(number)
        instances.append(row.instance)
        size += len(row.instance)
    if numbers:
        yield numbers, instances


def cut(chunk: Chunk) -> list[range]:
    """The places of the rows of each part of a chunk that was refused: as many parts as they have rows, so that a bad
    row is alone after two or three cuts."""
    count = len(chunk.numbers)
    size = ceil(count / ceil(sqrt(count)))
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


def chunk_id(batch: str, numbers: Sequence[int]) -> str:
    """The id of the request about these rows of a file."""
    return f"{batch}-{numbers[0]}-{len(numbers)}"
