"""Places to publish to: a bucket of an emulated S3, and a directory; and small packaged versions to publish."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from handlers.manifest import Artifact, Manifest, Signature, TensorSpec
from local.emulator import REGION
from models.packaging.repository import ModelRepository, list_files
from models.publishing.aws import client
from models.publishing.directory_objects import DirectoryObjects
from models.publishing.objects import Objects
from models.publishing.published_models import PublishedModels
from models.publishing.publisher import Publication
from models.publishing.s3_objects import S3Objects

KINDS = ("s3", "directory")


@pytest.fixture
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where to publish to; parametrised with a kind, or else both."""
    if request.param == "directory":
        return str(tmp_path / "published")
    aws = request.getfixturevalue("aws")
    bucket = f"published-{uuid4().hex}"
    client("s3", aws).create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    return f"s3://{bucket}/models"


@pytest.fixture
def objects(request: pytest.FixtureRequest, address: str) -> Objects:
    if not address.startswith("s3:"):
        return DirectoryObjects(Path(address))
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    return S3Objects(client("s3", request.getfixturevalue("aws")), bucket, prefix)


@pytest.fixture
def published(objects: Objects) -> PublishedModels:
    return PublishedModels(objects)


Pack = Callable[..., Publication]


@pytest.fixture
def packed(tmp_path: Path) -> Pack:
    """Package a version of one file and a second one, and say how to publish it."""

    def pack(content: str, version: int | None = None, width: int = 4, **options) -> Publication:
        return packed_in(tmp_path / f"packed-{uuid4().hex}", content, version, width, **options)

    return pack


def packed_in(root: Path, content: str, version: int | None = None, width: int = 4, **options) -> Publication:
    """Package a version in a repository of its own."""
    source = root / "source"
    source.mkdir(parents=True)
    (source / "model.tflite").write_text(content)
    (source / "notes").write_text("the same in every version")
    signature = Signature(
        inputs={"x": TensorSpec(dtype="float32", shape=(-1, width), tensor="x:0")},
        outputs={"y": TensorSpec(dtype="float32", shape=(-1,), tensor="y:0")},
    )
    artifact = Artifact(
        engine="litert",
        form="tflite",
        signatures=("serving_default",),
        files=("model.tflite",),
        memory_bytes=1,
        reason="",
    )

    def manifest_for(number: int) -> Manifest:
        return Manifest(
            model="m",
            version=number,
            signatures={"serving_default": signature},
            artifacts=(artifact,),
            files=list_files(source, ["model.tflite", "notes"]),
            fingerprint=content,
        )

    repository = ModelRepository(root / "repository")
    manifest = repository.publish(manifest_for, source, version)
    repository.point("m", manifest.version, replace=True)
    return Publication(source=repository, model="m", **options)


def silent(what: str) -> None:
    """Progress that nobody reads."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test of a place runs on each kind."""
    if "address" in metafunc.fixturenames:
        metafunc.parametrize("address", KINDS, indirect=True)
