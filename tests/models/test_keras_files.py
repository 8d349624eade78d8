"""Keras files are read by the Keras that wrote them, and what they may do is seen before they are loaded."""

import importlib
import json
import sys
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from models.packaging.errors import PackagingError
from models.packaging.keras_files import opening
from models.packaging.keras_files.description import open_keras_file
from models.packaging.keras_files.signature import KerasSignature
from models.packaging.repository import VersionTaken
from tests.models import saved_models


def of_keras_2(path: Path, activation: str = "relu") -> Path:
    """An `.h5` file that says it is of Keras 2, and that Keras 3 can read."""
    keras.Sequential([keras.Input((4,), name="rows"), keras.layers.Dense(2, activation=activation)]).save(path)
    with h5py.File(path, "r+") as file:
        file.attrs["keras_version"] = "2.15.0"
    return path


@pytest.fixture
def without_keras_2(monkeypatch):
    monkeypatch.setattr(opening, "find_spec", lambda name: None)


def test_a_file_says_which_keras_wrote_it(tmp_path):
    assert open_keras_file(of_keras_2(tmp_path / "m.h5")).is_keras_2
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save(tmp_path / "m.keras")
    assert not open_keras_file(tmp_path / "m.keras").is_keras_2


@pytest.mark.usefixtures("without_keras_2")
def test_where_keras_2_is_missing_keras_3_reads_what_means_the_same(tmp_path):
    reference = opening.open_keras_model(of_keras_2(tmp_path / "m.h5"), tmp_path / "saved_model")
    (answer,) = reference.run("serving_default", {"rows": np.ones((2, 4), np.float32)}).values()
    assert answer.shape == (2, 2)


@pytest.mark.usefixtures("without_keras_2")
def test_where_keras_2_is_missing_what_means_something_else_is_refused_with_the_lines_that_convert_it(tmp_path):
    path = of_keras_2(tmp_path / "m.h5", "hard_sigmoid")
    with pytest.raises(PackagingError) as error:
        opening.open_keras_model(path, tmp_path / "saved_model")
    assert str(error.value) == (
        f"{path} was written by Keras 2.15.0, and Keras {keras.__version__} cannot read it (hard_sigmoid is another "
        "function there). Install Keras 2 (pip install --no-deps tf_keras==2.21.*), or convert the file where Keras 2 "
        "is installed:\n  import tf_keras\n  tf_keras.models.load_model('m.h5').export('m')"
    )


OWN_LAYER = """
import keras

class Tripled(keras.layers.Layer):
    def call(self, inputs):
        return inputs * 3
"""


@pytest.fixture
def own_layer(tmp_path, monkeypatch):
    """A model with a layer of the module `layers_of_test`, which this process has not imported."""
    (tmp_path / "layers_of_test.py").write_text(OWN_LAYER, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("layers_of_test")
    keras.Sequential([keras.Input((4,), name="rows"), module.Tripled()]).save(tmp_path / "m.keras")
    del sys.modules["layers_of_test"]
    yield tmp_path / "m.keras"
    sys.modules.pop("layers_of_test", None)


def test_a_module_that_is_named_gives_a_file_its_classes(tmp_path, own_layer):
    rows = np.ones((2, 4), np.float32)
    with pytest.raises(
        PackagingError, match=r"needs the class Tripled.* Name the module that defines it with --import"
    ):
        opening.open_keras_model(own_layer, tmp_path / "refused")
    reference = opening.open_keras_model(own_layer, tmp_path / "saved_model", ["layers_of_test"])
    (answer,) = reference.run("serving_default", {"rows": rows}).values()
    assert answer.tolist() == (rows * 3).tolist()


def test_a_version_is_made_anew_where_code_was_imported_which_may_have_changed(pack, own_layer):
    for number in (1, 2):
        packaged = pack(own_layer, imports=["layers_of_test"], forms=("saved_model",))
        assert (packaged.reused, packaged.manifest.version) == (False, number)
    with pytest.raises(VersionTaken):
        pack(own_layer, imports=["layers_of_test"], version=2)


def test_a_module_that_cannot_be_imported_is_named(tmp_path):
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save(tmp_path / "m.keras")
    for path in (tmp_path / "m.keras", of_keras_2(tmp_path / "m.h5")):
        with pytest.raises(PackagingError, match=r"^the module not_there cannot be imported .*PYTHONPATH"):
            opening.open_keras_model(path, tmp_path / "saved_model", ["not_there"])


def test_a_model_that_holds_its_classes_takes_no_module(tmp_path, pack):
    source = saved_models.save(tmp_path / "m", serving_default=saved_models.scores)
    with pytest.raises(PackagingError, match=r"m is no Keras file.*leave --import out"):
        pack(source, imports=["os"])


@pytest.mark.parametrize(
    "function",
    [
        "io.gfile.rmtree",
        "io.write_file",
        "load_op_library",
        "py_function",
        "keras.models.load_model",
        "saved_model.load",
    ],
)
def test_a_function_that_a_file_would_call_while_it_is_loaded_is_refused(tmp_path, function):
    path = of_keras_2(tmp_path / "m.h5")
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        config["config"]["layers"].append({"class_name": "TFOpLambda", "config": {"function": function}})
        file.attrs["model_config"] = json.dumps(config)
    with pytest.raises(PackagingError, match=f"calls tf.{function}, which would run on this machine"):
        open_keras_file(path)


def test_a_file_whose_zip_holds_something_else_says_what(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as file:
        file.writestr("notes.txt", "nothing")
    with pytest.raises(PackagingError, match=r"not of Keras: it lacks config\.json"):
        open_keras_file(tmp_path / "m.keras")


def test_inputs_and_outputs_have_keys_or_the_names_of_layers_and_numbers_where_they_come_again():
    left, right = keras.Input((2,), name="left"), keras.Input((2,), name="right")
    score = keras.layers.Dense(1, name="score")
    model = KerasSignature(
        keras.Model([left, right], [score(left), score(right), keras.layers.Dense(1, name="score_1")(left)])
    )
    rows = np.ones((3, 2), np.float32)
    assert set(model.predict({"left": rows, "right": rows})) == {"score", "score_1", "score_2"}
    inputs = {name: keras.Input((2,), name=name) for name in ("a b", "class")}
    by_key = KerasSignature(keras.Model(inputs, {"größe": score(inputs["a b"]), "x": score(inputs["class"])}))
    assert set(by_key.predict({"a b": rows, "class": rows})) == {"größe", "x"}


def test_a_batch_of_none_is_answered_by_a_call():
    rows = keras.Input((2,), name="rows")
    model = KerasSignature(keras.Model(rows, rows * 2.0))
    (answer,) = model.predict({"rows": np.zeros((0, 2), np.float32)}).values()
    assert answer.shape == (0, 2)
