"""What all engines have in common."""

import threading
from functools import partial
from pathlib import Path
from typing import cast, get_args

import numpy as np
import pytest

from handlers.manifest import DTYPES, Artifact, EngineName
from handlers.serving import engines
from handlers.serving.engines import EngineError
from handlers.serving.footprint import ENGINE_BYTES, ENGINE_OWN_BYTES
from tests.handlers.serving.engines.conftest import Loader
from tests.handlers.threads import run_at_once

NO_FILES = Path("/nowhere")
ENGINES = pytest.mark.parametrize("engine", ["litert", "onnxruntime", "tensorflow"])
NOT_EXCHANGED = {"litert": ("bfloat16",), "onnxruntime": ("bfloat16", "complex64", "complex128", "string")}

VALUES = {
    "bool": np.array([[True, False], [False, False]]),
    "string": np.array([[b"", b"\x00a\x00"], ["βeta".encode(), bytes(range(256)) * 300]], object),
    "bfloat16": np.array([[0x3F80, 0xC000], [0x7F80, 0x0001]], np.uint16),
    "complex64": np.array([[1 + 2j, -1j], [0, 3.5]], np.complex64),
    "complex128": np.array([[1 + 2j, -1j], [0, 1e300]], np.complex128),
} | {
    name: np.array([[np.finfo(name).max, np.finfo(name).tiny], [-0.5, np.nan]], name)
    for name in ("float16", "float32", "float64")
} | {
    name: np.array([[np.iinfo(name).max, np.iinfo(name).min], [1, 0]], name)
    for name in (f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
}  # fmt: skip


@pytest.mark.parametrize("engine", get_args(EngineName))
def test_every_engine_of_the_manifest_can_be_imported_and_has_its_memory_counted(engine: EngineName) -> None:
    engines.import_engine(engine)
    assert 0 < ENGINE_OWN_BYTES[engine] < ENGINE_BYTES[engine]


def test_an_engine_that_does_not_exist_is_named() -> None:
    artifact = Artifact(
        engine=cast("EngineName", "onnx"), form="tflite", signatures=(), files=(), memory_bytes=0, reason=""
    )
    with pytest.raises(EngineError, match="There is no engine 'onnx'; the engines are litert, onnxruntime, tensorflow"):
        engines.load(NO_FILES, artifact, {}, 1)


def test_there_is_a_value_for_every_dtype() -> None:
    assert VALUES.keys() == DTYPES


@ENGINES
@pytest.mark.parametrize("dtype", sorted(VALUES))
def test_every_dtype_comes_back_as_it_went_in(loaded: Loader, engine: str, dtype: str) -> None:
    if dtype in NOT_EXCHANGED.get(engine, ()):
        with pytest.raises(EngineError, match=f"cannot exchange {dtype}, which signature 'serving_default'"):
            loaded(dtype, engine)
        return
    model = loaded(dtype, engine)
    sent = VALUES[dtype]
    for batch in (sent, sent[:1], sent[:0]):
        answer = model.run("serving_default", {"x": batch})["y"]
        assert answer.dtype == sent.dtype
        assert answer.shape == batch.shape
        np.testing.assert_array_equal(answer, batch)


@ENGINES
@pytest.mark.parametrize("batch", [1, 3, 0, 2])
def test_a_batch_has_any_size(loaded: Loader, engine: str, batch: int) -> None:
    x = np.arange(batch * 3, dtype=np.float32).reshape(batch, 3)
    answers = loaded("arithmetic", engine).run("serving_default", {"x": x})
    np.testing.assert_allclose(answers["total"], x.sum(-1))
    np.testing.assert_allclose(answers["product"], np.repeat(x.sum(-1, keepdims=True), 4, 1))


@ENGINES
def test_one_loaded_model_serves_several_signatures(loaded: Loader, engine: str) -> None:
    model = loaded("arithmetic", engine)
    x = np.ones((2, 3), np.float32)
    for _ in range(2):
        np.testing.assert_array_equal(model.run("serving_default", {"x": x})["double"], x * 2)
        np.testing.assert_array_equal(model.run("difference", {"x": x, "y": x * 3})["difference"], x * -2)


@ENGINES
def test_outputs_come_in_the_order_asked_for(loaded: Loader, engine: str) -> None:
    model, x = loaded("arithmetic", engine), np.ones((1, 3), np.float32)
    assert list(model.run("serving_default", {"x": x})) == ["double", "product", "total"]
    assert list(model.run("serving_default", {"x": x}, ["total", "double"])) == ["total", "double"]


@ENGINES
def test_answers_are_the_callers_own(loaded: Loader, engine: str) -> None:
    model, x = loaded("arithmetic", engine), np.ones((2, 3), np.float32)
    first = model.run("serving_default", {"x": x})["double"]
    model.run("serving_default", {"x": x * 5})
    assert first.flags.writeable
    np.testing.assert_array_equal(first, x * 2)


@ENGINES
@pytest.mark.parametrize(
    "given",
    [
        np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
        np.arange(24, dtype=np.float32).reshape(4, 6)[::2, ::2],
        np.frombuffer(b"\0" + np.arange(6, dtype=np.float32).tobytes(), np.float32, offset=1).reshape(2, 3),
    ],
    ids=["column by column", "with gaps", "misaligned and read-only"],
)
def test_an_input_may_lie_in_memory_in_any_way(loaded: Loader, engine: str, given: np.ndarray) -> None:
    answers = loaded("arithmetic", engine).run("serving_default", {"x": given})
    np.testing.assert_array_equal(answers["double"], given * 2)


REFUSED = {
    "litert": [
        ({"x": np.zeros((2, 4), np.float32)}, "resize dimension 1 of tensor 0 with value 3 to 4"),
        ({"x": np.zeros(3, np.float32)}, r"^their values or shapes do not fit together\.$"),
        ({"x": np.zeros((2, 3))}, "Got value of type FLOAT64 but expected type FLOAT32"),
    ],
    "onnxruntime": [
        ({"x": np.zeros((2, 4), np.float32)}, r"^their values or shapes do not fit together\.$"),
        ({"x": np.zeros(3, np.float32)}, r"^their values or shapes do not fit together\.$"),
        ({"x": np.zeros((2, 3))}, r"^their values or shapes do not fit together\.$"),
    ],
    "tensorflow": [
        ({"x": np.zeros((2, 4), np.float32)}, r"Matrix size-incompatible: In\[0\]: \[2,4\], In\[1\]: \[3,4\]"),
        ({"x": np.zeros(3, np.float32)}, r"must be|In\[0\]"),
        ({"x": np.zeros((2, 3))}, "expects to be float but double is provided|float"),
    ],
}


@pytest.mark.parametrize(
    ("engine", "inputs", "message"), [(engine, *case) for engine, cases in REFUSED.items() for case in cases]
)
def test_a_model_refuses_inputs_in_plain_words_and_goes_on_serving(
    loaded: Loader, engine: str, inputs: dict[str, np.ndarray], message: str
) -> None:
    model, x = loaded("arithmetic", engine), np.ones((2, 3), np.float32)
    model.run("serving_default", {"x": x})
    for _ in range(2):
        with pytest.raises(EngineError, match=message) as refused:
            model.run("serving_default", inputs)
        assert refused.value.refuses_inputs
        assert "\n" not in str(refused.value)
        assert str(refused.value).count("resize dimension") <= 1
    np.testing.assert_array_equal(model.run("serving_default", {"x": x})["double"], x * 2)


@pytest.mark.parametrize(
    ("engine", "form"),
    [
        ("litert", "tflite"),
        ("onnxruntime", "onnx"),
        ("tensorflow", "saved_model"),
        ("tensorflow", "frozen_graph"),
    ],
)
def test_every_form_answers_as_tensorflow_does(
    loaded: Loader, answers: tuple[np.ndarray, np.ndarray], engine: str, form: str
) -> None:
    images, expected = answers
    model = loaded("network", engine, form)
    np.testing.assert_allclose(model.run("serving_default", {"image": images})["output_0"], expected, atol=1e-6)
    np.testing.assert_allclose(model.run("serving_default", {"image": images[:1]})["output_0"], expected[:1], atol=1e-6)


@ENGINES
def test_eight_threads_each_get_their_own_answer(
    loaded: Loader, answers: tuple[np.ndarray, np.ndarray], engine: str
) -> None:
    images, expected = answers
    model = loaded("network", engine)
    wrong: list[object] = []

    def ask(first: int) -> None:
        for turn in range(25):
            rows = np.arange(first, first + 1 + turn % 3) % len(images)
            answer = model.run("serving_default", {"image": images[rows]})["output_0"]
            if not np.allclose(answer, expected[rows], atol=1e-6):
                wrong.append((rows, answer))

    run_at_once(partial(ask, number) for number in range(8))
    assert wrong == []


@ENGINES
def test_closing_waits_for_the_calls_that_run(loaded: Loader, engine: str) -> None:
    model = loaded("large", engine)
    x = np.ones((32, 4096), np.float32)
    started, results = threading.Event(), []

    def ask() -> None:
        started.set()
        try:
            results.append(model.run("serving_default", {"x": x})["y"].shape)
        except EngineError as error:
            results.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    started.wait()
    model.close()
    thread.join()
    assert results in ([(32, 4096)], ["the model is closed"])


@ENGINES
def test_a_closed_model_refuses_calls_and_may_be_closed_again(loaded: Loader, engine: str) -> None:
    model = loaded("arithmetic", engine)
    model.close()
    model.close()
    with pytest.raises(EngineError, match="the model is closed"):
        model.run("serving_default", {"x": np.ones((1, 3), np.float32)})
