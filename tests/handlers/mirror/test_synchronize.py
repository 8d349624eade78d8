"""The mirror, from an emulated S3 to real directories."""

import json
import os
import time
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from handlers.mirror.directory import ASIDE, KEPT_ASIDE_SECONDS
from handlers.mirror.model import ModelReport
from handlers.model_sync import SyncFailed, synchronize
from tests.handlers.mirror.conftest import PublishedModels
from tests.handlers.mirror.reading import assert_every_version_is_whole, files, served_versions

UNCHANGED = asdict(ModelReport())
WEIGHTS = b"weights of the first version"
NEWER = b"weights of the second version"


@pytest.fixture
def digits(bucket: PublishedModels) -> PublishedModels:
    bucket.version("digits", 1, {"model.tflite": WEIGHTS, "saved_model/saved_model.pb": b"proof"})
    bucket.point("digits", 1, stable=1)
    return bucket


def sync(bucket: PublishedModels, target: Path, *models: str) -> dict:
    models = models or ("digits",)
    reports = synchronize(bucket.repository(), target, models)["models"]
    return {model: reports.get(model, UNCHANGED) for model in models}


def failed_sync(bucket: PublishedModels, target: Path, *models: str) -> dict:
    with pytest.raises(SyncFailed) as failure:
        synchronize(bucket.repository(), target, models or ("digits",))
    return json.loads(str(failure.value))["models"]


def test_a_published_model_is_mirrored_with_only_the_files_that_engines_read(digits, target):
    report = sync(digits, target)

    assert set(files(target)) == {"digits/current.json", "digits/1/manifest.json", "digits/1/model.tflite"}
    assert files(target)["digits/1/model.tflite"] == WEIGHTS
    assert report["digits"]["copied"] == [1]
    assert report["digits"]["bytes_copied"] == len(WEIGHTS)
    assert report["digits"]["pointer"] == "moved"


def test_files_in_subdirectories_keep_their_paths(bucket, target):
    content = {"graph/frozen.pb": b"graph", "graph/assets/words.txt": b"a\nb\n"}
    bucket.version("words", 3, content)
    bucket.point("words", 3)

    sync(bucket, target, "words")

    assert {path: files(target)[f"words/3/{path}"] for path in content} == content


def test_a_second_run_changes_nothing(digits, target):
    sync(digits, target)
    before = {path: path.stat().st_mtime_ns for path in target.rglob("*") if not path.name.endswith(".lock")}

    report = sync(digits, target)

    assert report["digits"] == UNCHANGED
    assert {path: path.stat().st_mtime_ns for path in target.rglob("*") if not path.name.endswith(".lock")} == before


def test_a_new_version_arrives_and_the_pointer_moves_to_it(digits, target):
    sync(digits, target)
    digits.version("digits", 2, {"model.tflite": NEWER})
    digits.point("digits", 2, stable=1, canary=2)

    sync(digits, target)

    assert served_versions(target, "digits") == {1, 2}
    assert json.loads(files(target)["digits/current.json"]) == {"version": 2, "labels": {"stable": 1, "canary": 2}}


def test_a_version_without_a_manifest_is_not_there_yet(digits, target):
    digits.put("digits/2/model.tflite", NEWER)

    sync(digits, target)

    assert served_versions(target, "digits") == {1}


def test_a_corrupt_file_keeps_its_version_out_and_the_pointer_where_it_was(digits, target):
    sync(digits, target)
    before = files(target)
    digits.version("digits", 2, {"model.tflite": NEWER})
    digits.put("digits/2/model.tflite", NEWER[::-1])
    digits.point("digits", 2)

    report = failed_sync(digits, target)

    assert files(target) == before
    corrupt, held_back = report["digits"]["failures"]
    assert f"s3://{digits.bucket}/models/digits/2/model.tflite has the SHA-256" in corrupt
    assert "names the versions [2]" in held_back


def test_a_file_of_another_size_keeps_its_version_out(digits, target):
    digits.put("digits/1/model.tflite", WEIGHTS + b"!")

    report = failed_sync(digits, target)

    assert files(target) == {}
    assert f"has more than {len(WEIGHTS)} bytes; the manifest says {len(WEIGHTS)}" in report["digits"]["failures"][0]


def test_a_missing_file_keeps_its_version_out(digits, target):
    digits.delete("digits/1/model.tflite")

    report = failed_sync(digits, target)

    assert files(target) == {}
    assert report["digits"]["failures"][0] == f"s3://{digits.bucket}/models/digits/1/model.tflite is not there"


def test_a_manifest_of_another_model_is_refused(digits, target):
    digits.put("iris/1/manifest.json", _object(digits, "digits/1/manifest.json"))

    report = failed_sync(digits, target, "iris")

    assert "says that it belongs to version 1 of digits" in report["iris"]["failures"][0]
    assert served_versions(target, "iris") == set()


def test_an_unreadable_pointer_changes_nothing_for_readers(digits, target):
    sync(digits, target)
    before = files(target)
    digits.put("digits/current.json", b'{"version": "two"}')

    report = failed_sync(digits, target)

    assert files(target) == before
    assert "allowed is an integer from 1 up" in report["digits"]["failures"][0]


def test_a_pointer_to_a_version_that_was_never_published_does_not_move(digits, target):
    sync(digits, target)
    before = files(target)
    digits.point("digits", 7)

    failed_sync(digits, target)

    assert files(target) == before


