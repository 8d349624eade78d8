"""A process that measures convolutions in LiteRT files, whole and split by packaging, in turn.

    python -m benchmarks.baselines.long_convolutions ROUNDS HEIGHT,WIDTH,ROWS,COLUMNS,CHANNELS,OUTPUTS ...

Each further argument is a convolution of an input of HEIGHT by WIDTH by CHANNELS with OUTPUTS filters of ROWS by
COLUMNS. All that can be split are, also those that packaging leaves whole. It writes a JSON object for each: `parts`,
whether packaging splits it (`is_split`), from which length on packaging does (`long`), and the seconds of each round
`whole` and `split`.
"""

import json
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from benchmarks.requests import same_answer
from models.packaging.long_convolutions import LONG, LONGEST_PART, parts_of, split_long_convolutions
from models.quiet import captured_output

THREADS = 2


def main(arguments: Sequence[str]) -> None:
    """Measure each convolution."""
    rounds = int(arguments[0])
    for argument in arguments[1:]:
        height, width, *filter_shape = (int(number) for number in argument.split(","))
        print(json.dumps(measure(rounds, height, width, filter_shape)), flush=True)


def measure(rounds: int, height: int, width: int, filter_shape: Sequence[int]) -> dict[str, Any]:
    """One convolution with random numbers, `filter_shape` as TensorFlow has it. Raises ValueError if the answers
    differ."""
    generator = np.random.default_rng(0)
    rows, columns, channels, _ = filter_shape
    length = rows * columns * channels
    filter_ = (generator.normal(size=filter_shape) / length**0.5).astype(np.float32)
    whole = _file(filter_, (1, height, width, channels))
    split = split_long_convolutions(whole, long=LONGEST_PART + 1)
    numbers = generator.normal(size=(1, height, width, channels)).astype(np.float32)
    interpreters = {"whole": _interpreter(whole, numbers), "split": _interpreter(split, numbers)}
    seconds: dict[str, list[float]] = {name: [] for name in interpreters}
    for number in range(rounds + 1):
        for name, interpreter in interpreters.items():
            start = time.perf_counter()
            interpreter.invoke()
            if number:
                seconds[name].append(time.perf_counter() - start)
    answered, expected = _answer(interpreters["split"]), _answer(interpreters["whole"])
    if not same_answer(answered, expected):
        raise ValueError(f"the sum answers {answered[:5]}, the whole {expected[:5]}")
    return {
        "parts": parts_of(length, channels, long=LONGEST_PART + 1),
        "is_split": parts_of(length, channels) > 1,
        "long": LONG,
        **seconds,
    }


def _file(filter_: Any, shape: Sequence[int]) -> bytes:
    module = tf.Module()
    convolve: Any = tf.function(lambda data: tf.nn.relu(tf.nn.conv2d(data, filter_, 1, "SAME")))
    traced = convolve.get_concrete_function(tf.TensorSpec(shape, tf.float32))
    converter: Any = tf.lite.TFLiteConverter.from_concrete_functions([traced], module)
    with captured_output():
        return converter.convert()


def _interpreter(content: bytes, numbers: Any) -> Any:
    interpreter: Any = Interpreter(model_content=content, num_threads=THREADS)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], numbers)
    return interpreter


def _answer(interpreter: Any) -> list[float]:
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).ravel()[:10_000].tolist()


if __name__ == "__main__":
    main(sys.argv[1:])
