"""Models inside the image: exactly what serving needs, the same bytes every time, refused before they are too large."""

import hashlib
import os
from pathlib import Path

import pytest

from components.image.image_manifest import IMAGE_LIMIT_BYTES
from components.model_source import ModelBinding
from components.storage.baked_models import BakedModels, BakedModelsArgs
from components.storage.model_staging import RUNTIME_BYTES, StagingError, files_to_stage, stage
from tests.components.deployment import ending
from tests.recorder import Recorder, deploy

ROOM_FOR_NOTHING = "the models digits, iris have 0.0 MiB; beside its engines an image has room for"


def baked(models, directory: Path) -> tuple[Recorder, BakedModels]:
    made: list[BakedModels] = []

    def program() -> None:
        made.append(BakedModels("baked", BakedModelsArgs(models=models, engines="litert", directory=directory)))

    return deploy(program), made[0]


def fingerprint(directory: Path) -> dict[str, tuple[int, int, str]]:
    return {
        str(path.relative_to(directory)): (
            path.stat().st_mode,
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in directory.rglob("*")
    }


def staged_files(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}


def test_the_current_and_the_labelled_versions_are_baked_with_the_files_that_engines_read(package, tmp_path):
    content = {"model.tflite": b"weights", "saved_model/saved_model.pb": b"proof"}
    models = package({"digits": {1: content, 2: content, 3: content}}, labels={"digits": {"stable": 1}})

    baked(models, tmp_path / "build" / "baked")

    assert staged_files(tmp_path / "build" / "baked") == {
        "digits/current.json",
        "digits/1/manifest.json",
        "digits/1/model.tflite",
        "digits/3/manifest.json",
        "digits/3/model.tflite",
    }


def test_two_stagings_of_the_same_models_are_the_same_to_the_last_bit(models, tmp_path):
    stage(files_to_stage(models), tmp_path / "first")
    for file in files_to_stage(models):
        os.utime(file.source)
        file.source.chmod(0o600)
    stage(files_to_stage(models), tmp_path / "second")

    assert fingerprint(tmp_path / "first") == fingerprint(tmp_path / "second")


def test_files_of_equal_size_and_other_content_have_other_times(package, tmp_path):
    seen = []
    for content, stable in ((b"one", 1), (b"two", 2)):
        models = package({"digits": {1: {"m.tflite": content}, 2: {"m.tflite": content}}}, {"digits": {"s": stable}})
        stage(files_to_stage(models), tmp_path / "baked")
        files = [path for path in (tmp_path / "baked").rglob("*") if path.is_file()]
        seen.append({path.relative_to(tmp_path): (path.stat().st_size, path.stat().st_mtime) for path in files})
    for path in map(Path, ("digits/current.json", "digits/2/manifest.json", "digits/2/m.tflite")):
        (size, at), (size_again, later) = (times["baked" / path] for times in seen)
        assert size == size_again
        assert at != later


def test_staging_replaces_what_was_staged_before_and_leaves_the_repository_alone(package, tmp_path):
    stage(files_to_stage(package({"digits": {1: {"old.tflite": b"old"}}})), tmp_path / "baked")
    models = package({"digits": {2: {"new.tflite": b"new"}}})
    before = fingerprint(models[0].directory)
    stage(files_to_stage(models), tmp_path / "baked")

    assert staged_files(tmp_path / "baked") == {
        "digits/current.json",
        "digits/2/manifest.json",
        "digits/2/new.tflite",
    }
    assert fingerprint(models[0].directory) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["baked", "repository"]


def test_a_file_that_is_not_what_its_manifest_says_is_not_baked(models, tmp_path):
    (models[0].directory / "1" / "model.tflite").write_bytes(b"tampered")

    with pytest.raises(StagingError, match=r"digits/1/model.tflite has the SHA-256 .* Package the model again"):
        stage(files_to_stage(models), tmp_path / "baked")
    assert not (tmp_path / "baked").exists()


def test_models_that_do_not_fit_are_refused_before_anything_is_staged(models, tmp_path, monkeypatch):
    monkeypatch.setitem(RUNTIME_BYTES, "litert", IMAGE_LIMIT_BYTES)

    with pytest.raises(StagingError, match=ROOM_FOR_NOTHING):
        baked(models, tmp_path / "baked")
    assert not (tmp_path / "baked").exists()


def test_the_size_is_what_is_staged(models, tmp_path):
    _, component = baked(models, tmp_path / "baked")

    assert component.size_bytes == sum(
        path.stat().st_size for path in (tmp_path / "baked").rglob("*") if path.is_file()
    )


def test_a_deployment_says_how_much_the_models_add_to_the_image(models, tmp_path, monkeypatch):
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.info", lambda message, resource=None: said.append(message))

    baked(models, tmp_path / "baked")

    assert said == ["2 models add 0.0 MiB to the image; there is room for 9,216.0 MiB"]


def test_a_function_of_baked_models_needs_no_grant_no_network_and_no_mount(models, tmp_path):
    _, component = baked(models, tmp_path / "baked")

    assert component.binding(["digits"]) == ModelBinding(store_uri="file:///opt/models")


def test_baking_makes_nothing_in_aws(models, tmp_path):
    deployment, _ = baked(models, tmp_path / "baked")

    assert [each.type for each in deployment.registered] == ["tensorflow-lambda:index:BakedModels"]
    assert ending(deployment, "BakedModels")[0].outputs["size_bytes"] > 0


def test_a_model_that_is_not_baked_cannot_be_bound(models, tmp_path):
    _, component = baked(models, tmp_path / "baked")

    with pytest.raises(ValueError, match=r"does not hold the models \['wine'\]; it holds \['digits', 'iris'\]"):
        component.binding(["wine"])
