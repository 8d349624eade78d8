"""SavedModels of TensorFlow 2: what inputs and outputs can be."""

from typing import Any

import numpy as np
import tensorflow as tf

from tests.models.zoo.exhibit import Arrays, Ask, Made, Wing
from tests.models.zoo.modules import ROWS, of
from tests.models.zoo.room import Room

WING = Wing("Inputs and outputs")


def echo(room: Room, dtype: Any, feed: Any, function: Any = lambda x: x + x, shape: Any = (None, 3)) -> Made:
    spec = tf.TensorSpec(shape, dtype, name="x")
    return room.saved_function(of(spec)(lambda x: {"y": function(x)}), lambda batch: {"x": feed(batch)})


@WING.answers("tensorflow", "words of unknown rank", "SavedModel", shown=True)
def unknown_rank_words(room: Room) -> Made:
    feed = lambda batch: room.words(("one", "größe"), *[batch] * (batch % 3))  # noqa: E731 - ranks 1, 0 and 2
    return echo(room, tf.string, feed, lambda x: tf.strings.join([x, x]), None)


@WING.answers("tensorflow", "words of unknown rank, given back as they are", "SavedModel")
def unknown_rank_same(room: Room) -> Made:
    return echo(room, tf.string, lambda batch: room.words(("one", "größe"), *[batch] * (batch % 3)), tf.identity, None)


@WING.answers("onnxruntime", "numbers of unknown rank", "SavedModel")
def unknown_rank(room: Room) -> Made:
    return echo(room, tf.float32, lambda batch: room.floats(*[2] * (batch % 3)), lambda x: x * 2 + 1, None)


@WING.answers("litert", "single numbers (rank 0)", "SavedModel")
def scalars(room: Room) -> Made:
    a, b = (tf.TensorSpec([], tf.float32, name=name) for name in "ab")
    function = of(a, b)(lambda a, b: {"sum": a + b, "many": tf.fill([3], a)})
    return room.saved_function(function, lambda batch: {"a": room.floats(), "b": room.floats()})


@WING.answers("litert", "no input", "SavedModel")
def no_input(room: Room) -> Made:
    weight = tf.Variable(room.floats(3))
    return room.saved_function(of()(lambda: {"weight": tf.identity(weight)}), lambda batch: {}, weight)


@WING.answers("litert", "two free dimensions", "SavedModel")
def two_free_dimensions(room: Room) -> Made:
    feed = lambda batch: room.floats(batch, 3 + batch % 5)  # noqa: E731
    return echo(room, tf.float32, feed, lambda x: tf.reduce_sum(x, axis=1, keepdims=True) * x, (None, None))


@WING.answers("litert", "inputs with default values (`SignatureDef.defaults`)", "SavedModel", shown=True)
def defaults(room: Room) -> Made:
    @of(ROWS, tf.TensorSpec([], tf.float32, name="scale"), tf.TensorSpec([4], tf.float32, name="shift"))
    def answer(rows, scale=tf.constant(2.5), shift=tf.constant([0.0, 1.0, 2.0, 3.0])):  # noqa: B008 - tensors never change
        return {"y": rows * scale + shift}

    given = lambda batch: {"rows": room.floats(batch, 4), "scale": room.floats(), "shift": room.floats(4)}  # noqa: E731
    made = room.saved_function(answer, given)
    rows = room.floats(2, 4)
    left_out = Ask({"rows": rows}, {"y": answer(tf.constant(rows))["y"].numpy()})
    return made._replace(asks=[*made.asks, left_out])


@WING.answers(
    "tensorflow", "numbers that are not finite: `reduce_max` of NaN, with `--strict`", "SavedModel", shown=True
)
def not_finite(room: Room) -> Made:
    def feed(batch: int) -> np.ndarray:
        numbers = room.floats(batch, 3)
        numbers[::2, 1] = np.nan
        numbers[1::3, 0] = -np.inf
        return numbers

    return echo(room, tf.float32, feed, lambda x: tf.reduce_max(x, axis=1))._replace(strict=True)


