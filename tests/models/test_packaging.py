"""Every form of source becomes a version whose manifest tells the truth."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.lite.tools import flatbuffer_utils

from handlers.manifest import MANIFEST_FILE, parse_manifest
from handlers.serving import engines
from tests.models import saved_models


@pytest.fixture(scope="module")
def keras_model():
    images = keras.Input((6, 6, 1), name="image")
    flat = keras.layers.Flatten()(keras.layers.Conv2D(4, 3, activation="relu")(images))
    return keras.Model(images, [keras.layers.Dense(3, name="kind")(flat), keras.layers.Dense(1, name="age")(flat)])


def answer(repository, manifest, signature, inputs):
    """Ask a packaged version as a function would."""
    directory = repository.root / manifest.model / str(manifest.version)
    model = engines.load(directory, manifest.artifact_for(signature), manifest.signatures, 1)
    try:
        return model.run(signature, inputs)
    finally:
        model.close()


def test_each_signature_is_served_by_the_engine_that_can(tmp_path, empty, pack):
    source = saved_models.save(tmp_path / "m", serving_default=saved_models.scores, words=saved_models.lengths)
    manifest = pack(source).manifest
    assert manifest.artifact_for("serving_default").engine == "litert"
    assert manifest.artifact_for("words").engine == "tensorflow"
    assert "LiteRT has no" in manifest.artifact_for("words").reason
    rows = np.ones((3, 4), np.float32)
    expected = saved_models.scores(rows)
    found = answer(empty, manifest, "serving_default", {"rows": rows})
    np.testing.assert_allclose(found["scores"], expected["scores"], atol=1e-6)
    words = np.array([b"one", b"\xc3\xa9"], object)
    assert answer(empty, manifest, "words", {"words": words})["lengths"].tolist() == [3, 2]


def test_the_manifest_lists_every_file_and_holds_the_evidence(tmp_path, empty, pack):
    packaged = pack(saved_models.save(tmp_path / "m", serving_default=saved_models.scores))
    assert empty.faults("m") == []
    written = parse_manifest((empty.root / "m" / "1" / MANIFEST_FILE).read_bytes())
    assert written == parse_manifest(packaged.manifest.to_json())
    (artifact,) = written.artifacts
    assert artifact.verification.samples > 0
    assert artifact.verification.worst_relative_error <= artifact.verification.tolerance == 1e-4
    assert artifact.memory_bytes >= artifact.evidence["size_bytes"] == (empty.root / "m/1/model.tflite").stat().st_size
    assert artifact.evidence["peak_bytes"] >= artifact.evidence["resident_bytes"] > 0
    assert artifact.evidence["first_answer_seconds"] > artifact.evidence["load_seconds"] > 0
    assert set(artifact.evidence["lost"]) == {"frozen_graph", "saved_model"}
    assert set(written.warmup["serving_default"]) == {"rows"}


def test_a_table_is_filled_from_its_asset(tmp_path, empty, pack):
    manifest = pack(saved_models.with_a_table(tmp_path / "m", tmp_path / "colours.txt")).manifest
    assert manifest.artifacts[0].form == "saved_model"
    found = answer(empty, manifest, "serving_default", {"words": np.array([b"green", b"pink"], object)})
    assert found["indices"].tolist() == [1, -1]


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_keras_file_is_served_under_its_layers_names(tmp_path, empty, pack, keras_model, suffix):
    keras_model.save(tmp_path / f"m{suffix}")
    manifest = pack(tmp_path / f"m{suffix}", forms=("tflite",)).manifest
    signature = manifest.signatures["serving_default"]
    assert list(signature.inputs) == ["image"]
    assert signature.inputs["image"].shape == (-1, 6, 6, 1)
    assert list(signature.outputs) == ["age", "kind"]
    images = np.random.default_rng(1).normal(size=(2, 6, 6, 1)).astype(np.float32)
    found = answer(empty, manifest, "serving_default", {"image": images})
    kind, age = keras_model(images)
    np.testing.assert_allclose(found["kind"], kind, atol=1e-5)
    np.testing.assert_allclose(found["age"], age, atol=1e-5)


def test_a_litert_file_without_signatures_gets_one(tmp_path, empty, pack):
    function = saved_models.scores.get_concrete_function()
    content = tf.lite.TFLiteConverter.from_concrete_functions([function], tf.Module()).convert()
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    model.signatureDefs = []
    (tmp_path / "m.tflite").write_bytes(flatbuffer_utils.convert_object_to_bytearray(model))
    manifest = pack(tmp_path / "m.tflite").manifest
    ((name, spec),) = manifest.signatures["serving_default"].inputs.items()
    assert spec.shape[1:] == (4,)
    rows = np.ones((1, 4), np.float32)
    found = answer(empty, manifest, "serving_default", {name: rows})
    (scores,) = (value for value in found.values() if value.dtype == np.float32)
    np.testing.assert_allclose(scores, saved_models.scores(rows)["scores"], atol=1e-6)


def test_packaging_the_same_again_is_the_same_version(tmp_path, empty, pack):
    source = saved_models.save(tmp_path / "m", serving_default=saved_models.scores)
    first, again = pack(source, forms=("tflite",)), pack(source, forms=("tflite",))
    assert (again.reused, again.manifest.version) == (True, first.manifest.version)
    other = saved_models.save(tmp_path / "o", serving_default=saved_models.lengths)
    second = pack(other, forms=("frozen_graph",))
    assert (second.reused, second.manifest.version) == (False, 2)
    assert second.pointer.version == 1
    assert pack(other, forms=("frozen_graph",), make_current=True).pointer.version == 2
