"""Every form of source becomes a version whose manifest tells the truth."""

import keras
import ml_dtypes
import numpy as np
import pytest
from tensorflow.lite.tools import flatbuffer_utils

from handlers.manifest import MANIFEST_FILE
from handlers.manifest_reading import parse_manifest
from handlers.serving import engines
from models.packaging import candidates
from models.packaging.errors import PackagingError
from models.packaging.judgement import by_range
from tests.models import more_models, saved_models
from tests.models.asking import answer


@pytest.fixture(scope="module")
def keras_model():
    images = keras.Input((6, 6, 1), name="image")
    flat = keras.layers.Flatten()(keras.layers.Conv2D(4, 3, activation="relu")(images))
    return keras.Model(images, [keras.layers.Dense(3, name="kind")(flat), keras.layers.Dense(1, name="age")(flat)])


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


def test_weights_that_one_file_cannot_hold_stay_in_the_saved_model(tmp_path, empty, pack, monkeypatch):
    monkeypatch.setattr(candidates, "ONE_FILE_BYTES", saved_models.WEIGHT.shape.num_elements() * 4)
    artifact = pack(saved_models.save(tmp_path / "m", serving_default=saved_models.scores)).manifest.artifacts[0]
    assert artifact.form == "saved_model"
    for form in ("tflite", "onnx", "frozen_graph"):
        reason = artifact.evidence["lost"][form]["reasons"]["serving_default"]
        assert reason == "its weights take 48 B, and one file holds less than 48 B"


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


def test_a_keras_export_is_served_by_litert_under_both_its_names(tmp_path, empty, pack, keras_model):
    keras_model.export(tmp_path / "m", verbose=False)
    manifest = pack(tmp_path / "m", forms=("tflite",)).manifest
    assert manifest.artifacts[0].signatures == ("serve", "serving_default")
    directory = empty.root / "m" / "1"
    model = engines.load(directory, manifest.artifacts[0], manifest.signatures, 1)
    random = np.random.default_rng(1)
    for signature, batch in (("serve", 1), ("serving_default", 3), ("serve", 1), ("serving_default", 2)):
        images = random.normal(size=(batch, 6, 6, 1)).astype(np.float32)
        found = model.run(signature, {"image": images})
        for output, expected in zip(("output_0", "output_1"), keras_model(images), strict=True):
            np.testing.assert_allclose(found[output], expected, atol=1e-5)
    model.close()


def test_signatures_that_are_one_function_share_one_subgraph(tmp_path, empty, pack):
    source = saved_models.save(
        tmp_path / "m", first=saved_models.scores, second=saved_models.scores, third=more_models.labelled
    )
    assert pack(source, forms=("tflite",)).manifest.artifacts[0].signatures == ("first", "second", "third")
    model = flatbuffer_utils.read_model(str(empty.root / "m/1/model.tflite"))
    first, second, third = (definition.subgraphIndex for definition in model.signatureDefs)
    assert first == second != third
    assert len([graph for graph in model.subgraphs if graph.tensors]) == 2


def test_a_signature_that_fails_its_trial_leaves_litert_to_the_others(tmp_path, empty, pack):
    source = saved_models.save(tmp_path / "m", any=more_models.size_of_anything, scores=saved_models.scores)
    manifest = pack(source, forms=("tflite", "saved_model")).manifest
    assert manifest.artifact_for("scores").engine == "litert"
    assert manifest.artifact_for("any").engine == "tensorflow"
    assert "LiteRT cannot" in manifest.artifact_for("any").reason
    assert "cannot" not in manifest.artifact_for("scores").reason
    anything = np.ones((2, 3), np.float32)
    assert answer(empty, manifest, "any", {"anything": anything})["size"] == 6


def test_each_signature_has_its_own_reason(tmp_path, pack):
    source = saved_models.save(tmp_path / "m", any=more_models.size_of_anything, words=saved_models.lengths)
    (artifact,) = pack(source, forms=("tflite", "saved_model")).manifest.artifacts
    reasons = artifact.evidence["lost"]["tflite"]["reasons"]
    assert "LiteRT has no" in reasons["words"]
    assert "LiteRT has no" not in reasons["any"]
    assert f"for words, LiteRT cannot: {reasons['words']}" in artifact.reason


