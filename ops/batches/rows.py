"""Rows: what a file holds, as instances in JSON, one for each row."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

READERS = (".jsonl", ".ndjson", ".csv", ".npy", ".npz")
"""How the names of files end that are read."""


class Row:
    """One row: an instance as JSON, or why it is none."""

    __slots__ = ("error", "instance")

    def __init__(self, instance: str, error: str | None = None) -> None:
        self.instance, self.error = instance, error


def rows(file: Path) -> Iterator[Row]:
    """The rows of a file, by the end of its name. Raises ValueError if the file as a whole cannot be read.

    JSON Lines: each line is an instance. CSV: each line is a list of numbers, or texts where they are none. npy: the
    array's first axis has the rows. npz: each row is an object, with an entry for each array.
    """
    match file.suffix:
        case ".jsonl" | ".ndjson":
            yield from _lines(file)
        case ".csv":
            yield from _fields(file)
        case ".npy" | ".npz":
            yield from _arrays(file)
        case other:
            raise ValueError(f"{file.name} ends with {other!r}; allowed are {', '.join(READERS)}")


def _lines(file: Path) -> Iterator[Row]:
    with file.open("rb") as lines:
        for line in lines:
            try:
                yield Row(json.dumps(json.loads(line)))
            except (ValueError, RecursionError) as error:
                yield Row("", f"the line is not JSON: {error}")


def _fields(file: Path) -> Iterator[Row]:
    with file.open(newline="", encoding="utf-8-sig") as text:
        try:
            for fields in csv.reader(text):
                yield Row(json.dumps([_value(field.strip()) for field in fields]))
        except csv.Error as error:
            raise ValueError(f"it is not CSV: {error}") from None


def _value(field: str) -> Any:
    try:
        number = float(field)
    except ValueError:
        return field
    return int(field) if field.lstrip("+-").isdigit() else number


def _arrays(file: Path) -> Iterator[Row]:
    import numpy as np  # late: files of text need it not

    try:
        if file.suffix == ".npy":
            loaded: Any = np.load(file, mmap_mode="r", allow_pickle=False)
            if not loaded.ndim:
                raise ValueError("it holds one number and no rows; give it an axis of rows")
            yield from (Row(json.dumps(row.tolist())) for row in loaded)
            return
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as several:
            arrays: dict[str, Any] = dict(several)
    except (OSError, EOFError, BadZipFile) as error:
        raise ValueError(f"it holds no arrays: {error}") from None
    lengths = {name: len(array) if array.ndim else 0 for name, array in arrays.items()}
    if len(set(lengths.values())) != 1:
        raise ValueError(f"its arrays have {lengths} rows; all must have the same number")
    for index in range(next(iter(lengths.values()))):
        yield Row(json.dumps({name: array[index].tolist() for name, array in arrays.items()}))
