"""SHA-256 of files, as quickly as the size of a file allows."""

import os
from pathlib import Path
from typing import Any

OPENSSL_BYTES = 512 * 1024
"""From this size on OpenSSL is worth its import: it takes 4 ms, and is then several times as fast as Python's own."""


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in lower-case hexadecimal. Other Python threads run meanwhile. Raises OSError."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < OPENSSL_BYTES:
            return _small_sha256()(file.read()).hexdigest()
        from hashlib import sha256
        from mmap import ACCESS_READ, mmap

        # In one call: after each, this thread could wait for a thread that imports modules.
        with mmap(file.fileno(), size, access=ACCESS_READ) as content:
            return sha256(content).hexdigest()


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
