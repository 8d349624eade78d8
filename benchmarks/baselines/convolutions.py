"""A process that measures convolutions in LiteRT files, as TensorFlow converts them and as packaging changes them.

    python -m benchmarks.baselines.convolutions ROUNDS HEIGHT,WIDTH,ROWS,COLUMNS,CHANNELS,OUTPUTS[,STRIDE] ...

Each further argument is a convolution of an input of HEIGHT by WIDTH by CHANNELS with OUTPUTS filters of ROWS by
COLUMNS. With a STRIDE it is a transposed one. The process splits every long convolution that can be split, even those
that packaging leaves whole. For each it writes a JSON object with the seconds of each round `before` and `after` the
change. That of a long convolution has `parts` too, whether packaging splits it (`is_split`), and from which length on
packaging does (`long`).
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from models.packaging.litert.long_convolutions import LONG, LONGEST_PART, parts_of, split_long_convolutions
from models.packaging.litert.transposed_convolutions import as_convolutions
from models.quiet import captured_output

THREADS = 2


def main(arguments: Sequence[str]) -> None:
    """Measure each convolution."""
    rounds = int(arguments[0])
    for argument in arguments[1:]:
        height, width, rows, columns, channels, outputs, *stride = (int(number) for number in argument.split(","))
        shape, filter_shape = (1, height, width, channels), (rows, columns, channels, outputs)
        found = (
            measure_transposed(rounds, shape, filter_shape, *stride) if stride else measure(rounds, shape, filter_shape)
        )
        print(json.dumps(found), flush=True)


def measure(rounds: int, shape: Sequence[int], filter_shape: Sequence[int]) -> dict[str, Any]:
    """A convolution of random numbers, whole and split. Raises ValueError if the answers differ."""
    filter_, length, channels = _filter(filter_shape), int(np.prod(filter_shape[:3])), filter_shape[2]
    whole = _file(lambda data: tf.nn.relu(tf.nn.conv2d(data, filter_, 1, "SAME")), shape)
    split = split_long_convolutions(whole, long=LONGEST_PART + 1)
    return {
        "parts": parts_of(length, channels, long=LONGEST_PART + 1),
        "is_split": parts_of(length, channels) > 1,
        "long": LONG,
        **_in_turn(rounds, shape, whole, split),
    }


def measure_transposed(rounds: int, shape: Sequence[int], filter_shape: Sequence[int], stride: int) -> dict[str, Any]:
    """A transposed convolution of random numbers, and the same as a convolution. Raises ValueError if they differ."""
    filter_, (height, width), outputs = _filter(filter_shape).swapaxes(2, 3), shape[1:3], filter_shape[3]

    def transpose(data: Any) -> Any:
        wanted = tf.stack([tf.shape(data)[0], height * stride, width * stride, outputs])
        return tf.nn.conv2d_transpose(data, filter_, wanted, stride)

    transposed = _file(transpose, (None, *shape[1:]))
    return _in_turn(rounds, shape, transposed, as_convolutions(transposed))


def _in_turn(rounds: int, shape: Sequence[int], before: bytes, after: bytes) -> dict[str, list[float]]:
    """The seconds of each round of both files. Raises ValueError if their answers differ."""
    numbers = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    interpreters = {"before": _interpreter(before, numbers), "after": _interpreter(after, numbers)}
    seconds: dict[str, list[float]] = {name: [] for name in interpreters}
    for number in range(rounds + 1):
        for name, interpreter in interpreters.items():
            start = time.perf_counter()
            interpreter.invoke()
            if number:
                seconds[name].append(time.perf_counter() - start)
    answered, expected = _answer(interpreters["after"]), _answer(interpreters["before"])
    if not np.allclose(answered, expected, rtol=0, atol=1e-3 * np.abs(expected).max()):
        raise ValueError(f"changed, it answers {answered.ravel()[:5]}, and before {expected.ravel()[:5]}")
    return seconds


def _filter(shape: Sequence[int]) -> Any:
    return (np.random.default_rng(1).normal(size=shape) / np.prod(shape[:3]) ** 0.5).astype(np.float32)


def _file(function: Callable[[Any], Any], shape: Sequence[int | None]) -> bytes:
    traced: Any = tf.function(function).get_concrete_function(tf.TensorSpec(shape, tf.float32))
    converter: Any = tf.lite.TFLiteConverter.from_concrete_functions([traced], tf.Module())
    with captured_output():
        return converter.convert()


def _interpreter(content: bytes, numbers: Any) -> Any:
    interpreter: Any = Interpreter(model_content=content, num_threads=THREADS)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], numbers)
    return interpreter


def _answer(interpreter: Any) -> np.ndarray:
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


if __name__ == "__main__":
    main(sys.argv[1:])
