"""Sample files: real inputs that a user gives with `--samples`, read without pickle.

samples.npz       an array for each input
samples/*.npy     the same, one array a file
samples.jsonl     a request in each line, in the API's own form
"""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.npyio import NpzFile

from models.packaging.arrays import Arrays
from models.packaging.errors import PackagingError, reason_of

UNREADABLE = (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
FORMS = (
    "give an .npz file (numpy.savez(path, input_name=array)), a directory of .npy files named as the inputs, or a "
    '.jsonl file with a request in each line ({"instances": [...]} or {"inputs": {...}}), bytes as {"b64": "..."}'
)


class SampleArrays(NamedTuple):
    """Arrays by input name."""

    path: Path
    arrays: Arrays


class SampleRequests(NamedTuple):
    """Requests as clients send them."""

    path: Path
    lines: Mapping[int, Mapping[str, Any]]
    """Each request by its line's number, from 1."""


def read_samples(path: Path) -> SampleArrays | SampleRequests:
    """Read a sample file or directory. Raises PackagingError."""
    if path.is_dir():
        return SampleArrays(path=path, arrays={file.stem: _read_npy(file) for file in _npy_files(path)})
    if path.suffix.lower() in (".jsonl", ".ndjson", ".json"):
        return SampleRequests(path=path, lines=dict(_read_lines(path)))
    try:
        with path.open("rb") as content:
            file = np.load(content, allow_pickle=False)
            if not isinstance(file, NpzFile):
                raise ValueError("it holds one array without a name")
            return SampleArrays(path=path, arrays={name: file[name] for name in file.files})
    except UNREADABLE as error:
        raise PackagingError(f"{path} holds no samples that can be read ({_reason(error)}); {FORMS}") from None


def digest_samples(path: Path) -> str:
    """SHA-256 over all files of the samples, lower-case hexadecimal. Raises PackagingError."""
    digest = hashlib.sha256()
    try:
        for file in _npy_files(path) if path.is_dir() else [path]:
            digest.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
    except OSError as error:
        raise PackagingError(f"the samples {path} cannot be read ({error.strerror}); {FORMS}") from None
    return digest.hexdigest()


def _npy_files(directory: Path) -> list[Path]:
    files = sorted(directory.glob("*.npy"))
    if not files:
        raise PackagingError(f"{directory} holds no .npy file; {FORMS}")
    return files


def _read_npy(path: Path) -> np.ndarray:
    try:
        return np.load(path, allow_pickle=False)
    except UNREADABLE as error:
        raise PackagingError(f"{path} cannot be read ({_reason(error)}); write it with numpy.save") from None


def _read_lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")  # texts may hold what `splitlines` takes for an end
    except (OSError, UnicodeDecodeError) as error:
        raise PackagingError(f"{path} cannot be read ({reason_of(error)}); {FORMS}") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            document = json.loads(line)
        except ValueError as error:
            raise PackagingError(f"line {number} of {path} is not JSON ({error}); {FORMS}") from None
        if not isinstance(document, dict):
            raise PackagingError(f"line {number} of {path} is not a request; {FORMS}")
        yield number, document


def _reason(error: Exception) -> str:
    return "pickled objects are not read" if "pickle" in str(error) else reason_of(error)
