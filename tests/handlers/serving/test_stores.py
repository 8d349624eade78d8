"""Where files come from: a directory, a bucket, and the function's own disk between bucket and engine."""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials

from handlers.checked_json import ManifestError
from handlers.manifest import FileEntry, Pointer
from handlers.serving.stores import NotInStore, StoreError, open_store
from handlers.serving.stores.directory import DirectoryStore
from handlers.serving.stores.disk_tier import DiskTier
from handlers.serving.stores.s3 import S3Store
from handlers.serving.stores.signed_http import TRIES, Credentials, sign
from tests.handlers.s3_server import BUCKET, S3Server
from tests.handlers.threads import run_at_once


def entry(path: str, content: bytes) -> FileEntry:
    return FileEntry(path=path, size=len(content), sha256=hashlib.sha256(content).hexdigest())


def test_a_uri_opens_the_store_behind_it(s3: S3Server) -> None:
    assert isinstance(open_store("file:///mnt/models"), DirectoryStore)
    assert isinstance(open_store(f"s3://{BUCKET}/models"), S3Store)
    with pytest.raises(ValueError, match="must be s3://bucket/prefix or file:///path"):
        open_store("https://example.com")


def test_a_directory_serves_its_files_where_they_lie(tmp_path: Path) -> None:
    version = tmp_path / "m" / "3"
    version.mkdir(parents=True)
    (version / "model.tflite").write_bytes(b"weights")
    (tmp_path / "m" / "current.json").write_text('{"version": 3, "labels": {"stable": 2}}')
    store = DirectoryStore(tmp_path)
    assert store.pointer("m") == Pointer(version=3, labels={"stable": 2})
    assert store.fetch("m", 3, [entry("model.tflite", b"weights")]) == version
    (tmp_path / "m" / "new.json").write_text('{"version": 4}')
    (tmp_path / "m" / "new.json").replace(tmp_path / "m" / "current.json")
    assert store.pointer("m") == Pointer(version=4)
    with pytest.raises(NotInStore):
        store.pointer("absent")
    with pytest.raises(NotInStore):
        store.manifest("m", 9)
    with pytest.raises(StoreError, match=r"m/3/model.tflite has 7 bytes; the manifest says 9"):
        store.fetch("m", 3, [entry("model.tflite", b"different")])
    with pytest.raises(StoreError, match=r"m/3/absent is not there"):
        store.fetch("m", 3, [entry("absent", b"")])


def test_a_directory_is_seen_as_it_is_and_not_as_nfs_remembers_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version, pointer = tmp_path / "m" / "3", tmp_path / "m" / "current.json"
    version.mkdir(parents=True)
    (version / "model.tflite").write_bytes(b"half")
    pointer.write_text('{"version": 3}')
    remembered = {path: path.stat() for path in (pointer, version / "model.tflite")}
    store = DirectoryStore(tmp_path)
    assert store.pointer("m") == Pointer(version=3)
    (version / "model.tflite").write_bytes(b"weights")
    pointer.write_text('{"version": 3, "labels": {"new": 3}}')
    stat = Path.stat
    monkeypatch.setattr(Path, "stat", lambda path, **how: remembered.get(path) or stat(path, **how))
    assert store.pointer("m").labels == {"new": 3}
    store.fetch("m", 3, [entry("model.tflite", b"weights")])


def test_a_saved_model_without_a_manifest_is_served_as_it_is(
    repository: Path, tmp_path: Path, s3: S3Server, store: S3Store
) -> None:
    in_bucket = store
    saved_model = repository / "iris" / "1" / "saved_model"
    (tmp_path / "iris").mkdir()
    for number in (2, 10):
        (tmp_path / "iris" / str(number)).symlink_to(saved_model)
    files = {path.relative_to(saved_model).as_posix(): path for path in saved_model.rglob("*") if path.is_file()}
    s3.put("models/iris/2", {name: path.read_bytes() for name, path in files.items()})
    s3.put("models/iris/10", {name: path.read_bytes() for name, path in files.items()})
    s3.page_size = 2
    for store in (DirectoryStore(tmp_path), in_bucket):
        assert store.pointer("iris") == Pointer(version=10)
        manifest = store.manifest("iris", 10)
        (artifact,) = manifest.artifacts
        assert (artifact.engine, artifact.form) == ("tensorflow", "saved_model")
        assert manifest.signatures["serving_default"].inputs["features"].shape == (-1, 4)
        directory = store.fetch("iris", 10, manifest.files_of(artifact))
        assert {name for name in artifact.files if (directory / name).is_file()} == files.keys()


