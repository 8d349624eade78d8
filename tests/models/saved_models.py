"""Small SavedModels for the tests, each with one trait."""

from pathlib import Path

import numpy as np
import tensorflow as tf


def save(directory: Path, **signatures) -> Path:
    """Save functions as signatures, with a variable that they may use as `WEIGHT`."""
    module = tf.Module()
    module.weight = WEIGHT
    tf.saved_model.save(module, str(directory), signatures=signatures)
    return directory


WEIGHT = tf.Variable(np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3), name="weight")
ROWS = tf.TensorSpec([None, 4], tf.float32, name="rows")
WORDS = tf.TensorSpec([None], tf.string, name="words")


@tf.function(input_signature=[ROWS])
def scores(rows):
    return {"scores": tf.nn.softmax(rows @ WEIGHT), "best": tf.argmax(rows @ WEIGHT, axis=1)}


@tf.function(input_signature=[WORDS])
def lengths(words):
    return {"lengths": tf.strings.length(words), "upper": tf.strings.upper(words)}


@tf.function(input_signature=[ROWS])
def calls_python(rows):
    return {"rows": tf.ensure_shape(tf.py_function(lambda value: value, [rows], tf.float32), [None, 4])}


@tf.function(input_signature=[WORDS])
def reads_files(words):
    return {"content": tf.map_fn(tf.io.read_file, words)}


@tf.function(input_signature=[ROWS])
def prints_to_a_file(rows):
    tf.print(rows, output_stream="file:///tmp/somewhere")
    return {"rows": rows}


@tf.function(input_signature=[ROWS])
def is_random(rows):
    return {"rows": rows + tf.random.normal(tf.shape(rows))}


def with_a_table(directory: Path, vocabulary: Path) -> Path:
    """A SavedModel that looks words up in a table filled from its own asset."""
    vocabulary.write_text("red\ngreen\nblue\n")
    module = tf.Module()
    initializer = tf.lookup.TextFileInitializer(
        str(vocabulary), tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
    )
    module.table = tf.lookup.StaticHashTable(initializer, -1)

    @tf.function(input_signature=[WORDS])
    def look_up(words):
        return {"indices": module.table.lookup(words)}

    module.look_up = look_up
    tf.saved_model.save(module, str(directory), signatures={"serving_default": look_up})
    return directory
