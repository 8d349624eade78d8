"""More small models for the tests, each with one trait that an engine or a converter is particular about."""

from pathlib import Path

import tensorflow as tf
from tensorflow.lite.tools import flatbuffer_utils

from tests.models.saved_models import ROWS

HALVES = tf.TensorSpec([None, 4], tf.bfloat16, name="halves")
ANYTHING = tf.TensorSpec(None, tf.float32, name="anything")
SOUND = tf.TensorSpec([256, 1], tf.float32, name="sound")


@tf.function(input_signature=[HALVES])
def doubled_halves(halves):
    return {"doubled": halves * 2}


@tf.function(input_signature=[ANYTHING])
def size_of_anything(anything):
    """Converts to LiteRT, which then refuses every input but a single number."""
    return {"more": anything + 1, "size": tf.size(anything)}


@tf.function(input_signature=[ROWS])
def labelled(rows):
    return {"rows": rows, "label": tf.constant("cat"), "labels": tf.constant(["a", "b"])}


@tf.function(input_signature=[SOUND])
def spectrogram(sound):
    return {"spectrogram": tf.raw_ops.AudioSpectrogram(input=sound, window_size=64, stride=32)}


def save_tflite(path: Path, function) -> Path:
    """A LiteRT file of one function, custom operations and all."""
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()], tf.Module())
    converter.allow_custom_ops = True
    path.write_bytes(converter.convert())
    return path


def change(path: Path, change_it) -> Path:
    """Change a LiteRT file's objects, as the schema names them."""
    model = flatbuffer_utils.read_model(str(path))
    change_it(model)
    path.write_bytes(flatbuffer_utils.convert_object_to_bytearray(model))
    return path


def without_signatures(model) -> None:
    model.signatureDefs = []


def with_unknown_operations(model) -> None:
    for code in model.operatorCodes:
        code.customCode = b"MyOwn"
