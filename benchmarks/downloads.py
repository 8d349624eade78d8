"""A process that fetches a model from a bucket once, and prints the seconds that it took, with imports, and the bytes.

Run it as `python -m benchmarks.downloads WAY BUCKET MODEL`; the bucket's prefix is `models`.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

PREFIX = "models"


def with_store(bucket: str, model: str) -> Path:
    """Fetch with the handler's store: parallel ranges, and the checksum compared with the manifest's."""
    from handlers.serving.stores import open_store

    store = open_store(f"s3://{bucket}/{PREFIX}")
    version = store.pointer(model).version
    manifest = store.manifest(model, version)
    (artifact,) = manifest.artifacts
    return store.fetch(model, version, manifest.files_of(artifact)) / artifact.files[0]


def with_get_object(bucket: str, model: str) -> Path:
    """Fetch as tutorials do: one `get_object`, read to its end."""
    import boto3

    client = boto3.client("s3")
    body = client.get_object(Bucket=bucket, Key=f"{PREFIX}/{model}/1/model.tflite")["Body"]
    path = Path(tempfile.gettempdir()) / "model.tflite"
    with path.open("wb") as file:
        for chunk in body.iter_chunks(1 << 20):
            file.write(chunk)
    return path


WAYS: Mapping[str, Callable[[str, str], Path]] = {"store": with_store, "get_object": with_get_object}


if __name__ == "__main__":
    began = time.monotonic()
    fetched = WAYS[sys.argv[1]](*sys.argv[2:])
    print(json.dumps({"seconds": time.monotonic() - began, "bytes": fetched.stat().st_size}))
