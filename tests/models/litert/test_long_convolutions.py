"""Long convolutions of LiteRT files are split into sums that answer the same."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from models.packaging.litert.conversion import convert
from models.packaging.litert.long_convolutions import LONG, parts_of, split_long_convolutions
from tests.models.litert.files import Function, answer, converted, operators, weights

CHANNELS, WIDTH = 256, 64
"""A filter of 16,384 numbers for one output: four parts."""


def small(*shape: int) -> Any:
    """So that long sums do not become large."""
    return weights(*shape) * 0.01


SIZES = (1, 80, CHANNELS)
LONG_FILTER = small(1, WIDTH, CHANNELS, 8)
BIAS = small(8)


def convolutions(content: bytes) -> list[int]:
    """How many each graph of a file has."""
    return [found.count("CONV_2D") for found in operators(content)]


def convolve(data: Any, filter_: Any, **options: Any) -> Any:
    return tf.nn.conv2d(data, filter_, options.pop("strides", 1), options.pop("padding", "SAME"), **options)


def with_activation(data: Any) -> Any:
    return tf.nn.relu6(tf.nn.bias_add(convolve(data, LONG_FILTER), BIAS))


def with_strides(data: Any) -> Any:
    return convolve(data, LONG_FILTER, strides=(1, 2), padding="VALID") + 1.0


def dilated(data: Any) -> Any:
    return convolve(data, small(1, 40, CHANNELS, 8), dilations=(1, 2), padding="VALID")


def with_one_filter_twice(data: Any) -> Any:
    return convolve(data, LONG_FILTER) - convolve(tf.reverse(data, [2]), LONG_FILTER)


def one_after_the_other(data: Any) -> Any:
    return convolve(convolve(data, small(3, 13, CHANNELS, CHANNELS)), LONG_FILTER)


@pytest.mark.parametrize(
    ("function", "parts"),
    [(with_activation, 4), (with_strides, 4), (dilated, 3), (with_one_filter_twice, 8), (one_after_the_other, 7)],
)
@pytest.mark.parametrize("batch", [1, 3])
def test_a_long_convolution_becomes_a_sum_with_the_same_answer(function: Function, parts: int, batch: int) -> None:
    whole = converted(function, SIZES)
    split = split_long_convolutions(whole)
    data = np.random.default_rng(0).normal(size=(batch, 1, 80, CHANNELS)).astype(np.float32)
    assert convolutions(split) == [parts]
    np.testing.assert_allclose(answer(split, data), answer(whole, data), rtol=1e-5, atol=1e-4)
    assert len(split) < 1.1 * len(whole)


class TwoSignatures(tf.Module):
    """Two graphs in a file, each with the filter."""

    def __init__(self) -> None:
        super().__init__()
        self.filter = tf.Variable(LONG_FILTER)

    @tf.function(input_signature=[tf.TensorSpec((None, 1, 80, CHANNELS), tf.float32)])
    def plain(self, data: Any) -> Any:
        return {"y": convolve(data, self.filter)}

    @tf.function(input_signature=[tf.TensorSpec((None, 1, 80, CHANNELS), tf.float32)])
    def doubled(self, data: Any) -> Any:
        return {"y": 2.0 * convolve(data, self.filter)}


def test_the_graph_of_each_signature_is_split(tmp_path: Path) -> None:
    module: Any = TwoSignatures()
    tf.saved_model.save(module, str(tmp_path), signatures={"plain": module.plain, "doubled": module.doubled})
    content = convert(tmp_path, ["plain", "doubled"])
    interpreter: Any = Interpreter(model_content=content, num_threads=1)
    data = np.random.default_rng(0).normal(size=(2, 1, 80, CHANNELS)).astype(np.float32)
    for name in ("plain", "doubled"):
        answered = interpreter.get_signature_runner(name)(data=data)["y"]
        np.testing.assert_allclose(answered, getattr(module, name)(data)["y"], rtol=1e-5, atol=1e-4)
    assert convolutions(content) == [4, 4]


def short(data: Any) -> Any:
    return convolve(data, small(1, 31, CHANNELS, 8))


def of_groups(data: Any) -> Any:
    return convolve(data, small(1, 80, CHANNELS // 2, 8))


def whose_filter_is_an_answer_too(data: Any) -> Any:
    as_litert_keeps_it = tf.constant(LONG_FILTER.transpose(3, 0, 1, 2))
    return {"y": convolve(data, LONG_FILTER), "filter": as_litert_keeps_it}


def with_a_computed_filter(data: Any) -> Any:
    return convolve(data, LONG_FILTER * tf.reduce_mean(data))


def whose_filter_is_multiplied_too(data: Any) -> Any:
    as_litert_keeps_it = tf.constant(LONG_FILTER.transpose(3, 0, 1, 2))
    return convolve(data, LONG_FILTER) + tf.reduce_sum(as_litert_keeps_it * tf.reduce_mean(data))


@pytest.mark.parametrize(
    "function",
    [short, of_groups, with_a_computed_filter, whose_filter_is_multiplied_too, whose_filter_is_an_answer_too],
)
def test_any_other_file_stays_as_it_is(function: Function) -> None:
    content = converted(function, SIZES)
    assert split_long_convolutions(content) == content


@pytest.mark.parametrize(
    ("length", "channels", "parts"),
    [
        (LONG - 1, 1024, 1),
        (9 * 1024, 1024, 2),
        (9 * 1031, 1031, 3),
        (64 * 1024, 1024, 15),
        (127 * 512, 512, 8),
        (512 * 128, 128, 1),
        (512 * 64, 64, 1),
        (LONG, 1, 1),
    ],
)
def test_the_parts_are_as_few_as_make_them_short_and_none_has_few_channels(
    length: int, channels: int, parts: int
) -> None:
    assert parts_of(length, channels) == parts
