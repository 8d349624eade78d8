"""Transposed convolutions of LiteRT files are written as convolutions that answer the same."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from models.packaging.litert.conversion import convert
from models.packaging.litert.transposed_convolutions import as_convolutions
from tests.models.litert.files import Function, answer, converted, operators, weights

CHANNELS, OUTPUTS = 5, 3


def transpose(
    data: Any, *, kernel: tuple[int, int], strides: tuple[int, int], padding: str, more: tuple[int, int] = (0, 0)
) -> Any:
    """A transposed convolution; its answer is by `more` larger than Keras makes it."""
    shape = tf.shape(data)
    sizes = [
        (shape[axis] if data.shape[axis] is None else data.shape[axis]) * stride
        if padding == "SAME"
        else (data.shape[axis] - 1) * stride + size
        for axis, size, stride in zip((1, 2), kernel, strides, strict=True)
    ]
    wanted = [shape[0], *(size + extra for size, extra in zip(sizes, more, strict=True)), OUTPUTS]
    return tf.nn.conv2d_transpose(data, weights(*kernel, OUTPUTS, CHANNELS), wanted, strides, padding)


def of(kernel: tuple[int, int], strides: tuple[int, int], padding: str, more: tuple[int, int] = (0, 0)) -> Function:
    return partial(transpose, kernel=kernel, strides=strides, padding=padding, more=more)


def with_bias_and_activation(data: Any) -> Any:
    return tf.nn.relu(tf.nn.bias_add(of((4, 4), (2, 2), "SAME")(data), weights(OUTPUTS)))


def one_after_the_other(data: Any) -> Any:
    wider = tf.concat([of((3, 3), (2, 2), "SAME")(data)] * 2, -1)[..., :CHANNELS]
    return of((2, 2), (2, 2), "VALID")(wider)


def with_one_filter_twice(data: Any) -> Any:
    return of((3, 3), (2, 2), "SAME")(data) - of((3, 3), (2, 2), "SAME")(tf.reverse(data, [1]))


FIXED, FREE = (7, 6, CHANNELS), (None, None, CHANNELS)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize(
    ("function", "sizes"),
    [
        pytest.param(of((2, 2), (2, 2), "SAME"), FIXED, id="as wide as the stride"),
        pytest.param(of((3, 3), (2, 2), "SAME"), FIXED, id="one wider"),
        pytest.param(of((4, 4), (2, 2), "SAME"), FIXED, id="two wider"),
        pytest.param(of((5, 4), (2, 2), "SAME"), FIXED, id="of two widths"),
        pytest.param(of((3, 3), (2, 2), "VALID"), FIXED, id="valid"),
        pytest.param(of((5, 5), (3, 3), "VALID"), FIXED, id="valid with a stride of 3"),
        pytest.param(of((4, 4), (2, 2), "VALID", (1, 0)), FIXED, id="valid with a row more"),
        pytest.param(of((4, 4), (2, 2), "SAME", (-1, -1)), FIXED, id="with a row and a column less"),
        pytest.param(of((16, 16), (8, 8), "SAME"), FIXED, id="with a stride of 8"),
        pytest.param(of((3, 5), (1, 1), "SAME"), FIXED, id="without a stride"),
        pytest.param(of((1, 7), (1, 2), "SAME"), (1, 9, CHANNELS), id="in one row"),
        pytest.param(of((3, 7), (1, 3), "VALID"), FIXED, id="with a stride along the columns alone"),
        pytest.param(of((3, 3), (2, 2), "SAME"), FREE, id="of any size"),
        pytest.param(of((4, 4), (2, 2), "SAME"), FREE, id="of any size, two wider"),
        pytest.param(of((3, 4), (2, 2), "SAME"), FREE, id="of any size, with a margin at two sides"),
        pytest.param(of((5, 5), (1, 1), "SAME"), FREE, id="of any size, without a stride"),
        pytest.param(with_bias_and_activation, FIXED, id="with bias and activation"),
        pytest.param(one_after_the_other, FIXED, id="one after the other"),
        pytest.param(with_one_filter_twice, FIXED, id="with one filter twice"),
    ],
)
def test_a_transposed_convolution_becomes_a_convolution_with_the_same_answer(
    function: Function, sizes: Sequence[int | None], batch: int
) -> None:
    transposed = converted(function, sizes)
    content = as_convolutions(transposed)
    data = np.random.default_rng(0).normal(size=(batch, *(size or 7 for size in sizes))).astype(np.float32)
    np.testing.assert_allclose(answer(content, data), answer(transposed, data), rtol=1e-5, atol=1e-5)
    assert "TRANSPOSE_CONV" in operators(transposed)[0]
    left = {
        "PAD",
        "CONV_2D",
        "DEPTH_TO_SPACE",
        "RESHAPE",
        "STRIDED_SLICE",
        "RELU",
        "CONCATENATION",
        "SUB",
        "REVERSE_V2",
    }
    assert set(operators(content)[0]) <= left


def with_computed_channels(data: Any) -> Any:
    outputs = OUTPUTS + tf.cast(tf.reduce_max(data) * 0, tf.int32)
    wanted = tf.stack([tf.shape(data)[0], 1, 18, outputs])
    return tf.nn.conv2d_transpose(data, weights(1, 7, OUTPUTS, CHANNELS), wanted, (1, 2))


def in_a_loop(data: Any) -> Any:
    def step(number: Any, data: Any) -> Any:
        filter_ = weights(3, 3, CHANNELS, CHANNELS)
        return number + 1, tf.nn.conv2d_transpose(data, filter_, tf.shape(data), 1) / 9

    return tf.while_loop(lambda number, _: number < 3, step, (0, data))[1]


@pytest.mark.parametrize(("function", "sizes"), [(with_computed_channels, (1, 9, CHANNELS)), (in_a_loop, FIXED)])
def test_less_usual_ones_answer_the_same_too(function: Function, sizes: Sequence[int]) -> None:
    transposed = converted(function, sizes)
    content = as_convolutions(transposed)
    data = np.random.default_rng(0).normal(size=(2, *sizes)).astype(np.float32)
    np.testing.assert_allclose(answer(content, data), answer(transposed, data), rtol=1e-5, atol=1e-5)
    assert content != transposed


class TwoSignatures(tf.Module):
    """Two graphs in a file, with one filter."""

    def __init__(self) -> None:
        super().__init__()
        self.filter = tf.Variable(weights(3, 3, 64, 64))

    def transpose(self, data: Any) -> Any:
        return tf.nn.conv2d_transpose(data, self.filter, [tf.shape(data)[0], 8, 8, 64], 2)

    @tf.function(input_signature=[tf.TensorSpec((None, 4, 4, 64), tf.float32)])
    def plain(self, data: Any) -> Any:
        return {"y": self.transpose(data)}

    @tf.function(input_signature=[tf.TensorSpec((None, 4, 4, 64), tf.float32)])
    def twice(self, data: Any) -> Any:
        return {"y": self.transpose(data) + self.transpose(data * data)}


def test_a_filter_of_several_convolutions_is_kept_once(tmp_path: Path) -> None:
    module: Any = TwoSignatures()
    tf.saved_model.save(module, str(tmp_path), signatures={"plain": module.plain, "twice": module.twice})
    content = convert(tmp_path, ["plain", "twice"])
    interpreter: Any = Interpreter(model_content=content, num_threads=1)
    data = np.random.default_rng(0).normal(size=(2, 4, 4, 64)).astype(np.float32)
    for name in ("plain", "twice"):
        answered = interpreter.get_signature_runner(name)(data=data)["y"]
        np.testing.assert_allclose(answered, getattr(module, name)(data)["y"], rtol=1e-5, atol=1e-4)
    taps = 4 * 2 * 2  # four phases of 2 by 2 taps, with zeros
    assert len(content) < 1.1 * taps * 64 * 64 * 4


def with_two_filters_of_equal_bytes(data: Any) -> Any:
    ones, shape = np.ones((3, 3, OUTPUTS, CHANNELS), np.float32), tf.shape(data)
    first = tf.nn.conv2d_transpose(data, ones, [shape[0], 14, 12, OUTPUTS], 2)
    return tf.nn.conv2d_transpose(first, ones.swapaxes(2, 3), [shape[0], 28, 24, CHANNELS], 2)


def test_two_filters_that_the_converter_keeps_once_stay_two() -> None:
    transposed = converted(with_two_filters_of_equal_bytes, FIXED)
    data = np.random.default_rng(0).normal(size=(2, *FIXED)).astype(np.float32)
    found = answer(as_convolutions(transposed), data)
    np.testing.assert_allclose(found, answer(transposed, data), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("batch", [1, 2])
def test_a_fixed_batch_of_one_or_two_is_written_so_too(batch: int) -> None:
    transposed = converted(of((3, 3), (2, 2), "SAME"), FIXED, batch)
    content = as_convolutions(transposed)
    data = np.random.default_rng(0).normal(size=(batch, *FIXED)).astype(np.float32)
    np.testing.assert_allclose(answer(content, data), answer(transposed, data), rtol=1e-5, atol=1e-5)
    assert "TRANSPOSE_CONV" not in operators(content)[0]


def test_a_fixed_batch_of_more_stays_as_it_is() -> None:
    content = converted(of((3, 3), (2, 2), "SAME"), FIXED, 3)
    assert as_convolutions(content) == content


def whose_shape_is_an_answer_too(data: Any) -> Any:
    wanted = tf.stack([tf.shape(data)[0], 14, 12, OUTPUTS])
    return {"y": tf.nn.conv2d_transpose(data, weights(3, 3, OUTPUTS, CHANNELS), wanted, 2), "shape": wanted}


def test_what_else_needs_the_computed_shape_still_has_it() -> None:
    content = as_convolutions(converted(whose_shape_is_an_answer_too, FIXED))
    assert {"SHAPE", "PACK", "CONV_2D"} <= set(operators(content)[0])
    interpreter: Any = Interpreter(model_content=content)
    answers = interpreter.get_signature_runner()(data=np.zeros((2, *FIXED), np.float32))
    assert answers["shape"].tolist() == [2, 14, 12, OUTPUTS]
    assert answers["y"].shape == (2, 14, 12, OUTPUTS)


def with_a_computed_filter(data: Any) -> Any:
    filter_ = weights(3, 3, OUTPUTS, CHANNELS) * tf.reduce_mean(data)
    return tf.nn.conv2d_transpose(data, filter_, [tf.shape(data)[0], 14, 12, OUTPUTS], 2)


def of_a_size_that_is_no_multiple(data: Any) -> Any:
    shape = tf.shape(data)
    wanted = [shape[0], shape[1] * 2 - 1, shape[2] * 2 - 1, OUTPUTS]
    return tf.nn.conv2d_transpose(data, weights(4, 4, OUTPUTS, CHANNELS), wanted, 2)


@pytest.mark.parametrize(
    ("function", "sizes"),
    [
        pytest.param(of((1, 1), (2, 2), "SAME"), FIXED, id="narrower than the stride"),
        pytest.param(of((4, 3), (2, 3), "SAME"), FIXED, id="with two strides"),
        pytest.param(of((4, 3), (2, 1), "SAME"), FIXED, id="with a stride along the rows alone"),
        pytest.param(of((1, 3), (1, 2), "SAME"), (1, None, CHANNELS), id="with a stride along columns of any number"),
        pytest.param(with_a_computed_filter, FIXED, id="with a computed filter"),
        pytest.param(of_a_size_that_is_no_multiple, FREE, id="of any size, whose answer is no multiple of it"),
        pytest.param(lambda data: 2.0 * data, FIXED, id="none"),
    ],
)
def test_any_other_file_stays_as_it_is(function: Function, sizes: Sequence[int | None]) -> None:
    content = converted(function, sizes)
    assert as_convolutions(content) == content
