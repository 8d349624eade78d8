"""An S3 to mirror from: the emulator that the local stack runs on."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import boto3
import pytest

from handlers.manifest import Artifact, FileEntry, Manifest, Pointer, Signature, TensorSpec
from handlers.mirror.bucket import BucketRepository
from local.emulator import CREDENTIALS, REGION, Emulator
from local.guard import Guard


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The address of an emulated S3 that lives as long as the tests."""
    with Guard() as guard, Emulator(guard) as emulator:
        yield emulator.url


class PublishedModels:
    """A bucket that a test publishes models to, in the layout that packaging writes."""

    prefix = "models"

    def __init__(self, client) -> None:
        self.client = client
        self.bucket = f"models-{uuid4().hex[:12]}"
        client.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    def repository(self) -> BucketRepository:
        return BucketRepository(self.client, self.bucket, self.prefix)

    def put(self, path: str, content: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=f"{self.prefix}/{path}", Body=content)

    def delete(self, *paths: str) -> None:
        for path in paths:
            self.client.delete_object(Bucket=self.bucket, Key=f"{self.prefix}/{path}")

    def version(self, model: str, version: int, files: Mapping[str, bytes]) -> None:
        """Publish a version: its files, then its manifest. Engines read all of them but `saved_model/...`."""
        for path, content in files.items():
            self.put(f"{model}/{version}/{path}", content)
        self.put(f"{model}/{version}/manifest.json", manifest(model, version, files).to_json().encode())

    def point(self, model: str, version: int, **labels: int) -> None:
        self.put(f"{model}/current.json", Pointer(version=version, labels=labels).to_json().encode())

    def unpublish(self, model: str, version: int) -> None:
        """Delete a version, its manifest first."""
        root = f"{self.prefix}/{model}/{version}/"
        self.delete(f"{model}/{version}/manifest.json")
        for item in self.client.list_objects_v2(Bucket=self.bucket, Prefix=root).get("Contents", []):
            self.client.delete_object(Bucket=self.bucket, Key=item["Key"])


def manifest(model: str, version: int, files: Mapping[str, bytes]) -> Manifest:
    engine_files = tuple(path for path in files if not path.startswith("saved_model/"))
    return Manifest(
        model=model,
        version=version,
        signatures={
            "serving_default": Signature(
                inputs={"x": TensorSpec(dtype="float32", shape=(-1, 4))},
                outputs={"y": TensorSpec(dtype="float32", shape=(-1, 1))},
            )
        },
        artifacts=(
            Artifact(
                engine="litert",
                form="tflite",
                signatures=("serving_default",),
                files=engine_files,
                memory_bytes=0,
                reason="converts and verifies",
            ),
        ),
        files=tuple(
            FileEntry(path=path, size=len(content), sha256=hashlib.sha256(content).hexdigest())
            for path, content in files.items()
        ),
    )


@pytest.fixture
def bucket(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> PublishedModels:
    """An empty bucket of the test's own, and the environment in which AWS clients find it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return PublishedModels(boto3.client("s3"))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """The file system's root: readers look here."""
    return tmp_path / "mnt" / "models"
