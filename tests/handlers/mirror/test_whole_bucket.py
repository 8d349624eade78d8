"""The mirror of everything that a bucket lists, damaged copies, and documents that nobody packaged."""

import json
from pathlib import Path
from typing import Any

import pytest

from handlers import model_sync
from handlers.mirror.bucket import BucketRepository
from handlers.model_sync import COMPARED_BYTES, SyncFailed, synchronize
from tests.handlers.mirror.conftest import PublishedModels
from tests.handlers.mirror.reading import assert_every_version_is_whole, files, served_versions

WEIGHTS = b"weights of a model"
OTHER = b"weights of a modeL"


@pytest.fixture
def environment(bucket: PublishedModels, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_STORE_URI", bucket.uri)
    monkeypatch.setenv("MODEL_SYNC_TARGET", str(target))
    monkeypatch.delenv("MODEL_NAMES", raising=False)


def publish(bucket: PublishedModels, *models: str, version: int = 1) -> None:
    for model in models:
        bucket.version(model, version, {"model.tflite": WEIGHTS})
        bucket.point(model, version)


def unpublish(bucket: PublishedModels, model: str) -> None:
    bucket.delete(f"{model}/current.json")
    bucket.unpublish(model, 1)


def notification(*models: str) -> dict[str, Any]:
    keys = [f"models/{model}/current.json" for model in models]
    return {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": {"key": key}}} for key in keys]}


# The bucket is the list.


def test_without_names_every_model_of_the_bucket_is_mirrored(bucket, target, environment):
    publish(bucket, "digits", "iris")
    assert model_sync.handler({}, None)["models"].keys() == {"digits", "iris"}
    publish(bucket, "wine")
    assert model_sync.handler(notification("wine"), None)["models"].keys() == {"wine"}
    assert {path.name for path in target.iterdir() if path.is_dir()} == {"digits", "iris", "wine"}


def test_an_empty_list_of_names_is_no_list(bucket, target, environment, monkeypatch):
    monkeypatch.setenv("MODEL_NAMES", "")
    publish(bucket, "digits")
    model_sync.handler({}, None)
    assert served_versions(target, "digits") == {1}


def test_a_model_that_is_no_longer_in_the_bucket_is_removed(bucket, target, environment):
    publish(bucket, "digits", "iris")
    model_sync.handler({}, None)
    unpublish(bucket, "iris")
    report = model_sync.handler(notification("iris"), None)
    assert report["models"]["iris"]["removed"] == [1]
    assert not (target / "iris").exists()
    assert served_versions(target, "digits") == {1}


def test_an_empty_bucket_is_mirrored_as_an_empty_directory(bucket, target, environment):
    for _ in range(2):
        assert model_sync.handler({"reason": "deployment"}, None) == {"failed": False, "models": {}, "unchanged": 0}
    assert files(target) == {}
    publish(bucket, "digits")
    model_sync.handler({}, None)
    unpublish(bucket, "digits")
    model_sync.handler({}, None)
    assert files(target) == {}


def test_what_cannot_be_a_model_is_neither_copied_nor_removed(bucket, target, environment):
    for path in ("not a name/current.json", "README.md", ".hidden/1/manifest.json"):
        bucket.put(path, b"{}")
    (target / "lost+found").mkdir(parents=True)
    assert model_sync.handler({}, None)["models"] == {}
    assert [path.name for path in target.iterdir() if path.is_dir()] == ["lost+found"]


def test_models_that_did_not_change_are_counted_and_cost_no_request(bucket, target, environment, monkeypatch):
    publish(bucket, *(f"model-{number}" for number in range(8)))
    model_sync.handler({}, None)
    read: list[str] = []
    document = BucketRepository.document
    monkeypatch.setattr(
        BucketRepository, "document", lambda self, model, path: read.append(path) or document(self, model, path)
    )
    assert model_sync.handler({}, None) == {"failed": False, "models": {}, "unchanged": 8}
    assert read == []


# What differs is repaired.


def flip(path: Path) -> None:
    path.write_bytes(OTHER)


def test_a_bit_that_flipped_on_the_file_system_is_repaired_by_the_next_sync(bucket, target, environment):
    publish(bucket, "digits", "iris")
    model_sync.handler({}, None)
    flip(target / "iris" / "1" / "model.tflite")
    report = model_sync.handler({}, None)
    assert report["models"]["iris"]["copied"] == [1]
    assert files(target)["iris/1/model.tflite"] == WEIGHTS
    assert_every_version_is_whole(target)


def test_a_notification_compares_the_models_that_it_names_and_a_few_others(bucket, target, environment, monkeypatch):
    publish(bucket, "digits", "iris")
    model_sync.handler({}, None)
    monkeypatch.setattr("handlers.model_sync.COMPARED_BYTES", 10)
    for model in ("digits", "iris"):
        flip(target / model / "1" / "model.tflite")
    assert model_sync.handler(notification("iris"), None)["models"].keys() == {"iris"}
    monkeypatch.setattr("handlers.model_sync.COMPARED_BYTES", COMPARED_BYTES)
    assert model_sync.handler(notification("iris"), None)["models"].keys() == {"digits"}
    assert_every_version_is_whole(target)


def test_a_manifest_that_was_damaged_on_the_file_system_is_repaired(bucket, target, environment):
    publish(bucket, "digits")
    model_sync.handler({}, None)
    path = target / "digits" / "1" / "manifest.json"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"size": 18', b'"size": 17'))
    model_sync.handler(notification("other"), None)
    assert path.read_bytes() == whole


# One bad model never stops the others.

BAD_MANIFESTS = {
    "no JSON": b"\xff\xfe\x00",
    "deep": b"[" * 100_000,
    "a NUL in a path": "path:a\0b",
    "a path upwards": "path:../../iris/1/model.tflite",
    "an absolute path": "path:/etc/passwd",
    "a list for a path": b'{"schema_version": 1, "files": [{"path": ["a"]}]}',
    "a number as text": "size:18",
    "an empty checksum": "sha256:",
    "a huge file": "size:9223372036854775807",
    "another model": "model:wine",
}


@pytest.mark.parametrize("kind", BAD_MANIFESTS)
def test_a_bad_manifest_keeps_its_version_out_and_nothing_else(bucket, target, environment, kind):
    publish(bucket, "digits", "iris", "wine")
    model_sync.handler({}, None)
    before = files(target)
    publish(bucket, "iris", version=2)
    bucket.put("iris/2/manifest.json", bad_manifest(bucket, BAD_MANIFESTS[kind]))
    publish(bucket, "wine", version=2)

    with pytest.raises(SyncFailed) as failure:
        model_sync.handler({}, None)

    report = json.loads(str(failure.value))["models"]
    assert report["iris"]["failures"]
    assert report["wine"]["copied"] == [2]
    assert {path: content for path, content in files(target).items() if not path.startswith("wine/")} == {
        path: content for path, content in before.items() if not path.startswith("wine/")
    }
    assert json.loads(files(target)["iris/current.json"])["version"] == 1
    assert json.loads(files(target)["wine/current.json"])["version"] == 2


def bad_manifest(bucket: PublishedModels, change: bytes | str) -> bytes:
    if isinstance(change, bytes):
        return change
    key = f"{bucket.prefix}/iris/2/manifest.json"
    document = json.loads(bucket.client.get_object(Bucket=bucket.bucket, Key=key)["Body"].read())
    where, _, value = change.partition(":")
    if where == "model":
        document["model"] = value
    else:
        document["files"][0][where] = int(value) if len(value) > 10 and value.isdigit() else value
        document["artifacts"][0]["files"] = [document["files"][0]["path"]]
    return json.dumps(document).encode()


def test_an_error_that_nobody_foresaw_stops_one_model_only(bucket, target, environment, monkeypatch):
    publish(bucket, "digits", "iris", "wine")
    document = BucketRepository.document

    def fail(self: BucketRepository, model: str, path: str) -> bytes:
        if model == "iris":
            raise KeyError("unforeseen")
        return document(self, model, path)

    monkeypatch.setattr(BucketRepository, "document", fail)
    with pytest.raises(SyncFailed, match="KeyError: 'unforeseen'"):
        model_sync.handler({}, None)
    assert served_versions(target, "digits") == served_versions(target, "wine") == {1}


def test_a_file_that_is_longer_than_its_manifest_says_is_not_written_to_the_end(bucket, target):
    publish(bucket, "digits")
    bucket.put("digits/1/model.tflite", WEIGHTS * 300_000)
    with pytest.raises(SyncFailed, match="more than 18 bytes; the manifest says 18"):
        synchronize(bucket.repository(), target, ["digits"])
    assert served_versions(target, "digits") == set()


def test_a_bucket_that_cannot_be_listed_changes_nothing(bucket, target, environment, monkeypatch):
    publish(bucket, "digits")
    model_sync.handler({}, None)
    before = files(target)
    monkeypatch.setenv("MODEL_STORE_URI", f"s3://{bucket.bucket}-absent/models")
    with pytest.raises(SyncFailed, match="NoSuchBucket"):
        model_sync.handler({}, None)
    assert files(target) == before
