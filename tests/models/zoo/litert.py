"""LiteRT files: float, float16, quantized, with and without signatures, and what LiteRT alone cannot run."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.lite.tools import flatbuffer_utils

from tests.models.zoo.exhibit import Made, Wing
from tests.models.zoo.modules import ROWS, WORDS, counting, of, rows
from tests.models.zoo.room import Room

WING = Wing("LiteRT files")
LITE = tf.lite.OpsSet
SMALLER = [tf.lite.Optimize.DEFAULT]


def network() -> keras.Model:
    layers = keras.layers
    pictures = keras.Input((8, 8, 1), name="pictures")
    flat = layers.Flatten()(layers.Conv2D(4, 3, activation="relu")(pictures))
    return keras.Model(pictures, layers.Dense(3, name="kind")(flat))


def converted(room: Room, model: Any, **options: Any) -> bytes:
    """A Keras model converted by way of its export, which keeps names of inputs."""
    model.export(room.path("export"), verbose=False)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(room.path("export")), signature_keys=["serving_default"])
    return convert(converter, options)


def of_functions(functions: dict[str, Any], *tracked: Any, **options: Any) -> bytes:
    module: Any = tf.Module()
    module.tracked = list(tracked)
    for name, function in functions.items():
        setattr(module, name, function)
    concrete = [function.get_concrete_function() for function in functions.values()]
    return convert(tf.lite.TFLiteConverter.from_concrete_functions(concrete, module), options)


def exported(room: Room, functions: Any, *tracked: Any, **options: Any) -> bytes:
    """Functions converted by way of a SavedModel. `tracked` are their variables."""
    module: Any = tf.Module()
    module.tracked = list(tracked)
    tf.saved_model.save(module, str(room.path("export")), signatures=functions)
    return convert(tf.lite.TFLiteConverter.from_saved_model(str(room.path("export"))), options)


def convert(converter: Any, options: Mapping[str, Any]) -> bytes:
    """What a converter makes with these options, which are its own or those of its `target_spec`."""
    for name, value in options.items():
        setattr(converter.target_spec if hasattr(converter.target_spec, name) else converter, name, value)
    return converter.convert()


def pictures(room: Room) -> Any:
    return {"serving_default": lambda batch: {"pictures": room.floats(batch, 8, 8, 1, low=0)}}


def examples(room: Room) -> Callable[[], Iterator[list[np.ndarray]]]:
    return lambda: iter([[room.floats(1, 8, 8, 1, low=0)] for _ in range(20)])


@WING.answers("litert", "float32", ".tflite")
def tflite(room: Room) -> Made:
    return room.litert(converted(room, network()), pictures(room))


@WING.answers("litert", "weights as float16", ".tflite")
def tflite_float16(room: Room) -> Made:
    content = converted(room, network(), optimizations=SMALLER, supported_types=[tf.float16])
    return room.litert(content, pictures(room))


@WING.answers("litert", "weights as int8, computed as they come (dynamic range)", ".tflite")
def tflite_dynamic_range(room: Room) -> Made:
    layers = keras.layers
    model = keras.Sequential([keras.Input((8,), name="rows"), layers.Dense(64, activation="relu"), layers.Dense(32)])
    content = converted(room, model, optimizations=SMALLER)
    return room.litert(content, {"serving_default": lambda batch: {"rows": room.floats(batch, 8)}})


@WING.answers("litert", "quantized to int8, floats at its ends", ".tflite", shown=True)
def tflite_int8(room: Room) -> Made:
    content = converted(room, network(), optimizations=SMALLER, representative_dataset=examples(room))
    return room.litert(content, pictures(room))


@WING.answers("litert", "quantized to int8, int8 in and uint8 out", ".tflite")
def tflite_int8_throughout(room: Room) -> Made:
    content = converted(
        room,
        network(),
        optimizations=SMALLER,
        representative_dataset=examples(room),
        supported_ops=[LITE.TFLITE_BUILTINS_INT8],
        inference_input_type=tf.int8,
        inference_output_type=tf.uint8,
    )
    feed = lambda batch: {"pictures": room.integers(256, batch, 8, 8, 1, dtype="uint8").view(np.int8)}  # noqa: E731
    return room.litert(content, {"serving_default": feed})


@WING.answers("litert", "several signatures", ".tflite")
def tflite_signatures(room: Room) -> Made:
    weight = tf.Variable(room.floats(4, 3))
    functions = {
        "scores": of(ROWS)(lambda rows: {"scores": tf.nn.softmax(rows @ weight)}),
        "best": of(ROWS)(lambda rows: {"best": tf.argmax(rows @ weight, axis=1)}),
    }
    return room.litert(exported(room, functions, weight), {"scores": rows(room), "best": rows(room)})


@WING.answers("litert", "without signatures, as older tools made them", ".tflite")
def tflite_without_signatures(room: Room) -> Made:
    made = tflite(room)
    model = flatbuffer_utils.read_model(str(made.source))
    model.signatureDefs = []
    made.source.write_bytes(flatbuffer_utils.convert_object_to_bytearray(model))
    return made._replace(asks=[ask._replace(answer={"": next(iter(ask.answer.values()))}) for ask in made.asks])


@WING.answers("litert", "a batch of one and no other", ".tflite")
def tflite_fixed_batch(room: Room) -> Made:
    function = of(tf.TensorSpec([1, 4], tf.float32, name="rows"))(lambda rows: {"y": tf.nn.relu(rows) * 2.0})
    return room.litert(exported(room, function), {"serving_default": lambda batch: {"rows": room.floats(1, 4)}})


@WING.answers("litert", "an `LSTM`", ".tflite")
def tflite_lstm(room: Room) -> Made:
    model = keras.Sequential([keras.Input((6, 3)), keras.layers.LSTM(4), keras.layers.Dense(2)])
    steps = tf.TensorSpec([1, 6, 3], tf.float32, name="steps")
    function = of(steps)(lambda steps: {"kind": model(steps)})
    content = exported(room, function, *(weight.value for weight in model.weights))
    return room.litert(content, {"serving_default": lambda batch: {"steps": room.floats(1, 6, 3)}})


@WING.answers("litert", "control flow", ".tflite")
def tflite_control_flow(room: Room) -> Made:
    @of(ROWS)
    def answer(rows):
        return {"y": tf.while_loop(lambda v: tf.reduce_max(tf.abs(v)) > 0.1, lambda v: (v / 2,), (rows,))[0]}

    return room.litert(exported(room, answer), {"serving_default": rows(room)})


@WING.refused(
    "<source> needs the operations FlexStringLower, which LiteRT does not have built in. Package the SavedModel that "
    "the file was converted from.",
    "operations of TensorFlow (Flex)",
    ".tflite",
)
def tflite_flex(room: Room) -> Made:
    function = of(WORDS)(lambda words: {"lower": tf.strings.lower(words)})
    content = of_functions({"lower": function}, supported_ops=[LITE.TFLITE_BUILTINS, LITE.SELECT_TF_OPS])
    return Made(room.write("model.tflite", content))


@WING.refused(
    "<source> needs the operations MyOwn, which LiteRT does not have built in. Package the SavedModel that the file "
    "was converted from.",
    "an operation of one's own",
    ".tflite",
)
def tflite_custom(room: Room) -> Made:
    sound = tf.TensorSpec([256, 1], tf.float32, name="sound")
    function = of(sound)(lambda sound: {"s": tf.raw_ops.AudioSpectrogram(input=sound, window_size=64, stride=32)})
    source = room.write("model.tflite", of_functions({"spectrogram": function}, allow_custom_ops=True))
    model = flatbuffer_utils.read_model(str(source))
    for code in model.operatorCodes:
        code.customCode = b"MyOwn"
    source.write_bytes(flatbuffer_utils.convert_object_to_bytearray(model))
    return Made(source)


@WING.refused(
    "<source> keeps a state between calls: it changes a variable (ASSIGN_VARIABLE). On Lambda each call may reach "
    "another function. Take the state as an input, and return the new one as an output.",
    "a variable that each call changes",
    ".tflite",
)
def tflite_counter(room: Room) -> Made:
    content = exported(room, *counting(), experimental_enable_resource_variables=True)
    return Made(room.write("model.tflite", content))
