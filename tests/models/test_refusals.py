"""What cannot be packaged is refused with one reason, and the repository stays as it was."""

import keras
import numpy as np
import pytest

from models.packaging.errors import PackagingError
from models.packaging.meta_graph import read_meta_graph
from models.packaging.safety import refuse_harm
from tests.models import saved_models


@pytest.fixture
def refused(empty, pack):
    """The reason why a source is refused."""

    def run(source, **options):
        with pytest.raises(PackagingError) as error:
            pack(source, **options)
        assert not empty.root.exists()
        return str(error.value)

    return run


@pytest.mark.parametrize(
    ("function", "operation", "harm"),
    [
        (saved_models.calls_python, "EagerPyFunc", "calls Python"),
        (saved_models.reads_files, "ReadFile", "reads or writes files"),
        (saved_models.prints_to_a_file, "PrintV2", "reads or writes the file"),
    ],
)
def test_what_could_harm_is_refused_unless_allowed_by_name(tmp_path, refused, function, operation, harm):
    source = saved_models.save(tmp_path / "m", serving_default=function)
    reason = refused(source)
    assert harm in reason
    assert f"--allow-op {operation}" in reason
    refuse_harm(read_meta_graph(source), {operation})


def test_a_lambda_layer_is_refused(tmp_path, refused):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda value: value + 1)])
    model.save(tmp_path / "m.keras")
    assert "Lambda layer" in refused(tmp_path / "m.keras")


def test_weights_without_a_model_are_refused(tmp_path, refused):
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save_weights(tmp_path / "m.weights.h5")
    assert "weights" in refused(tmp_path / "m.weights.h5")


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.tflite"])
def test_a_damaged_file_is_refused(tmp_path, refused, name):
    (tmp_path / name).write_bytes(b"not a model")
    assert name in refused(tmp_path / name)


def test_a_damaged_saved_model_is_refused(tmp_path, refused):
    source = saved_models.save(tmp_path / "m", serving_default=saved_models.scores)
    (source / "saved_model.pb").write_bytes(b"\xff" * 64)
    assert "is not a SavedModel" in refused(source)


def test_a_saved_model_without_its_variables_is_refused(tmp_path, refused):
    source = saved_models.save(tmp_path / "m", serving_default=saved_models.scores)
    next(source.glob("variables/*.data*")).unlink()
    assert "TensorFlow cannot load the SavedModel" in refused(source)


def test_what_is_no_model_is_refused(tmp_path, refused):
    (tmp_path / "m.txt").write_text("hello")
    assert ".keras, .h5, .hdf5, .tflite" in refused(tmp_path / "m.txt")
    assert "does not exist" in refused(tmp_path / "nothing.keras")
    assert "saved_model.pb" in refused(tmp_path)


def test_samples_of_a_wrong_shape_are_refused(tmp_path, refused):
    source = saved_models.save(tmp_path / "m", serving_default=saved_models.scores)
    np.savez(tmp_path / "s.npz", rows=np.zeros((3, 5), np.float32))
    assert "[3, 5]" in refused(source, samples=tmp_path / "s.npz")


def test_a_model_that_answers_at_random_is_refused(tmp_path, refused):
    source = saved_models.save(tmp_path / "m", serving_default=saved_models.is_random)
    assert "no engine answers" in refused(source, forms=("saved_model",))


def test_an_engine_that_cannot_is_refused_with_its_reason(tmp_path, refused):
    source = saved_models.save(tmp_path / "m", serving_default=saved_models.lengths)
    assert "LiteRT has no" in refused(source, forms=("tflite",))


@pytest.mark.parametrize("option", [{"version": 0}, {"tolerance": -1.0}])
def test_options_out_of_range_are_refused(tmp_path, refused, option):
    assert str(next(iter(option.values()))) in refused(tmp_path, **option)
