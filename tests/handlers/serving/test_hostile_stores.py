"""Stores whose content is damaged, moved, made up or withheld: what answers, and what is asked for."""

import hashlib
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from blake3 import blake3

from handlers.checked_json import ManifestError
from handlers.contract import COLD_START_HEADER, MODEL_NAMES, MODEL_STORE_URI, VERIFY_MODELS
from handlers.manifest import FileEntry, Pointer
from handlers.serving.app import App
from handlers.serving.request_time import LimitedTo
from handlers.serving.start import open_app
from handlers.serving.stores import NotInStore, Store, StoreError, open_store
from handlers.serving.stores.checksum import BLAKE3_BYTES, Comparison, difference
from handlers.serving.stores.directory import DirectoryStore
from handlers.serving.stores.disk_tier import DiskTier
from handlers.serving.stores.pace import Pace, delay
from handlers.serving.stores.s3 import S3Store
from tests.handlers.s3_server import BUCKET, S3Server
from tests.handlers.serving.conftest import Context, copy_first_version

IRIS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]


@pytest.fixture
def root(repository: Path, tmp_path: Path) -> Path:
    """A copy of the first versions of the sample models iris and wine."""
    for model in ("iris", "wine"):
        copy_first_version(repository, model, tmp_path / "root")
    return tmp_path / "root"


Stores = Callable[[], Iterator[Store]]


@pytest.fixture
def stores(root: Path, s3: S3Server, tmp_path: Path) -> Stores:
    """Opens a store of each kind with what is in the directory now."""

    def opened() -> Iterator[Store]:
        yield DirectoryStore(root)
        s3.objects = {
            f"models/{path.relative_to(root).as_posix()}": path.read_bytes()
            for path in root.rglob("*")
            if path.is_file()
        }
        with closing(S3Store(BUCKET, "models", directory=tmp_path / f"disk-{time.monotonic_ns()}")) as store:
            yield store

    return opened


def entry(path: str, content: bytes) -> FileEntry:
    return FileEntry(path=path, size=len(content), sha256=hashlib.sha256(content).hexdigest())


# A manifest is believed only for what was asked.


def test_a_manifest_of_another_model_or_version_is_refused_by_every_store(root: Path, stores: Stores) -> None:
    shutil.copytree(root / "iris" / "1", root / "iris" / "2")
    shutil.copyfile(root / "iris" / "1" / "manifest.json", root / "wine" / "1" / "manifest.json")
    for store in stores():
        assert store.manifest("iris", 1).model == "iris"
        with pytest.raises(ManifestError, match="of iris version 2 says that it belongs to version 1 of iris"):
            store.manifest("iris", 2)
        with pytest.raises(ManifestError, match="of wine version 1 says that it belongs to version 1 of iris"):
            store.manifest("wine", 1)


