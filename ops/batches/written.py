"""Written: the files of answers, a line for each row."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ops.batches.chunks import Chunk
from ops.batches.kept import Answer, Kept
from ops.batches.rows import Row

LINES = (".jsonl", ".ndjson")


def name_of(key: str) -> str:
    """The name of a file's answers: the same, and what tells that they are JSON Lines."""
    return key if key.endswith(LINES) else f"{key}.jsonl"


def write(target: Path, rows: Iterable[Row], chunks: Sequence[Chunk], kept: Kept) -> Mapping[int, str]:
    """Write the lines of a file whose chunks are all answered. Returns the errors, by row. Raises ValueError if an
    answer is not one for each of its rows."""
    errors: dict[int, str] = {}
    answered = _answered(chunks, kept)
    with target.open("w", encoding="utf-8") as file:
        for number, row in enumerate(rows):
            line: dict[str, Any] = {"row": number}
            if row.error is not None:
                line |= {"status": 400, "error": row.error}
            else:
                line |= next(answered)
            if "error" in line:
                errors[number] = str(line["error"])
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return errors


def _answered(chunks: Sequence[Chunk], kept: Kept) -> Iterator[Mapping[str, Any]]:
    for chunk in chunks:
        for leaf in chunk.leaves():
            yield from _of_rows(leaf, kept.answer(leaf.id))


def _of_rows(chunk: Chunk, answer: Answer) -> Iterator[Mapping[str, Any]]:
    document = json.loads(answer.body)
    if answer.status != 200:
        said = {"status": answer.status, "error": document.get("error", "")}
        yield from (said for _ in chunk.numbers)
        return
    predictions = document.get("predictions")
    count = len(chunk.numbers)
    if not isinstance(predictions, list) or len(predictions) != count:
        raise ValueError(
            f"{chunk.source.key}: the model gives no answer for each of {count} rows, so that it cannot be asked in "
            "batches; ask it with --rows 1"
        )
    yield from ({"prediction": each} for each in predictions)
