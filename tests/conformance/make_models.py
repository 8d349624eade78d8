"""Save the models of the golden cases, in TensorFlow Serving's own layout.

    python -m tests.conformance.make_models DIRECTORY

A program of its own, so that TensorFlow is imported once and not in the process of the tests.
"""

import sys
from pathlib import Path

import tensorflow as tf

ECHOES = {
    "float": tf.float32,
    "double": tf.float64,
    "half": tf.float16,
    "short": tf.int16,
    "int": tf.int32,
    "long": tf.int64,
    "byte": tf.uint8,
    "ushort": tf.uint16,
    "uint": tf.uint32,
    "ulong": tf.uint64,
    "bool": tf.bool,
    "string": tf.string,
    "complex": tf.complex64,
}
"""Models that answer with their input, of any shape: the element type of each."""

VECTOR = tf.TensorSpec([None], tf.float32, name="x")
ANY = tf.TensorSpec(None, tf.float32, name="x")


def half_plus(addend: float) -> tf.types.experimental.PolymorphicFunction:
    return tf.function(lambda x: {"y": 0.5 * x + addend}, input_signature=[tf.TensorSpec(None, tf.float32, name="x")])


def echo(dtype: tf.DType, output: str = "y") -> tf.types.experimental.PolymorphicFunction:
    return tf.function(lambda x: {output: tf.identity(x)}, input_signature=[tf.TensorSpec(None, dtype, name="x")])


@tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="a"), tf.TensorSpec([None], tf.int32, name="b")])
def pair(a, b):
    return {"sum": a + tf.cast(b, tf.float32), "twice": 2 * b}


@tf.function(input_signature=[VECTOR])
def total(x):
    return {"total": tf.reduce_sum(x)}


@tf.function(input_signature=[VECTOR])
def uneven(x):
    return {"first": x, "second": tf.concat([x, x], 0)}


@tf.function(input_signature=[tf.TensorSpec([], tf.float32, name="x")])
def scalar(x):
    return {"y": x + 1}


@tf.function(input_signature=[tf.TensorSpec([None, 16], tf.float32, name="x")])
def sixteen(x):
    return {"y": tf.reduce_sum(x, 1)}


MODELS = {
    "half_plus_two": half_plus(2.0),
    "half_plus_three": half_plus(3.0),
    "pair": pair,
    "total": total,
    "uneven": uneven,
    "scalar": scalar,
    "sixteen": sixteen,
    "bytes": echo(tf.string, "y_bytes"),
    **{name: echo(dtype) for name, dtype in ECHOES.items()},
}


def main(directory: Path) -> None:
    for name, function in MODELS.items():
        tf.saved_model.save(tf.Module(), str(directory / name / "123"), signatures=function)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
