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


@tf.function(input_signature=[ROWS])
def reads_records(rows):
    return {"records": tf.raw_ops.RecordInput(file_pattern="/somewhere", batch_size=1), "rows": rows}


@tf.function(input_signature=[ROWS])
def draws_from_a_file(rows):
    return {"drawn": draw(rows, vocab_file="/somewhere")}


@tf.function(input_signature=[ROWS])
def draws(rows):
    return {"drawn": draw(rows, unigrams=[1.0, 1.0])}


def draw(rows, **where):
    options = {"num_true": 1, "num_sampled": 1, "unique": False, "range_max": 2, "seed": 1, "seed2": 1}
    classes = tf.zeros([tf.shape(rows)[0], 1], tf.int64)
    return tf.raw_ops.FixedUnigramCandidateSampler(true_classes=classes, **options, **where).sampled_candidates


@tf.function(input_signature=[ROWS])
def overflows(rows):
    return {"rows": tf.nn.softplus(rows)}


@tf.function(input_signature=[ROWS])
def takes_only_small_numbers(rows):
    tf.debugging.assert_less(tf.abs(rows), 2.0)
    return {"rows": rows}


@tf.function(
    input_signature=[tf.TensorSpec([None, 4], tf.float32, name="a"), tf.TensorSpec([None], tf.int32, name="b")]
)
def takes_two(a, b):
    return {"sums": tf.reduce_sum(a, axis=1) + tf.cast(b, tf.float32)}


@tf.function(input_signature=[])
def takes_nothing():
    return {"weight": tf.identity(WEIGHT)}


def with_a_saver_of_version_1(directory: Path) -> Path:
    """A SavedModel as TensorFlow 1 wrote it: a graph without functions."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        rows = v1.placeholder(tf.float32, [None, 4], name="rows")
        weight = v1.get_variable("weight", [4, 3], initializer=v1.ones_initializer(), use_resource=False)
        session.run(v1.global_variables_initializer())
        signature = v1.saved_model.signature_def_utils.predict_signature_def({"rows": rows}, {"y": rows @ weight})
        builder = v1.saved_model.builder.SavedModelBuilder(str(directory))
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()
    return directory


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


@tf.function(input_signature=[tf.TensorSpec([None, None, None, 3], tf.float32, name="picture")])
def shrinks(picture):
    """Takes pictures of any size; of one that is smaller than 15 by 15, nothing is left."""
    for _ in range(3):
        picture = tf.nn.max_pool2d(
            tf.nn.conv2d(picture, tf.reshape(WEIGHT[:3], [1, 1, 3, 3]), 1, "SAME"), 3, 2, "VALID"
        )
    return {"mean": tf.reduce_mean(picture, axis=(1, 2))}


STEPS = tf.TensorSpec([None, None, 3], tf.float32, name="steps")


@tf.function(input_signature=[STEPS])
def holds_nothing(steps):
    """Has constants without elements, as `tf.signal` does: the shape of a scalar, and rows to begin with."""
    largest = tf.reshape(tf.reduce_max(steps), [])
    return {"rows": tf.concat([tf.zeros([0, 3]), tf.reduce_sum(steps, 1)], 0) / largest}


@tf.function(input_signature=[tf.TensorSpec(None, tf.float32, name="anything"), STEPS])
def of_unknown_rank(anything, steps):
    return {"sum": tf.reduce_sum(anything) + tf.reduce_sum(steps, (1, 2))}