def test_a_model_that_fails_does_not_stop_the_others(digits, target):
    digits.put("digits/1/model.tflite", b"corrupt")
    digits.version("iris", 1, {"model.tflite": b"iris"})
    digits.point("iris", 1)

    report = failed_sync(digits, target, "digits", "iris")

    assert report["iris"]["failures"] == []
    assert served_versions(target, "iris") == {1}


def test_a_corrupt_old_version_stops_neither_the_pointer_nor_the_new_one(digits, target):
    digits.put("digits/1/model.tflite", b"corrupt")
    digits.version("digits", 2, {"model.tflite": NEWER})
    digits.point("digits", 2)

    failed_sync(digits, target)

    assert served_versions(target, "digits") == {2}
    assert json.loads(files(target)["digits/current.json"])["version"] == 2


def test_a_version_deleted_in_the_bucket_is_deleted_here(digits, target):
    digits.version("digits", 2, {"model.tflite": NEWER})
    digits.point("digits", 2)
    sync(digits, target)
    digits.unpublish("digits", 1)

    report = sync(digits, target)

    assert report["digits"]["removed"] == [1]
    assert served_versions(target, "digits") == {2}


@pytest.mark.parametrize("pointer", [{"version": 1}, {"version": 2, "canary": 1}], ids=["current", "labelled"])
def test_a_version_that_the_pointer_names_stays_though_the_bucket_lost_it(digits, target, pointer):
    digits.version("digits", 2, {"model.tflite": NEWER})
    digits.point("digits", pointer["version"], **{k: v for k, v in pointer.items() if k != "version"})
    sync(digits, target)
    digits.unpublish("digits", 1)

    report = sync(digits, target)

    assert report["digits"]["removed"] == []
    assert served_versions(target, "digits") == {1, 2}


def test_a_version_is_deleted_in_the_run_that_moves_the_pointer_off_it(digits, target):
    sync(digits, target)
    digits.version("digits", 2, {"model.tflite": NEWER})
    digits.point("digits", 2)
    digits.unpublish("digits", 1)

    sync(digits, target)

    assert served_versions(target, "digits") == {2}


def test_a_model_deleted_in_the_bucket_is_deleted_here(digits, target):
    sync(digits, target)
    digits.delete("digits/current.json")
    digits.unpublish("digits", 1)

    report = sync(digits, target)

    assert report["digits"]["pointer"] == "withdrawn"
    assert report["digits"]["removed"] == [1]
    assert list((target / "digits").iterdir()) == []  # a function may have it mounted alone


def test_a_model_that_is_not_asked_for_is_neither_copied_nor_removed(digits, target):
    (target / "other" / "1").mkdir(parents=True)
    digits.version("iris", 1, {"model.tflite": b"iris"})

    sync(digits, target)

    assert (target / "other" / "1").is_dir()
    assert not (target / "iris").exists()


def test_a_version_damaged_on_the_file_system_is_copied_again(digits, target):
    sync(digits, target)
    os.truncate(target / "digits/1/model.tflite", 3)

    report = sync(digits, target)

    assert report["digits"]["copied"] == [1]
    assert files(target)["digits/1/model.tflite"] == WEIGHTS


def test_a_version_published_anew_replaces_the_old_content(digits, target):
    sync(digits, target)
    digits.unpublish("digits", 1)
    digits.version("digits", 1, {"model.tflite": NEWER})

    sync(digits, target)

    assert files(target)["digits/1/model.tflite"] == NEWER
    assert_every_version_is_whole(target)


def test_files_that_a_reader_may_have_mapped_stay_for_hours(digits, target, monkeypatch):
    sync(digits, target)
    digits.version("digits", 2, {"model.tflite": NEWER})
    digits.point("digits", 2)
    digits.unpublish("digits", 1)
    mapped = (target / "digits/1/model.tflite").stat().st_ino
    sync(digits, target)

    def kept() -> list[int]:
        return [path.stat().st_ino for path in target.glob(f"{ASIDE}/*/model.tflite")]

    sync(digits, target)
    assert kept() == [mapped]
    later = time.time() + KEPT_ASIDE_SECONDS
    monkeypatch.setattr(time, "time", lambda: later)
    sync(digits, target)
    assert kept() == []


def test_leftovers_of_a_writer_that_died_are_removed(digits, target):
    leftover = target / "digits" / ".1.0123.incoming"
    leftover.mkdir(parents=True)
    (leftover / "model.tflite").write_bytes(b"half")

    report = sync(digits, target)

    assert report["digits"]["leftovers_removed"] == 1
    assert set(files(target)) == {"digits/current.json", "digits/1/manifest.json", "digits/1/model.tflite"}


def test_each_run_logs_one_line_of_json(digits, target, capsys):
    sync(digits, target)

    (line,) = capsys.readouterr().out.splitlines()
    logged = json.loads(line)
    assert (logged["level"], logged["message"]) == ("INFO", "model sync")
    assert datetime.fromisoformat(logged["timestamp"]).utcoffset() == timedelta(0)
    assert logged["models"]["digits"]["copied"] == [1]


def test_a_run_that_failed_is_logged_as_an_error(digits, target, capsys):
    digits.delete("digits/1/model.tflite")

    failed_sync(digits, target)

    assert json.loads(capsys.readouterr().out)["level"] == "ERROR"


def _object(bucket: PublishedModels, path: str) -> bytes:
    return bucket.client.get_object(Bucket=bucket.bucket, Key=f"{bucket.prefix}/{path}")["Body"].read()
