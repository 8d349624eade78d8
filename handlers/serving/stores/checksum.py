"""A version's files beside the checksums of its manifest, as quickly as the size of a file allows."""

import os
from pathlib import Path
from typing import Any

from handlers.manifest import FileEntry

BLAKE3_BYTES = 256 * 1024
"""From this size on BLAKE3 is worth its import: it takes 0.6 ms, and hashes many times as fast as Python's SHA-256."""


class Comparison:
    """Compares the bytes of a file, as they come, with what its manifest says. With no checksum there, all are equal.

    The checksum is the entry's BLAKE3 if it has one and the file is large, else its SHA-256.
    """

    def __init__(self, entry: FileEntry) -> None:
        large = entry.size >= BLAKE3_BYTES
        self._name, self._expected = ("BLAKE3", entry.blake3) if large and entry.blake3 else ("SHA-256", entry.sha256)
        self._digest = _digest(self._name, large) if self._expected else None

    def update(self, content: Any) -> None:
        """Take the next bytes of the file. Other Python threads run meanwhile if they are many."""
        if self._digest is not None:
            self._digest.update(content)

    def difference(self) -> str | None:
        found = self._expected if self._digest is None else self._digest.hexdigest()
        found = self._expected if self._digest is None else self._digest.hexdigest()
        if found == self._expected:
            return None
        return f"has the {self._name} {found}; the manifest says {self._expected}"


def difference(path: Path, entry: FileEntry) -> str | None:
    """The same of a whole file. Raises OSError."""
    comparison = Comparison(entry)
    if not entry.sha256 and not entry.blake3:
        return None
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < BLAKE3_BYTES:
            comparison.update(file.read())
        else:
            from mmap import ACCESS_READ, mmap

            # In one call: after each, this thread could wait for a thread that imports modules.
            with mmap(file.fileno(), size, access=ACCESS_READ) as content:
                comparison.update(content)
    return comparison.difference()


def _digest(name: str, large: bool) -> Any:
    if name == "BLAKE3":
        from blake3 import blake3

        return blake3()
    if large:
        from hashlib import sha256  # OpenSSL's, whose import takes 4 ms
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
