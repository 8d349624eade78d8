"""Models that ONNX Runtime serves, because LiteRT cannot: they answer what TensorFlow answers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from handlers.serving.engines import EngineError
from models.packaging.errors import PackagingError
from tests.models import saved_models
from tests.models.asking import answer

layers = keras.layers


def recurrent(*between):
    return keras.Sequential([keras.Input((None, 3), name="steps"), *between, layers.Dense(2, name="scores")])


def assert_answers(empty, manifest, model):
    """That a version answers as Keras does, for sequences of any length."""
    for batch, length in ((1, 1), (4, 9), (3, 50)):
        steps = np.random.default_rng(length).normal(size=(batch, length, 3)).astype(np.float32)
        steps[:, length // 2 + 1 :] = 0
        found = answer(empty, manifest, "serving_default", {"steps": steps})
        np.testing.assert_allclose(found["scores"], model.predict(steps, verbose=0), atol=1e-5)


def test_an_lstm_over_any_length_is_served_by_onnx_runtime_because_litert_cannot(tmp_path, empty, pack):
    model = recurrent(layers.LSTM(4))
    model.save(tmp_path / "m.keras")
    manifest = pack(tmp_path / "m.keras").manifest
    (artifact,) = manifest.artifacts
    assert (artifact.engine, artifact.form, artifact.files) == ("onnxruntime", "onnx", ("signature-0.onnx",))
    assert "LiteRT cannot: LiteRT has no TensorListReserve" in artifact.reason
    assert artifact.evidence["lost"].keys() == {"tflite", "frozen_graph", "saved_model"}
    assert_answers(empty, manifest, model)
    for shape in ((0, 4, 3), (2, 0, 3)):
        with pytest.raises(EngineError, match="the model takes no inputs without elements") as refused:
            answer(empty, manifest, "serving_default", {"steps": np.zeros(shape, np.float32)})
        assert refused.value.refuses_inputs


OTHERS = {
    "a GRU before an LSTM that runs backwards": lambda: (
        layers.GRU(4, return_sequences=True),
        layers.LSTM(3, go_backwards=True),
    ),
    "a masked LSTM": lambda: (layers.Masking(), layers.LSTM(4)),
}


@pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)
def test_other_recurrent_layers_answer_as_keras_does(tmp_path, empty, pack, make):
    model = recurrent(*make())
    model.save(tmp_path / "m.keras")
    assert_answers(empty, pack(tmp_path / "m.keras", forms=["onnx"]).manifest, model)


CHECKS = {
    "Assert": lambda rows: tf.debugging.assert_less(rows, 1e20),
    "CheckNumerics": lambda rows: tf.debugging.check_numerics(rows, "rows"),
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_model_that_checks_its_input_keeps_its_check(tmp_path, empty, pack, name):
    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="rows")])
    def checked(rows):
        with tf.control_dependencies([CHECKS[name](rows)]):
            return {"sorted": tf.sort(rows), "odd": tf.raw_ops.LeftShift(x=tf.cast(rows, tf.int32), y=1)}

    source = saved_models.save(tmp_path / "m", serving_default=checked)
    with pytest.raises(PackagingError, match=rf"ONNX Runtime: the model checks its input \({name}\)"):
        pack(source, forms=["onnx"])


def test_a_model_that_leaves_out_rows_before_a_recurrent_layer_is_not_for_onnx_runtime(tmp_path, pack):
    layer = layers.LSTM(2)
    layer.build((None, None, 3))

    @tf.function(input_signature=[tf.TensorSpec([None, 5, 3], tf.float32, name="steps")])
    def filtered(steps):
        return {"scores": layer(tf.boolean_mask(steps, steps[:, 0, 0] > 0))}

    module = tf.Module()
    module.kept = [weight.value for weight in layer.weights]
    tf.saved_model.save(module, str(tmp_path / "m"), signatures={"serving_default": filtered})
    with pytest.raises(PackagingError, match="ONNX Runtime: it leaves out rows by their values"):
        pack(tmp_path / "m", forms=["onnx"])


def test_what_onnx_lacks_is_named(tmp_path, pack):
    function = tf.function(
        lambda rows: {"roots": tf.linalg.cholesky(tf.eye(3) + rows @ tf.linalg.matrix_transpose(rows))},
        input_signature=[tf.TensorSpec([None, 3, 3], tf.float32, name="rows")],
    )
    with pytest.raises(PackagingError, match="ONNX Runtime: ONNX has no Cholesky"):
        pack(saved_models.save(tmp_path / "m", serving_default=function), forms=["onnx"])
    with pytest.raises(PackagingError, match="ONNX Runtime: ONNX Runtime cannot exchange string"):
        pack(saved_models.save(tmp_path / "words", serving_default=saved_models.lengths), forms=["onnx"])


def test_where_something_is_to_be_saved_onnx_runtime_is_tried_beside_litert(tmp_path, pack):
    manifest = pack(saved_models.save(tmp_path / "m", serving_default=saved_models.scores), prefer="size").manifest
    (artifact,) = manifest.artifacts
    assert "median_seconds" in (artifact.evidence["lost"].get("onnx") or artifact.evidence)
    assert {artifact.form, *artifact.evidence["lost"]} == {"tflite", "onnx", "frozen_graph", "saved_model"}


def test_every_signature_has_a_file_of_its_own(tmp_path, empty, pack):
    twice = tf.function(lambda rows: {"rows": rows * 2}, input_signature=[saved_models.ROWS])
    source = saved_models.save(tmp_path / "m", serving_default=saved_models.scores, twice=twice)
    manifest = pack(source, forms=["onnx"]).manifest
    (artifact,) = manifest.artifacts
    assert artifact.signatures == ("serving_default", "twice")
    assert artifact.files == ("signature-0.onnx", "signature-1.onnx")
    rows = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)
    np.testing.assert_array_equal(answer(empty, manifest, "twice", {"rows": rows})["rows"], rows * 2)
    expected, found = saved_models.scores(rows), answer(empty, manifest, "serving_default", {"rows": rows})
    np.testing.assert_allclose(found["scores"], expected["scores"], atol=1e-6)
    np.testing.assert_array_equal(found["best"], expected["best"])
