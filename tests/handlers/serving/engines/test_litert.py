"""What only the LiteRT engine does."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from handlers.manifest import Artifact, Signature, TensorSpec
from handlers.serving.engines import EngineError, load
from tests.handlers.serving.engines.conftest import Loader

FLOATS = TensorSpec(dtype="float32", shape=None)
ARTIFACT = Artifact(
    engine="litert", form="tflite", signatures=("serving_default",), files=("model.tflite",), memory_bytes=0, reason=""
)


def test_weights_are_mapped_from_the_file(loaded: Loader, models: Path) -> None:
    loaded("large", "litert")
    assert str(models / "large" / "model.tflite") in Path("/proc/self/maps").read_text(encoding="utf-8")


def test_a_file_that_is_missing_is_named(models: Path) -> None:
    with pytest.raises(EngineError, match=r"model\.tflite is missing"):
        load(models, ARTIFACT, {"serving_default": Signature(inputs={}, outputs={})}, 1)


def test_a_file_that_is_no_model_is_refused_in_litert_s_words(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(b"no flatbuffer" * 100)
    with pytest.raises(EngineError, match="not a valid Flatbuffer buffer"):
        load(tmp_path, ARTIFACT, {"serving_default": Signature(inputs={}, outputs={})}, 1)


def test_a_signature_that_the_file_lacks_is_named(models: Path) -> None:
    missing = {"other": Signature(inputs={}, outputs={})}
    artifact = ARTIFACT._replace(signatures=("other",))
    with pytest.raises(EngineError, match=r"no signature 'other'; it has \['difference', 'serving_default'\]"):
        load(models / "arithmetic", artifact, missing, 1)


def test_an_input_that_the_signature_lacks_is_named(models: Path) -> None:
    signature = Signature(inputs={"z": FLOATS}, outputs={"y": FLOATS})
    with pytest.raises(EngineError, match=r"no input \['z'\]; it has \['x'\]"):
        load(models / "float32", ARTIFACT, {"serving_default": signature}, 1)


def test_a_file_without_signatures_is_served_by_its_tensors_names(models: Path, tmp_path: Path) -> None:
    shutil.copy(models / "unsigned.tflite", tmp_path / "model.tflite")
    signature = Signature(
        inputs={"image": TensorSpec(dtype="float32", shape=(1, 2), tensor="x")},
        outputs={"Identity": TensorSpec(dtype="float32", shape=(1, 2))},
    )
    model = load(tmp_path, ARTIFACT, {"serving_default": signature}, 1)
    answers = model.run("serving_default", {"image": np.array([[1, 2]], np.float32)})
    np.testing.assert_array_equal(answers["Identity"], [[3, 6]])
    model.close()
