"""What only the LiteRT engine does."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from handlers.manifest import Artifact, Signature, TensorSpec
from handlers.serving.engines import EngineError, Warmup, litert, load
from handlers.serving.meta_graph import read_signatures
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


PAIRS = {"x": np.float32([[np.inf, 1, -2], [0, 3, 4]]), "y": np.float32([[1, 1, 1], [0, 0, 0]])}
UNEQUAL = {"x": np.zeros((2, 3), np.float32), "y": np.zeros((3, 3), np.float32)}


def test_an_empty_batch_is_answered_and_leaves_no_trace(loaded: Loader, answers: tuple[np.ndarray, np.ndarray]) -> None:
    images, _ = answers
    expected = loaded("network", "litert").run("serving_default", {"image": images})["output_0"]
    model = loaded("network", "litert")
    for _ in range(2):
        assert model.run("serving_default", {"image": images[:0]})["output_0"].shape == (0, 5)
        assert model.run("serving_default", {"image": images})["output_0"].tobytes() == expected.tobytes()


def test_shapes_that_are_refused_leave_no_trace(loaded: Loader) -> None:
    expected = loaded("arithmetic", "litert").run("difference", PAIRS)["difference"]
    assert expected[0, 0] == np.inf
    model = loaded("arithmetic", "litert")
    for _ in range(2):
        with pytest.raises(EngineError) as refused:
            model.run("difference", UNEQUAL)
        assert refused.value.refuses_inputs
        assert model.run("difference", PAIRS)["difference"].tobytes() == expected.tobytes()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The file of every interpreter that is opened."""
    opened: list[Path] = []
    open_raw = litert._open_raw

    def noting(path: Path, operations: int, threads: int) -> object:
        opened.append(path)
        return open_raw(path, operations, threads)

    monkeypatch.setattr(litert, "_open_raw", noting)
    return opened


@pytest.mark.parametrize(
    ("warmup", "interpreters"), [({}, 2), ({"difference": {"x": [[1, 2, 3]], "y": {"zeros": [1, 3]}}}, 1)]
)
def test_where_shapes_are_known_an_interpreter_outlives_a_first_call_that_is_refused(
    models: Path, opened: list[Path], warmup: Warmup, interpreters: int
) -> None:
    directory = models / "arithmetic"
    signatures = read_signatures((directory / "saved_model.pb").read_bytes())
    model = load(directory, ARTIFACT._replace(signatures=("difference",)), signatures, 1, warmup)
    with pytest.raises(EngineError):
        model.run("difference", UNEQUAL)
    model.run("difference", PAIRS)
    assert len(opened) == interpreters
    model.close()


def test_known_shapes_that_are_refused_are_no_fault_of_the_inputs(models: Path) -> None:
    directory = models / "arithmetic"
    signatures = read_signatures((directory / "saved_model.pb").read_bytes())
    warmup = {"difference": {"x": [[1, 2, 3]] * 2, "y": [[1, 2, 3]] * 3}}
    model = load(directory, ARTIFACT._replace(signatures=("difference",)), signatures, 1, warmup)
    for _ in range(2):
        with pytest.raises(EngineError) as failed:
            model.run("difference", PAIRS)
        assert not failed.value.refuses_inputs
    model.close()


def test_the_errors_of_refused_calls_are_not_kept_for_ever(loaded: Loader, opened: list[Path]) -> None:
    model = loaded("arithmetic", "litert")
    expected = model.run("difference", PAIRS)["difference"].tobytes()
    for _ in range(1500):
        with pytest.raises(EngineError, match=r"^their values or shapes do not fit together\.$"):
            model.run("difference", UNEQUAL)
    assert 2 <= len(opened) < 10
    assert model.run("difference", PAIRS)["difference"].tobytes() == expected
