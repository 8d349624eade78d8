from pathlib import Path

import pytest

from components.settings.packaged_models import RepositoryError, read_repository
from tests.packaged import package


def refusal(root: Path) -> str:
    with pytest.raises(RepositoryError) as error:
        read_repository(root)
    return str(error.value)


def test_a_repository_is_read_by_name_with_every_version(packaged: Path):
    digits, iris = read_repository(packaged)
    assert (digits.name, sorted(digits.versions), digits.pointer.version) == ("digits", [1, 2], 2)
    assert (iris.name, sorted(iris.versions)) == ("iris", [1])


def test_a_model_says_which_engines_its_versions_need(packaged: Path):
    digits, iris = read_repository(packaged)
    assert digits.engines == {"tensorflow"}
    assert iris.engines == {"litert"}


def test_serving_reads_the_artifacts_and_leaves_the_saved_model(packaged: Path):
    iris = read_repository(packaged)[1]
    assert [entry.path for entry in iris.versions[1].engine_files()] == ["model.tflite"]
    assert iris.largest_version_bytes == len(b"weights")


def test_a_version_without_a_manifest_is_not_finished_and_is_passed_over(packaged: Path):
    (packaged / "iris" / "2").mkdir()
    assert sorted(read_repository(packaged)[1].versions) == [1]


def test_a_pointer_to_a_version_that_is_not_packaged_is_refused(packaged: Path):
    (packaged / "iris" / "current.json").write_text('{"version": 7}')
    assert "names version 7, but packaged are [1]" in refusal(packaged)


def test_a_label_of_a_version_that_is_not_packaged_is_refused(packaged: Path):
    (packaged / "iris" / "current.json").write_text('{"version": 1, "labels": {"canary": 9}}')
    assert "names version 9" in refusal(packaged)


def test_a_file_that_is_missing_is_named(packaged: Path):
    (packaged / "iris" / "1" / "model.tflite").unlink()
    assert "iris/1/model.tflite is missing" in refusal(packaged)


def test_a_file_of_another_size_is_refused(packaged: Path):
    (packaged / "iris" / "1" / "model.tflite").write_bytes(b"other weights")
    assert "or its size is not the 7 bytes that manifest.json states" in refusal(packaged)


def test_a_manifest_in_another_versions_directory_is_refused(packaged: Path):
    (packaged / "iris" / "1").rename(packaged / "iris" / "3")
    assert "belongs to iris version 1" in refusal(packaged)


def test_a_broken_document_is_refused_with_its_place(packaged: Path):
    (packaged / "iris" / "current.json").write_text("{")
    assert f"{packaged / 'iris'}: current.json is not JSON" in refusal(packaged)


def test_a_directory_that_no_model_may_be_called_is_refused(tmp_path: Path):
    package(tmp_path, "no spaces")
    assert "'no spaces' is not a valid name for a model" in refusal(tmp_path)


def test_a_model_is_called_by_predict_and_by_what_its_signatures_methods_name(tmp_path: Path):
    manifest = package(tmp_path, "iris") / "iris" / "1" / "manifest.json"
    assert read_repository(tmp_path)[0].verbs == ("predict",)
    manifest.write_text(manifest.read_text().replace("tensorflow/serving/predict", "tensorflow/serving/classify"))
    assert read_repository(tmp_path)[0].verbs == ("predict", "classify")
    manifest.write_text(manifest.read_text().replace("tensorflow/serving/classify", "a/method/of/ones/own"))
    assert read_repository(tmp_path)[0].verbs == ("predict",)


def test_an_empty_repository_says_how_to_fill_it(tmp_path: Path):
    assert "holds no packaged model; package the models with `make models`" in refusal(tmp_path)