@pytest.fixture
def store(s3: S3Server, tmp_path: Path) -> Iterator[S3Store]:
    with closing(S3Store(BUCKET, "models", directory=tmp_path / "disk")) as made:
        yield made


def test_a_pointer_is_read_again_only_if_it_changed(s3: S3Server, store: S3Store) -> None:
    s3.put("models/m", {"current.json": b'{"version": 1}'})
    assert [store.pointer("m"), store.pointer("m")] == [Pointer(version=1)] * 2
    assert s3.statuses == [200, 304]
    s3.put("models/m", {"current.json": b'{"version": 2}'})
    assert store.pointer("m") == Pointer(version=2)
    s3.put("models/m", {"current.json": b"{}"})
    with pytest.raises(ManifestError):
        store.pointer("m")
    with pytest.raises(NotInStore):
        store.pointer("absent")


def test_large_files_come_in_parts_and_whole(s3: S3Server, store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.serving.stores.s3.PART_BYTES", 1000)
    content = os.urandom(10_500)
    s3.put("models/m/1", {"model.tflite": content, "variables/empty": b"", "small": b"s"})
    files = [entry("model.tflite", content), entry("variables/empty", b""), entry("small", b"s")]
    directory = store.fetch("m", 1, files)
    assert (directory / "model.tflite").read_bytes() == content
    assert (directory / "variables" / "empty").read_bytes() == b""
    assert len(s3.ranges) == 11
    before = s3.asked.total()
    assert store.fetch("m", 1, files) == directory
    assert s3.asked.total() == before
    assert list(directory.rglob("*.part")) == []


def test_broken_connections_and_busy_servers_are_asked_again(s3: S3Server, store: S3Store) -> None:
    content = os.urandom(5000)
    s3.put("models/m/1", {"model.tflite": content})
    s3.refuse = [503, 500]
    s3.break_after = [1234]
    assert (store.fetch("m", 1, [entry("model.tflite", content)]) / "model.tflite").read_bytes() == content
    assert s3.ranges == ["bytes=1234-4999"]
    s3.refuse = [503] * TRIES
    with pytest.raises(StoreError, match="503"):
        store.pointer("m")


@pytest.mark.parametrize("part_bytes", [100, 10_000])
def test_a_damaged_file_is_refused_and_leaves_nothing(
    s3: S3Server, store: S3Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part_bytes: int
) -> None:
    monkeypatch.setattr("handlers.serving.stores.s3.PART_BYTES", part_bytes)
    s3.put("models/m/1", {"model.tflite": b"x" * 1000})
    with pytest.raises(StoreError, match="has the SHA-256"):
        store.fetch("m", 1, [entry("model.tflite", b"y" * 1000)])
    with pytest.raises(StoreError, match="does not have the 3000 bytes"):
        store.fetch("m", 1, [entry("model.tflite", b"x" * 3000)])
    with pytest.raises(StoreError, match="is not there, though the manifest lists it"):
        store.fetch("m", 1, [entry("absent", b"x")])
    assert [path for path in (tmp_path / "disk").rglob("*") if path.is_file()] == []


def test_a_refusal_says_which_right_is_missing(s3: S3Server, store: S3Store) -> None:
    s3.refuse = [403]
    with pytest.raises(StoreError, match="needs s3:GetObject"):
        store.pointer("m")


def test_a_manifest_is_read_and_a_missing_one_is_not_in_the_store(
    repository: Path, s3: S3Server, store: S3Store
) -> None:
    s3.put("models/iris/1", {"manifest.json": (repository / "iris" / "1" / "manifest.json").read_bytes()})
    assert store.manifest("iris", 1) == DirectoryStore(repository).manifest("iris", 1)
    with pytest.raises(NotInStore):
        store.manifest("iris", 2)


def test_signatures_are_those_that_the_sdk_makes() -> None:
    credentials = Credentials("AKIDEXAMPLE", "secret/key", "token")
    path, query = "/models/a%20b.json", "list-type=2&prefix=models%2F"
    ours = sign("GET", "bucket.s3.eu-central-1.amazonaws.com", path, query, "eu-central-1", credentials, time.gmtime())
    request = AWSRequest("GET", f"https://bucket.s3.eu-central-1.amazonaws.com{path}?{query}")
    boto = S3SigV4Auth(BotoCredentials("AKIDEXAMPLE", "secret/key", "token"), "s3", "eu-central-1")
    request.headers["X-Amz-Content-SHA256"] = ours["x-amz-content-sha256"]
    request.headers["X-Amz-Security-Token"] = "token"
    request.context["timestamp"] = ours["x-amz-date"]
    request.headers["X-Amz-Date"] = ours["x-amz-date"]
    canonical = boto.canonical_request(request)
    expected = boto.signature(boto.string_to_sign(request, canonical), request)
    assert ours["authorization"].endswith(f"Signature={expected}")


def writing(content: bytes = b"") -> object:
    return lambda file, descriptor: os.pwrite(descriptor, content or b"x" * file.size, 0)


def test_a_malformed_document_is_named_in_the_error(s3: S3Server, store: S3Store) -> None:
    for labels in ("null", '["stable"]', '{"stable": "2"}', '{"stable": 0}'):
        s3.objects["models/m/current.json"] = f'{{"version": 1, "labels": {labels}}}'.encode()
        with pytest.raises(ManifestError, match=r"current\.json"):
            store.pointer("m")
    s3.put("models/m/1", {"saved_model.pb": b"\x12\xff\xff"})
    with pytest.raises(ManifestError, match=r"m/1/saved_model\.pb cannot be read"):
        store.manifest("m", 1)


def test_a_pointer_that_was_read_before_is_not_waited_for_long(
    s3: S3Server, store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.objects["models/m/current.json"] = b'{"version": 1}'
    assert store.pointer("m") == Pointer(version=1)
    monkeypatch.setattr("handlers.serving.stores.s3.RENEWAL_SECONDS", 0.2)
    s3.silent.set()
    began = time.monotonic()
    with pytest.raises(StoreError, match="timed out"):
        store.pointer("m")
    assert time.monotonic() - began < 5
    s3.silent.clear()
    assert store.pointer("m") == Pointer(version=1)


def test_an_object_that_is_replaced_while_it_is_fetched_is_not_served_as_a_mixture(
    s3: S3Server, store: S3Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.serving.stores.s3.PART_BYTES", 100)
    monkeypatch.setattr("handlers.serving.stores.s3.STREAMS", 1)
    s3.put("models/m/1", {"model.tflite": b"x" * 1000})
    s3.replace_after_parts = (3, "models/m/1/model.tflite", b"y" * 1000)
    with pytest.raises(StoreError, match="was replaced while it was fetched"):
        store.fetch("m", 1, [FileEntry(path="model.tflite", size=1000, sha256="")])
    assert [path for path in (tmp_path / "disk").rglob("*") if path.is_file()] == []


def test_credentials_that_cannot_be_renewed_are_a_failure_of_the_store(
    s3: S3Server, store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9/credentials")
    monkeypatch.setenv("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "1")
    monkeypatch.setattr("botocore.utils.ContainerMetadataFetcher.RETRY_ATTEMPTS", 1)
    with pytest.raises(StoreError, match="credentials"):
        store.pointer("m")


def test_two_artifacts_that_share_a_file_fetch_it_once(tmp_path: Path) -> None:
    tier = DiskTier(tmp_path, limit=5)
    fetched: list[str] = []

    def download(file: FileEntry, descriptor: int) -> None:
        fetched.append(file.path)
        time.sleep(0.01)
        os.pwrite(descriptor, b"xxxx", 0)

    run_at_once([lambda: tier.fetch("m/1", [entry("f", b"xxxx")], download)] * 4)
    assert fetched == ["f"]


def test_a_version_that_was_never_stored_or_that_was_taken_away_does_not_stop_an_eviction(tmp_path: Path) -> None:
    tier = DiskTier(tmp_path, limit=4)
    with tier.in_use("a/1"):
        pass
    tier.fetch("b/1", [entry("f", b"xxxx")], writing())
    shutil.rmtree(tmp_path / "b")
    assert (tier.fetch("c/1", [entry("f", b"xxxx")], writing()) / "f").read_bytes() == b"xxxx"


def test_a_disk_without_room_for_a_directory_evicts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tier = DiskTier(tmp_path, limit=1000)
    tier.fetch("a/1", [entry("f", b"xxxx")], writing())
    make = Path.mkdir

    def mkdir(path: Path, *arguments: Any, **keywords: Any) -> None:
        if (tmp_path / "a" / "1").exists():
            raise OSError(28, "No space left on device")
        make(path, *arguments, **keywords)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    tier.fetch("b/1", [entry("f", b"xxxx")], writing())
    assert not (tmp_path / "a" / "1").exists()


def test_the_disk_holds_the_versions_that_were_used_last(tmp_path: Path) -> None:
    tier = DiskTier(tmp_path, limit=10)
    for version in ("a/1", "b/1", "a/1", "c/1"):
        tier.fetch(version, [entry("f", b"xxxx")], writing())
    assert sorted(path.parent.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("f")) == ["a/1", "c/1"]
    with pytest.raises(StoreError, match="more ephemeral storage"):
        tier.fetch("d/1", [entry("f", b"x" * 11)], writing())


def test_a_full_disk_evicts_and_then_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tier = DiskTier(tmp_path, limit=1000)
    tier.fetch("a/1", [entry("f", b"xxxx")], writing())

    def allocate(descriptor: int, offset: int, size: int) -> None:
        if size == 99 or (tmp_path / "a" / "1").exists():
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", allocate)
    tier.fetch("b/1", [entry("f", b"xxxx")], writing())
    assert not (tmp_path / "a" / "1").exists()
    with pytest.raises(StoreError, match="more ephemeral storage"):
        tier.fetch("c/1", [entry("f", b"x" * 99)], writing())


def test_what_a_killed_process_left_behind_is_removed_and_what_it_finished_is_kept(tmp_path: Path) -> None:
    version = tmp_path / "m" / "1"
    version.mkdir(parents=True)
    (version / "whole").write_bytes(b"xxxx")
    running = f"running.{os.getppid()}.{'0' * 32}.part"
    (version / f"half.{os.getpid()}.{'0' * 32}.part").write_bytes(b"x")
    (version / f"other.999999999.{'0' * 32}.part").write_bytes(b"x")
    (version / running).write_bytes(b"x")
    (version / "vocabulary.part").write_bytes(b"x")
    tier = DiskTier(tmp_path, limit=100)
    assert sorted(path.name for path in version.iterdir()) == [running, "vocabulary.part", "whole"]

    def download(file: FileEntry, descriptor: int) -> None:
        raise AssertionError("the file is there")

    assert tier.fetch("m/1", [entry("whole", b"xxxx")], download) == version


def test_threads_that_fetch_at_once_get_whole_files(s3: S3Server, store: S3Store) -> None:
    contents = {f"{name}/1": os.urandom(400) for name in "abcdef"}
    for version, content in contents.items():
        s3.put(f"models/{version}", {"f": content})
    wrong: list[str] = []

    def fetch(start: int) -> None:
        for step in range(12):
            version = list(contents)[(start + step) % 6]
            model, number = version.split("/")
            directory = store.fetch(model, int(number), [entry("f", contents[version])])
            if (directory / "f").read_bytes() != contents[version]:
                wrong.append(version)

    run_at_once(partial(fetch, start) for start in range(4))
    assert wrong == []


def test_a_store_reads_what_packaging_wrote(repository: Path) -> None:
    store = DirectoryStore(repository)
    pointer = json.loads((repository / "iris" / "current.json").read_text())
    assert store.pointer("iris").version == pointer["version"]
