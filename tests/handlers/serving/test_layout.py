"""The layout of small answers: TensorFlow Serving's spaces and decimals, and the numbers of the model."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from handlers.serving.dialects.layout import columns_text, is_laid_out, rows_text

SHAPES = array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=3)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool"])
@settings(deadline=None)
@given(data=st.data())
def test_an_answer_reads_as_the_numbers_of_the_model(dtype: str, data: st.DataObject) -> None:
    array = data.draw(arrays(dtype, SHAPES))
    for text in (rows_text({"y": array}), columns_text({"y": array})):
        read = np.array(next(iter(json.loads(text).values())), dtype).reshape(array.shape)
        assert np.array_equal(read, array, equal_nan=dtype.startswith("float"))


@settings(deadline=None)
@given(value=st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_decimal_has_six_digits_if_they_are_enough_else_nine(value: float) -> None:
    text = columns_text({"y": np.float32(value).reshape(())}).split(": ")[1][:-2]
    short, whole = f"{value:g}", f"{value:.9g}"
    expected = short if np.float32(short) == np.float32(value) else whole
    assert text in (expected, f"{expected}.0")
    assert ("." in text) or ("e" in text)


@settings(deadline=None)
@given(array=arrays("float32", (2, 3)))
def test_several_outputs_read_as_the_numbers_of_the_model(array: np.ndarray) -> None:
    outputs = {"a": array, "b": np.array([[b"x"], [b"y"]], object), "c_bytes": np.array([b"\xff", b""], object)}
    rows = json.loads(rows_text(outputs))["predictions"]
    assert np.array_equal(np.array([row["a"] for row in rows], "float32"), array, equal_nan=True)
    assert [(row["b"], row["c_bytes"]) for row in rows] == [(["x"], {"b64": "/w=="}), (["y"], {"b64": ""})]
    assert np.array_equal(np.array(json.loads(columns_text(outputs))["outputs"]["a"], "float32"), array, equal_nan=True)


def test_the_largest_float_is_written_with_nine_digits() -> None:
    largest = np.finfo(np.float32).max
    assert columns_text({"y": np.array(largest)}) == '{\n    "outputs": 3.40282347e+38\n}'


@pytest.mark.parametrize(
    ("shape", "is_small"),
    [((256,), True), ((257,), False), ((2, 0), True), ((1000, 0), False), ((0, 10**9), False), ((1,) * 7, False)],
)
def test_what_would_take_many_lines_is_not_laid_out(shape: tuple[int, ...], is_small: bool) -> None:
    assert is_laid_out([np.zeros(shape, np.bool_)]) == is_small
