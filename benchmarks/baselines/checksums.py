"""A process that compares a file once with a checksum, and prints the processor time that it took, imports included.

    python -m benchmarks.baselines.checksums WAY FILE

WAY is `blake3` or `sha256`, which the entry of the manifest has then.
"""

import json
import sys
import time
from pathlib import Path

from handlers.manifest import FileEntry
from handlers.serving.stores.checksum import difference


def main(way: str, file: str) -> None:
    """Compare, with a checksum that no file has."""
    path = Path(file)
    other = "0" * 64
    checksums = {"sha256": other, "blake3": other} if way == "blake3" else {"sha256": other}
    entry = FileEntry(path=path.name, size=path.stat().st_size, **checksums)
    began = time.process_time()
    found = difference(path, entry)
    seconds = time.process_time() - began
    if found is None:
        raise ValueError(f"{path} has the checksum that no file has")
    print(json.dumps({"seconds": seconds, "found": found}))


if __name__ == "__main__":
    main(*sys.argv[1:])
