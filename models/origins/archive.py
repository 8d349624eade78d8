"""Extracts a `model.tar.gz` as SageMaker writes it: regular files below one directory, and nothing else."""

import gzip
import shutil
import tarfile
import zlib
from pathlib import Path
from typing import BinaryIO, cast

from handlers.manifest_reading import is_plain_path
from models.origins.errors import OriginError

SUFFIXES = (".tar.gz", ".tgz")

LARGEST_BYTES = 10 << 30
"""The most bytes that are extracted: no function can hold a larger model."""

MOST_FILES = 100_000

LARGEST_READ = 1 << 20
"""The most bytes that are inflated at a time. tarfile reads a header of any size as a whole, files in small pieces."""


def is_archive(name: str) -> bool:
    """Whether a file is one, by its name."""
    return name.lower().endswith(SUFFIXES)


def extract(archive: Path, directory: Path, where: str) -> None:
    """Extract an archive into a directory.

    Raises OriginError if it is damaged, larger than is allowed, or holds a link, a device or a path that leads out of
    the directory. What was extracted until then stays.
    """
    try:
        with (
            gzip.open(archive) as inflated,
            tarfile.open(fileobj=cast("BinaryIO", _Bounded(inflated, where)), mode="r:") as tar,
        ):
            _extract_all(tar, directory, where)
            _read_to_the_end(inflated, where)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, UnicodeError) as error:
        raise OriginError(f"{where} is damaged, or no archive of tar and gzip: {error}") from None


def _extract_all(tar: tarfile.TarFile, directory: Path, where: str) -> None:
    total = 0
    for number, member in enumerate(tar):
        total += max(member.size, 0)
        if number >= MOST_FILES or total > LARGEST_BYTES:
            raise OriginError(f"{where} holds more than {MOST_FILES} files or {LARGEST_BYTES} bytes, the most allowed")
        path = member.name.removeprefix("./").rstrip("/")
        if member.isdir() and path in ("", "."):
            continue
        if not is_plain_path(path):
            raise OriginError(f"{where} holds {member.name!r}, which leads out of it; pack files by relative paths")
        if not (member.isdir() or member.isreg()):
            raise OriginError(f"{where} holds {member.name!r}, a link or a device; pack the file itself (tar -h)")
        _extract(tar, member, directory / path, where)


def _read_to_the_end(inflated: gzip.GzipFile, where: str) -> None:
    """gzip's checksum comes last, after what tar reads."""
    while inflated.read(LARGEST_READ):
        if inflated.tell() > LARGEST_BYTES:
            raise OriginError(f"{where} inflates to more than {LARGEST_BYTES} bytes, the most allowed")


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path, where: str) -> None:
    try:
        if member.isdir():
            target.mkdir(parents=True, exist_ok=True)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        content = tar.extractfile(member)
        assert content is not None  # noqa: S101 - it is a regular file
        with target.open("xb") as file:
            shutil.copyfileobj(content, file)
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        raise OriginError(f"{where} holds {member.name!r} twice, as a file and as something else or again") from None


class _Bounded:
    """An inflated file that refuses to read much at once."""

    def __init__(self, file: gzip.GzipFile, where: str) -> None:
        self._file, self._where = file, where

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= LARGEST_READ:
            raise OriginError(f"{self._where} has a header of {size} bytes; at most {LARGEST_READ} are allowed")
        return self._file.read(size)

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)
