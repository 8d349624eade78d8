"""A process that compares a file with a checksum once, and prints the processor time of that, imports included.

    python -m benchmarks.baselines.checksums WAY FILE

WAY is `sha256`, where the manifest has no other checksum, or `blake3`, where it has both.
"""

import json
import sys
import time
from pathlib import Path

from handlers.manifest import FileEntry
from handlers.serving.stores.checksum import difference


def main(way: str, file: str) -> None:
    """Compare the file with a checksum of zeros, which differs."""
    path = Path(file)
    other = "0" * 64
    checksums = {"sha256": other, "blake3": other} if way == "blake3" else {"sha256": other}
    entry = FileEntry(path=path.name, size=path.stat().st_size, **checksums)
    began = time.process_time()
    found = difference(path, entry)
    seconds = time.process_time() - began
    if found is None:
        raise ValueError(f"{path} was not found to differ")
    print(json.dumps({"seconds": seconds, "found": found}))


if __name__ == "__main__":
    main(*sys.argv[1:])
