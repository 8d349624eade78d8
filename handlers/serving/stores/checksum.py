"""A version's files beside the checksums of its manifest, as quickly as the size of a file allows."""

import os
from errno import EIO
from pathlib import Path
from typing import Any

from handlers.manifest import FileEntry

BLAKE3_BYTES = 256 * 1024
"""From this size on BLAKE3 is worth its import: it takes 0.6 ms, and hashes many times as fast as Python's SHA-256."""

OPENSSL_BYTES = 512 * 1024
"""From this size on OpenSSL's SHA-256 is worth its import of 4 ms, where an entry has no BLAKE3."""


class Comparison:
    """Compares the bytes of a file, as they come, with its entry in the manifest.

    By BLAKE3 if the file is large and the entry has it, else by SHA-256. An entry that lacks both is not compared.
    """

    def __init__(self, entry: FileEntry) -> None:
        by_blake3 = entry.blake3 and (entry.size >= BLAKE3_BYTES or not entry.sha256)
        self._name, self._expected = ("BLAKE3", entry.blake3) if by_blake3 else ("SHA-256", entry.sha256)
        self._digest = _digest(self._name, entry.size) if self._expected else None

    @property
    def is_needed(self) -> bool:
        """Whether there is something to compare with. If not, no bytes need to be read."""
        return self._digest is not None

    def update(self, content: Any) -> None:
        """Take the next bytes of the file. Other Python threads run meanwhile if they are many."""
        if self._digest is not None:
            self._digest.update(content)

    def difference(self) -> str | None:
        """What differs, as in "has the SHA-256 …; the manifest says …"; None if nothing does."""
        if self._digest is None or (found := self._digest.hexdigest()) == self._expected:
            return None
        return f"has the {self._name} {found}; the manifest says {self._expected}"


def difference(path: Path, entry: FileEntry) -> str | None:
    """What differs in a whole file: see `Comparison.difference`. Raises OSError."""
    comparison = Comparison(entry)
    if not comparison.is_needed:
        return None
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < BLAKE3_BYTES:
            comparison.update(file.read())
        else:
            from mmap import ACCESS_READ, mmap

            # In one call: after each, this thread could wait for a thread that imports modules.
            try:
                with mmap(file.fileno(), size, access=ACCESS_READ) as content:
                    comparison.update(content)
            except ValueError as error:  # the file has become shorter
                raise OSError(EIO, "it became shorter meanwhile") from error
    return comparison.difference()


def _digest(name: str, size: int) -> Any:
    if name == "BLAKE3":
        from blake3 import blake3

        return blake3()
    if size >= OPENSSL_BYTES:
        from hashlib import sha256
    else:
        sha256 = _small_sha256()
    return sha256()


def _small_sha256() -> Any:
    """Python's own implementation, which `hashlib` also uses where there is no OpenSSL."""
    try:
        from _sha2 import sha256  # pyright: ignore  # since Python 3.12
    except ImportError:
        try:
            from _sha256 import sha256  # pyright: ignore  # Python 3.11
        except ImportError:  # another Python
            from hashlib import sha256
    return sha256