@WING.answers("litert", "features that are not there (NaN), and replaced", "SavedModel")
def missing_values(room: Room) -> Made:
    def feed(batch: int) -> np.ndarray:
        numbers = room.floats(batch, 3)
        numbers[::2, 1] = np.nan
        return numbers

    return echo(room, tf.float32, feed, lambda x: tf.where(tf.math.is_nan(x), 0.5, x))


@WING.answers("onnxruntime", "float16", "SavedModel")
def float16(room: Room) -> Made:
    return echo(room, tf.float16, lambda batch: room.floats(batch, 3).astype(np.float16))


@WING.answers("tensorflow", "bfloat16", "SavedModel")
def bfloat16_tensors(room: Room) -> Made:
    half = tf.bfloat16.as_numpy_dtype
    return echo(room, tf.bfloat16, lambda batch: room.floats(batch, 3).astype(half))


@WING.answers("onnxruntime", "int8", "SavedModel")
def int8(room: Room) -> Made:
    return echo(room, tf.int8, lambda batch: room.integers(100, batch, 3, dtype="int8") - np.int8(50))


@WING.answers("litert", "int16, int32, int64", "SavedModel")
def integers(room: Room) -> Made:
    specs = {name: tf.TensorSpec([None], name, name=name) for name in ("int16", "int32", "int64")}

    @of(*specs.values())
    def answer(int16, int32, int64):
        return {"small": int16, "middle": int32 * 3, "large": int64 * 2**33}

    def feed(batch: int) -> Arrays:
        return {name: room.integers(1000, batch, dtype=name) for name in specs}

    return room.saved_function(answer, feed)


@WING.answers("onnxruntime", "uint8, uint16, uint32, uint64", "SavedModel")
def unsigned(room: Room) -> Made:
    @of(*(tf.TensorSpec([None], name, name=name) for name in ("uint8", "uint32", "uint64")))
    def answer(uint8, uint32, uint64):
        large = tf.bitwise.bitwise_or(uint64, tf.constant(2**63, tf.uint64))
        return {"bytes": 255 - uint8, "middle": tf.bitwise.invert(uint32), "large": large}

    def feed(batch: int) -> Arrays:
        return {name: room.integers(200, batch, dtype=name) for name in ("uint8", "uint32", "uint64")}

    return room.saved_function(answer, feed)


@WING.answers("litert", "truth values", "SavedModel")
def truth_values(room: Room) -> Made:
    return echo(room, tf.bool, lambda batch: room.integers(2, batch, 3).astype(bool), tf.logical_not)


@WING.answers("tensorflow", "bytes that are no text, some ending in a zero byte", "SavedModel")
def raw_bytes(room: Room) -> Made:
    @of(tf.TensorSpec([None], tf.string, name="content"))
    def answer(content):
        return {"content_bytes": tf.strings.join([content, tf.constant(b"\xff\x00")])}

    def feed(batch: int) -> Arrays:
        content = [bytes(room.integers(256, index % 4)) + b"\x00" for index in range(batch)]
        return {"content": np.array(content, object)}

    return room.saved_function(answer, feed)


@WING.refused(
    "serving_default.y is a sparse or composite tensor; a signature takes and returns dense tensors. Return its parts "
    "(of a tf.SparseTensor the indices, values and dense_shape), or what tf.sparse.to_dense makes of it.",
    "a sparse output",
    "SavedModel",
)
def sparse_output(room: Room) -> Made:
    module: Any = tf.Module()
    function = of(ROWS)(lambda rows: {"y": tf.identity(rows)})
    tf.saved_model.save(module, str(room.path("model")), signatures=function)
    room.edit_graphs(room.path("model"), make_sparse)
    return Made(room.path("model"))


def make_sparse(document: Any) -> None:
    output = document.meta_graphs[0].signature_def["serving_default"].outputs["y"]
    name = output.name
    output.ClearField("name")
    for part in ("values", "indices", "dense_shape"):
        setattr(output.coo_sparse, f"{part}_tensor_name", name)