def test_bfloat16_is_served_as_its_bits(tmp_path, empty, pack):
    manifest = pack(saved_models.save(tmp_path / "m", serving_default=more_models.doubled_halves)).manifest
    halves = np.array([[1, 2, 3, -0.5]], ml_dtypes.bfloat16)
    (found,) = answer(empty, manifest, "serving_default", {"halves": halves.view(np.uint16)}).values()
    np.testing.assert_array_equal(found.view(ml_dtypes.bfloat16), halves * 2)


def test_an_output_may_be_a_single_string(tmp_path, empty, pack):
    manifest = pack(saved_models.save(tmp_path / "m", serving_default=more_models.labelled)).manifest
    found = answer(empty, manifest, "serving_default", {"rows": np.ones((1, 4), np.float32)})
    assert (found["label"].item(), found["labels"].tolist()) == (b"cat", [b"a", b"b"])


def test_a_litert_file_without_signatures_gets_one_with_every_output(tmp_path, empty, pack):
    source = more_models.save_tflite(tmp_path / "m.tflite", saved_models.scores)
    manifest = pack(more_models.change(source, more_models.without_signatures)).manifest
    ((name, spec),) = manifest.signatures["serving_default"].inputs.items()
    assert spec.shape[1:] == (4,)
    rows = np.ones((1, 4), np.float32)
    found = answer(empty, manifest, "serving_default", {name: rows})
    expected = saved_models.scores(rows)
    by_dtype = {value.dtype.name: value for value in found.values()}
    np.testing.assert_allclose(by_dtype["float32"], expected["scores"], atol=1e-6)
    np.testing.assert_array_equal(by_dtype["int64"], expected["best"])


def test_tensors_of_one_name_are_refused_where_nothing_else_tells_them_apart(tmp_path, pack):
    def with_tensors_of_one_name(model):
        more_models.without_signatures(model)
        for tensor in model.subgraphs[0].tensors:
            tensor.name = b"same"

    source = more_models.save_tflite(tmp_path / "m.tflite", saved_models.scores)
    with pytest.raises(PackagingError, match="its tensor 'same' cannot be told from others"):
        pack(more_models.change(source, with_tensors_of_one_name))


def test_a_custom_operation_that_litert_has_built_in_is_served(tmp_path, empty, pack):
    source = more_models.save_tflite(tmp_path / "m.tflite", more_models.spectrogram)
    manifest = pack(source).manifest
    sound = np.sin(np.arange(256, dtype=np.float32)).reshape(256, 1)
    (found,) = answer(empty, manifest, "serving_default", {"sound": sound}).values()
    np.testing.assert_allclose(found, more_models.spectrogram(sound)["spectrogram"], atol=1e-3)


def test_a_custom_operation_that_litert_lacks_is_refused_by_name(tmp_path, pack):
    source = more_models.save_tflite(tmp_path / "m.tflite", more_models.spectrogram)
    with pytest.raises(PackagingError, match="needs the operations MyOwn, which LiteRT does not have built in"):
        pack(more_models.change(source, more_models.with_unknown_operations))


def test_a_model_that_does_not_repeat_itself_is_said_not_to(tmp_path, pack):
    source = saved_models.save(tmp_path / "m", serving_default=saved_models.is_random)
    with pytest.raises(PackagingError, match="answers one request differently each time"):
        pack(source, forms=("saved_model",))


def test_packaging_the_same_again_is_the_same_version(tmp_path, empty, pack):
    source = saved_models.save(tmp_path / "m", serving_default=saved_models.scores)
    first, again = pack(source, forms=("tflite",)), pack(source, forms=("tflite",))
    assert (again.reused, again.manifest.version) == (True, first.manifest.version)
    other = saved_models.save(tmp_path / "o", serving_default=saved_models.lengths)
    second = pack(other, forms=("frozen_graph",))
    assert (second.reused, second.manifest.version) == (False, 2)
    assert second.pointer.version == 1
    assert pack(other, forms=("frozen_graph",), make_current=True).pointer.version == 2


def test_requests_of_a_wide_range_do_not_widen_what_is_allowed_in_a_narrow_one():
    narrow, wide = {"x": np.float32([[1.0]])}, {"x": np.float32([[200.0]])}
    assert by_range([narrow, narrow, wide]) == [[0, 1], [2]]
    assert by_range([narrow, {"x": np.float32([[20.0]])}]) == [[0, 1]]
    assert by_range([{"words": np.array([b"a"], object)}]) == [[0]]