def test_what_is_written_under_one_model_never_changes_the_answers_of_another(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = open_app({MODEL_STORE_URI: root.as_uri(), MODEL_NAMES: "iris,wine"})
    expected = ask(app, "iris")
    assert expected["statusCode"] == 200
    forged = json.loads((root / "wine" / "1" / "manifest.json").read_text()) | {"model": "iris"}
    (root / "wine" / "1" / "manifest.json").write_text(json.dumps(forged))
    assert ask(app, "wine")["statusCode"] == 503
    assert ask(app, "iris") == expected
    assert "belongs to version 1 of iris" in capsys.readouterr().out


def test_a_manifest_that_cannot_be_read_is_read_once_a_second_however_many_ask(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "iris" / "1" / "manifest.json").write_text("{}")
    app = open_app({MODEL_STORE_URI: root.as_uri(), MODEL_NAMES: "iris"})
    reads: list[int] = []
    read = DirectoryStore.manifest
    monkeypatch.setattr(DirectoryStore, "manifest", lambda *asked: (reads.append(1), read(*asked))[1])
    monkeypatch.setattr("handlers.serving.published.FAILURE_SECONDS", 60)
    answers = [ask(app, "iris") for _ in range(20)]
    assert {answer["statusCode"] for answer in answers} == {503}
    assert answers[0]["headers"]["retry-after"] == "1"
    assert len(reads) == 1


def test_a_file_of_an_unpackaged_model_cannot_lead_out_of_it(repository: Path, s3: S3Server, tmp_path: Path) -> None:
    for path in (repository / "iris" / "1" / "saved_model").rglob("*"):
        if path.is_file():
            key = path.relative_to(repository / "iris" / "1" / "saved_model").as_posix()
            s3.objects[f"models/iris/1/{key}"] = path.read_bytes()
    s3.objects["models/iris/1/../../../escaped"] = b"x"
    with (
        closing(S3Store(BUCKET, "models", directory=tmp_path / "disk")) as store,
        pytest.raises(ManifestError, match=r"'\.\./\.\./\.\./escaped', which is no plain path"),
    ):
        store.manifest("iris", 1)


# No pointer, no model.


def test_without_a_pointer_a_packaged_model_is_not_published(root: Path, stores: Stores) -> None:
    (root / "iris" / "current.json").unlink()
    for store in stores():
        with pytest.raises(NotInStore, match=r"iris has no pointer, so that no version is published; packaged are"):
            store.pointer("iris")


def test_a_single_manifest_keeps_the_largest_version_from_being_taken(root: Path, stores: Stores) -> None:
    (root / "iris" / "current.json").unlink()
    shutil.copytree(root / "iris" / "1" / "saved_model", root / "iris" / "7")
    for store in stores():
        with pytest.raises(NotInStore):
            store.pointer("iris")
    (root / "iris" / "1" / "manifest.json").unlink()
    for store in stores():
        assert store.pointer("iris") == Pointer(version=7)


def test_a_model_whose_pointer_is_deleted_stops_answering(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.serving.published.POINTER_SECONDS", 0)
    app = open_app({MODEL_STORE_URI: root.as_uri(), MODEL_NAMES: "iris,wine"})
    assert ask(app, "iris")["statusCode"] == 200
    (root / "iris" / "current.json").unlink()
    assert ask(app, "iris")["statusCode"] == 404
    manifest = DirectoryStore(root).manifest("iris", 1)
    assert not app.repository.is_loaded(manifest, manifest.artifacts[0])
    (root / "iris" / "current.json").write_text('{"version": 1}')
    assert ask(app, "iris")["statusCode"] == 200


# Bytes at rest are checked.


def flip(path: Path, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


@pytest.mark.parametrize("eighth", range(8))
def test_a_bit_that_flips_anywhere_in_a_file_at_rest_is_noticed_at_load(root: Path, eighth: int) -> None:
    path = root / "iris" / "1" / "model.tflite"
    flip(path, path.stat().st_size * eighth + eighth)
    app = open_app({MODEL_STORE_URI: root.as_uri(), MODEL_NAMES: "iris"})
    answer = ask(app, "iris")
    assert answer["statusCode"] == 503
    assert answer["headers"]["retry-after"] == "1"


def test_the_log_says_which_file_differs_and_what_repairs_it(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flip(root / "iris" / "1" / "model.tflite", 800)
    ask(open_app({MODEL_STORE_URI: root.as_uri(), MODEL_NAMES: "iris"}), "iris")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (failure,) = [line for line in lines if line["message"] == "model not loaded"]
    assert "iris/1/model.tflite has the SHA-256" in failure["reason"]
    assert "copy it again" in failure["reason"]


def test_a_version_that_is_damaged_leaves_the_one_before_answering(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.serving.published.POINTER_SECONDS", 0)
    app = open_app({MODEL_STORE_URI: root.as_uri(), MODEL_NAMES: "iris"})
    expected = ask(app, "iris")
    shutil.copytree(root / "iris" / "1", root / "iris" / "2")
    manifest = json.loads((root / "iris" / "1" / "manifest.json").read_text())
    (root / "iris" / "2" / "manifest.json").write_text(json.dumps(manifest | {"version": 2}))
    flip(root / "iris" / "2" / "model.tflite", 800)
    (root / "iris" / "current.json").write_text('{"version": 2}')
    assert ask(app, "iris") == expected


def test_the_check_can_be_turned_off(root: Path) -> None:
    path = root / "iris" / "1" / "model.tflite"
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    environment = {MODEL_STORE_URI: root.as_uri(), MODEL_NAMES: "iris"}
    assert ask(open_app(environment | {VERIFY_MODELS: "false"}), "iris")["statusCode"] == 200
    assert ask(open_app(environment | {VERIFY_MODELS: "true"}), "iris")["statusCode"] == 503
    with pytest.raises(ValueError, match="VERIFY_MODELS is 'no'; it must be true or false"):
        open_app(environment | {VERIFY_MODELS: "no"})


def test_what_is_fetched_is_checked_even_if_the_check_is_turned_off(
    s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    s3.put("models/m/1", {"f": b"flips"})
    with (
        closing(open_store(f"s3://{BUCKET}/models", verify=False)) as store,
        pytest.raises(StoreError, match="has the SHA-256"),
    ):
        store.fetch("m", 1, [entry("f", b"other")])


def differences(path: Path, file: FileEntry) -> set[str | None]:
    """What is said of a file that is read whole, and of one whose bytes come one after another."""
    comparison, content = Comparison(file), path.read_bytes()
    for at in range(0, len(content), 100_000):
        comparison.update(content[at : at + 100_000])
    return {difference(path, file), comparison.difference()}


@pytest.mark.parametrize("written_with", ["both checksums", "SHA-256 alone", "none"])
@pytest.mark.parametrize("size", [1, BLAKE3_BYTES - 1, BLAKE3_BYTES, 3 * BLAKE3_BYTES])
def test_one_flipped_bit_is_found_by_the_checksum_of_a_files_size(tmp_path: Path, size: int, written_with: str) -> None:
    path, content = tmp_path / "f", os.urandom(size)
    sha256, other = hashlib.sha256(content).hexdigest(), blake3(content).hexdigest()
    file = FileEntry(
        path="f",
        size=size,
        sha256=sha256 if written_with != "none" else "",
        blake3=other if written_with == "both checksums" else "",
    )
    path.write_bytes(content)
    assert differences(path, file) == {None}
    flip(path, 8 * size - 1)
    damaged = path.read_bytes()
    if written_with == "none":
        assert differences(path, file) == {None}
    elif size >= BLAKE3_BYTES and written_with == "both checksums":
        assert differences(path, file) == {f"has the BLAKE3 {blake3(damaged).hexdigest()}; the manifest says {other}"}
    else:
        found = hashlib.sha256(damaged).hexdigest()
        assert differences(path, file) == {f"has the SHA-256 {found}; the manifest says {sha256}"}


def test_an_empty_file_is_compared_too(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"")
    assert differences(tmp_path / "f", entry("f", b"")) == {None}
    assert "has the SHA-256 e3b0c442" in (difference(tmp_path / "f", entry("f", b"x")) or "")


def test_what_a_file_holds_is_compared_also_where_its_size_is_not_the_entrys(tmp_path: Path) -> None:
    large, small = os.urandom(BLAKE3_BYTES), b"small"
    for content, other in ((large, small), (small, large)):
        (tmp_path / "f").write_bytes(content)
        expected = entry("f", other)._replace(blake3=blake3(other).hexdigest())
        assert difference(tmp_path / "f", expected)


def test_packaging_writes_the_checksum_that_large_files_are_compared_by(root: Path) -> None:
    for file in json.loads((root / "iris" / "1" / "manifest.json").read_text())["files"]:
        assert file["blake3"] == blake3((root / "iris" / "1" / file["path"]).read_bytes()).hexdigest()


def test_a_file_is_not_read_where_its_manifest_has_no_checksum(tmp_path: Path) -> None:
    assert difference(tmp_path / "absent", FileEntry(path="absent", size=1, sha256="")) is None


def test_a_file_on_the_functions_disk_is_used_for_its_content_not_for_its_size(tmp_path: Path) -> None:
    def downloads(content: bytes) -> Callable[[FileEntry, int], None]:
        def download(file: FileEntry, descriptor: int) -> None:
            fetched.append(content)
            os.pwrite(descriptor, content, 0)

        return download

    fetched: list[bytes] = []
    tier = DiskTier(tmp_path, limit=6)
    for content in (b"first", b"other", b"other"):
        assert (tier.fetch("m/1", [entry("f", content)], downloads(content)) / "f").read_bytes() == content
    assert fetched == [b"first", b"other"]
    again = DiskTier(tmp_path, limit=6)
    (tmp_path / "m" / "1" / "f").write_bytes(b"flips")
    assert (again.fetch("m/1", [entry("f", b"other")], downloads(b"other")) / "f").read_bytes() == b"other"


# S3 says slow down.


@pytest.fixture
def store(s3: S3Server, tmp_path: Path) -> Iterator[S3Store]:
    with closing(S3Store(BUCKET, "models", directory=tmp_path / "disk")) as made:
        yield made


def test_sixteen_streams_that_are_refused_slow_down_together(
    s3: S3Server, store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.serving.stores.s3.PART_BYTES", 100)
    monkeypatch.setattr("handlers.serving.stores.s3.PART_SECONDS", 4.0)
    content = os.urandom(1600)
    s3.put("models/m/1", {"model.tflite": content})
    s3.refuse = [503] * 10_000
    began = time.monotonic()
    with pytest.raises(StoreError, match="503"):
        store.fetch("m", 1, [entry("model.tflite", content)])
    seconds = time.monotonic() - began
    # Sixteen at once, then a curve that drops to one request in two seconds.
    assert len(s3.statuses) <= 16 + 12 + seconds / 2
    s3.refuse = []
    monkeypatch.setattr("handlers.serving.stores.s3.PART_SECONDS", 30.0)
    assert (store.fetch("m", 1, [entry("model.tflite", content)]) / "model.tflite").read_bytes() == content


def test_a_part_that_fails_for_good_ends_the_others_at_once(
    s3: S3Server, store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.serving.stores.s3.PART_BYTES", 100)
    monkeypatch.setattr("handlers.serving.stores.signed_http.TRIES", 1)
    s3.refuse = [503] * 10_000
    s3.put("models/m/1", {"model.tflite": bytes(10_000)})
    began = time.monotonic()
    with pytest.raises(StoreError, match="503"):
        store.fetch("m", 1, [entry("model.tflite", bytes(10_000))])
    assert time.monotonic() - began < 10
    assert len(s3.statuses) < 40


def test_a_busy_store_is_asked_for_no_longer_than_the_request_may_take(s3: S3Server, store: S3Store) -> None:
    s3.refuse = [503] * 10_000
    began = time.monotonic()
    with LimitedTo(0.5), pytest.raises(StoreError, match="503"):
        store.pointer("m")
    assert time.monotonic() - began < 2


def test_a_request_without_time_asks_for_nothing(s3: S3Server, store: S3Store) -> None:
    with LimitedTo(0), pytest.raises(StoreError, match="no time was left"):
        store.pointer("m")
    assert s3.statuses == []


def test_a_busy_store_is_a_503_that_says_when_to_ask_again(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    s3.refuse = [503] * 10_000
    app = open_app({MODEL_STORE_URI: f"s3://{BUCKET}/models", MODEL_NAMES: "iris"})
    began = time.monotonic()
    answer = ask(app, "iris", milliseconds=1500)
    assert answer["statusCode"] == 503
    assert 1 <= int(answer["headers"]["retry-after"]) <= 2
    assert time.monotonic() - began < 1.5


def test_the_time_of_a_request_ends_with_it() -> None:
    from handlers.serving.request_time import deadline

    with LimitedTo(0.0):
        assert deadline(60) <= time.monotonic()
        found: list[float] = []
        thread = threading.Thread(target=lambda: found.append(deadline(60)))
        thread.start()
        thread.join()
        assert found[0] > time.monotonic() + 50
    assert deadline(60) > time.monotonic() + 50


def test_the_delays_between_tries_are_random_and_their_longest_doubles() -> None:
    for tries, longest in ((1, 0.1), (2, 0.2), (3, 0.4), (9, 5.0)):
        delays = [delay(tries) for _ in range(200)]
        assert all(0 <= each < longest for each in delays)
        assert len(set(delays)) > 100
        assert max(delays) > longest * 0.8


def test_the_rate_falls_while_s3_refuses_and_returns_when_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("handlers.serving.stores.pace.time.monotonic", lambda: now[0])
    pace = Pace()
    sent = [pace.take(200) for _ in range(16)]
    assert pace.seconds() == 0
    for each in sent:
        pace.refused(each)
    assert pace.seconds() == pytest.approx(1 / (16 * 0.7))  # a burst counts once
    for _ in range(20):
        now[0] += 2
        pace.refused(pace.take(200))
    assert pace.seconds() == 2
    rates: list[float] = []
    for _ in range(20):
        now[0] += 2.0
        pace.take(10_000)
        pace.answered()
        rates.append(pace.seconds())
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == 0


def ask(app: App, model: str, milliseconds: int = 30_000) -> dict[str, object]:
    body = {"instances": IRIS if model == "iris" else [[1.0] * 13]}
    event = {
        "rawPath": f"/v1/models/{model}:predict",
        "requestContext": {"http": {"method": "POST"}, "stage": "$default"},
        "body": json.dumps(body),
    }
    answer = app.handle(event, Context(milliseconds=milliseconds))
    answer["headers"].pop(COLD_START_HEADER, None)
    return answer
