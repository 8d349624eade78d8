"""Which file or directory an address leads to, and what is said where it leads to none."""

import tarfile
import tomllib
from pathlib import Path

import pytest

from models.cli import main
from models.origins import hugging_face, kaggle, mlflow
from models.origins.errors import OriginError
from models.origins.locating import locate
from models.origins.opening import ORIGINS, opened
from models.packaging.errors import PackagingError
from tests.models.publishing.conftest import silent
from tests.paths import PROJECT


def write(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)
    return root


# Where the model is.


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (["saved_model.pb", "variables/variables.index", "assets/vocabulary.h5"], "."),
        (["export/Servo/1/saved_model.pb", "export/Servo/12/saved_model.pb", "export/Servo/9/saved_model.pbtxt"], "12"),
        (["MLmodel", "data/model.keras", "python_env.yaml"], "data/model.keras"),
        (["model.H5", "README.md", "code/inference.py"], "model.H5"),
    ],
)
def test_the_only_model_is_found_and_of_versions_the_newest(tmp_path, paths, found):
    model = locate(write(tmp_path, *paths))
    assert model == tmp_path / found or model.name == found


def test_one_of_several_models_is_named_by_its_path(tmp_path):
    write(tmp_path, "a/saved_model.pb", "b/saved_model.pb", "c.tflite")
    with pytest.raises(OriginError, match=r"holds several models; name one by its path after a '#': a, b, c.tflite"):
        locate(tmp_path)
    assert locate(tmp_path, "b") == tmp_path / "b"
    assert locate(tmp_path, "c.tflite") == tmp_path / "c.tflite"


def test_where_there_is_no_model_what_is_there_is_named(tmp_path):
    write(tmp_path, "pytorch_model.bin", "config.json")
    with pytest.raises(
        OriginError, match=r"holds neither a SavedModel nor .*; it holds config.json, pytorch_model.bin"
    ):
        locate(tmp_path)


@pytest.mark.parametrize("inside", ["../escaped", "absent", "/../escaped"])
def test_a_path_inside_stays_inside(tmp_path, inside):
    write(tmp_path, "escaped/saved_model.pb", "model/saved_model.pb")
    with pytest.raises(OriginError, match="has no"):
        locate(tmp_path / "model", inside)


# What an address is.


def test_a_path_is_opened_where_it_is(tmp_path):
    with opened(str(tmp_path / "model.keras"), silent) as (model, _):
        assert model == tmp_path / "model.keras"


def test_an_archive_of_this_machine_is_extracted_and_removed_again(tmp_path):
    write(tmp_path / "made", "1/saved_model.pb", "2/saved_model.pb")
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "made", ".")
    with opened(str(tmp_path / "model.tar.gz"), silent) as (newest, _):
        assert (newest / "saved_model.pb").read_text() == "2/saved_model.pb"
    assert not newest.exists()
    with opened(f"{tmp_path / 'model.tar.gz'}#1", silent) as (first, _):
        assert (first / "saved_model.pb").read_text() == "1/saved_model.pb"


def test_an_error_of_packaging_names_the_address(tmp_path):
    write(tmp_path / "made", "1/saved_model.pb")
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "made", ".")
    address = str(tmp_path / "model.tar.gz")
    with pytest.raises(PackagingError) as raised, opened(address, silent) as (model, _):
        raise PackagingError(f"{model} is no good")
    assert str(raised.value) == f"{address}/1 is no good"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("gs://bucket/model", "is no place of models; allowed are a path, s3://BUCKET/KEY"),
        ("absent.tar.gz", "absent.tar.gz does not exist"),
        ("s3://bucket", "names no object; write s3://BUCKET/KEY"),
        ("mlflow:flowers", "names no model of MLflow; write mlflow:models:/NAME@ALIAS"),
        ("mlflow:models:/flowers@champion", "set MLFLOW_TRACKING_URI to the address of the registry"),
        ("hf:a/b/c", "names no repository; write hf:OWNER/NAME or hf:OWNER/NAME@REVISION"),
        ("kaggle:owner/model", "is no handle; write kaggle:OWNER/MODEL/FRAMEWORK/VARIATION/VERSION"),
    ],
)
def test_an_address_that_names_nothing_is_refused(address, said, tmp_path, capsys, monkeypatch):
    for name in mlflow.REGISTRY:
        monkeypatch.delenv(name, raising=False)
    assert main(["package", address, "--name", "m", "--repository", str(tmp_path / "repository")]) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "repository").exists()


EXTRAS = {
    "mlflow": (mlflow, "mlflow:models:/flowers@champion"),
    "huggingface": (hugging_face, "hf:owner/flowers"),
    "kaggle": (kaggle, "kaggle:owner/flowers/keras/small/1"),
}


@pytest.mark.parametrize("group", EXTRAS)
def test_an_origin_whose_client_is_not_installed_says_what_to_install(group, tmp_path, capsys, monkeypatch):
    module, address = EXTRAS[group]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    for client in ("mlflow", "mlflow.artifacts", "huggingface_hub", "kagglehub"):
        monkeypatch.setitem(__import__("sys").modules, client, None)
    assert main(["package", address, "--name", "m", "--repository", str(tmp_path)]) == 1
    assert f".venv/bin/pip install {module.REQUIREMENT}" in capsys.readouterr().err


def test_what_is_to_be_installed_is_a_group_of_the_project():
    groups = tomllib.loads((PROJECT / "pyproject.toml").read_text())["dependency-groups"]
    assert {group: groups[group] for group in EXTRAS} == {
        group: [module.REQUIREMENT] for group, (module, _) in EXTRAS.items()
    }


def test_every_origin_is_in_the_help(capsys):
    with pytest.raises(SystemExit):
        main(["package", "--help"])
    shown = capsys.readouterr().out
    assert all(origin.form in shown for origin in ORIGINS.values())
