"""SavedModels of TensorFlow 2: what a `tf.Module` can do that layers do not."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tests.models.zoo.exhibit import ONLY, Arrays, Ask, Made, Wing
from tests.models.zoo.room import Room

WING = Wing("TensorFlow 2 modules")
ROWS = tf.TensorSpec([None, 4], tf.float32, name="rows")
WORDS = tf.TensorSpec([None], tf.string, name="words")


def of(*specs: Any) -> Any:
    return tf.function(input_signature=list(specs))


def rows(room: Room, **limits: float) -> Any:
    return lambda batch: {"rows": room.floats(batch, 4, **limits)}


def counting() -> tuple[Any, tf.Variable]:
    """A function that changes its variable at each call, and the variable."""
    seen = tf.Variable(0.0, name="seen")

    @of(ROWS)
    def answer(rows):
        return {"y": rows + seen.assign_add(1.0)}

    return answer, seen


@WING.answers("litert", "five signatures, which share a variable", "SavedModel", shown=True)
def five_signatures(room: Room) -> Made:
    module: Any = tf.Module()
    module.weight = tf.Variable(room.floats(4, 3))
    functions = {
        "serving_default": of(ROWS)(lambda rows: {"y": rows @ module.weight}),
        "scores": of(ROWS)(lambda rows: {"scores": tf.nn.softmax(rows @ module.weight)}),
        "best": of(ROWS)(lambda rows: {"best": tf.argmax(rows @ module.weight, axis=1)}),
        "norm": of(ROWS)(lambda rows: {"norm": tf.norm(rows, axis=1)}),
        "both": of(ROWS, tf.TensorSpec([None, 3], tf.float32, name="more"))(
            lambda rows, more: {"sum": rows @ module.weight + more, "more": more * 2}
        ),
    }
    feeds: dict[str, Any] = dict.fromkeys(functions, rows(room))
    feeds["both"] = lambda batch: {"rows": room.floats(batch, 4), "more": room.floats(batch, 3)}
    return room.saved(module, feeds, **functions)


@WING.answers("litert tensorflow", "signatures for numbers and for words", "SavedModel")
def numbers_and_words(room: Room) -> Made:
    module: Any = tf.Module()
    module.weight = tf.Variable(room.floats(4, 3))
    functions = {
        "serving_default": of(ROWS)(lambda rows: {"y": rows @ module.weight}),
        "words": of(WORDS)(lambda words: {"lengths": tf.strings.length(words), "upper": tf.strings.upper(words)}),
    }
    feeds = {"serving_default": rows(room), "words": lambda batch: {"words": room.words(("one", "größe", ""), batch)}}
    return room.saved(module, feeds, **functions)


@WING.answers("litert", "control flow: `while`, `if`, a loop over steps", "SavedModel")
def control_flow(room: Room) -> Made:
    @of(ROWS)
    def answer(rows):
        total = tf.zeros_like(rows)
        for step in tf.range(5):
            if tf.reduce_sum(rows) > 0.0:
                total += rows * tf.cast(step, tf.float32)
            else:
                total -= rows
        return {"total": total, "halved": tf.while_loop(lambda v: tf.norm(v) > 1.0, lambda v: (v / 2,), (total,))[0]}

    return room.saved_function(answer, rows(room))


@WING.answers("tensorflow", "a table filled from a file among its assets", "SavedModel")
def table_from_file(room: Room) -> Made:
    room.path("colours.txt").write_text("red\ngreen\nblue\n", encoding="utf-8")
    initializer = tf.lookup.TextFileInitializer(
        str(room.path("colours.txt")), tf.string, tf.lookup.TextFileIndex.WHOLE_LINE,
        tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER,
    )  # fmt: skip
    table = tf.lookup.StaticHashTable(initializer, -1)
    function = of(WORDS)(lambda words: {"indices": table.lookup(words)})
    made = room.saved_function(function, lambda batch: {"words": room.words(("red", "blue", "pink"), batch)}, table)
    room.path("colours.txt").unlink()
    return made


@WING.answers("tensorflow", "a table filled from constants, and one that answers words", "SavedModel")
def table_from_constants(room: Room) -> Made:
    there = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["red", "blue"], [5, 7]), 0)
    back = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer([5, 7], ["five", "seven"]), "none")
    function = of(WORDS)(lambda words: {"word": back.lookup(there.lookup(words))})
    return room.saved_function(
        function, lambda batch: {"words": room.words(("red", "blue", "pink"), batch)}, there, back
    )


@WING.answers("tensorflow", "words split, joined, replaced and counted", "SavedModel")
def strings(room: Room) -> Made:
    @of(WORDS)
    def answer(words):
        parts = tf.strings.split(words)
        return {
            "clean": tf.strings.regex_replace(tf.strings.lower(words), "[^a-z ]", "-"),
            "count": parts.row_lengths(),
            "joined": tf.strings.reduce_join(parts.to_tensor(), axis=1, separator="+"),
        }

    return room.saved_function(answer, lambda batch: {"words": room.words(("one Two", "größe", "", "a b c"), batch)})


@WING.answers("tensorflow", "serialized `tf.Example`s, some of which end in a zero byte", "SavedModel", shown=True)
def examples(room: Room) -> Made:
    kinds = {"age": tf.io.FixedLenFeature([], tf.float32), "visits": tf.io.FixedLenFeature([], tf.int64)}

    @of(tf.TensorSpec([None], tf.string, name="examples"))
    def answer(examples):
        found = tf.io.parse_example(examples, kinds)
        return {"score": found["age"] + tf.cast(found["visits"], tf.float32)}

    def example(age: float, visits: int) -> bytes:
        made = tf.train.Example()
        made.features.feature["age"].float_list.value.append(age)
        made.features.feature["visits"].int64_list.value.append(visits)
        return made.SerializeToString(deterministic=True)

    def feed(batch: int) -> Arrays:
        ages = room.floats(batch, low=20, high=60)
        return {"examples": np.array([example(float(age), index % 3) for index, age in enumerate(ages)], object)}

    made = room.saved_function(answer, feed)
    room.jsonl("samples.jsonl", [feed(1), feed(4)])
    return made._replace(samples=room.path("samples.jsonl"))


@WING.answers("tensorflow", "JPEG pictures as bytes", "SavedModel")
def decode_jpeg(room: Room) -> Made:
    @of(tf.TensorSpec([None], tf.string, name="pictures"))
    def answer(pictures):
        decode = lambda each: tf.image.resize(tf.io.decode_jpeg(each, channels=3), [8, 8])  # noqa: E731
        return {"mean": tf.reduce_mean(tf.map_fn(decode, pictures, tf.float32), axis=[1, 2])}

    def feed(batch: int) -> Arrays:
        pictures = [tf.io.encode_jpeg(room.integers(256, 16, 12, 3, dtype="uint8")).numpy() for _ in range(batch)]
        return {"pictures": np.array(pictures, object)}

    made = room.saved_function(answer, feed)
    room.jsonl("samples.jsonl", [feed(1), feed(4)])
    return made._replace(samples=room.path("samples.jsonl"))


@WING.answers("onnxruntime", "`non_max_suppression`", "SavedModel")
def non_max_suppression(room: Room) -> Made:
    boxes = tf.TensorSpec([None, 4], tf.float32, name="boxes")

    @of(boxes, tf.TensorSpec([None], tf.float32, name="scores"))
    def answer(boxes, scores):
        kept = tf.image.non_max_suppression(boxes, scores, max_output_size=5, iou_threshold=0.3)
        return {"kept": kept, "boxes": tf.gather(boxes, kept)}

    def feed(batch: int) -> Arrays:
        corner = room.floats(batch, 2, low=0, high=1)
        return {"boxes": np.concatenate([corner, corner + 0.4], axis=1), "scores": room.floats(batch, low=0, high=1)}

    return room.saved_function(answer, feed)


@WING.answers("tensorflow", "a sparse tensor inside", "SavedModel")
def sparse_inside(room: Room) -> Made:
    weight = tf.Variable(room.floats(4, 3))

    @of(ROWS)
    def answer(rows):
        return {"y": tf.sparse.sparse_dense_matmul(tf.sparse.from_dense(tf.nn.relu(rows)), weight)}

    return room.saved_function(answer, rows(room), weight)


@WING.answers("tensorflow", "a ragged tensor inside", "SavedModel")
def ragged_inside(room: Room) -> Made:
    @of(WORDS)
    def answer(words):
        letters = tf.strings.unicode_decode(words, "UTF-8")
        return {"highest": tf.reduce_max(letters, axis=1), "letters": letters.to_tensor()}

    return room.saved_function(answer, lambda batch: {"words": room.words(("one", "größe", "x"), batch)})


@WING.answers("litert", "a ragged input: values and row splits", "SavedModel", shown=True)
def ragged_input(room: Room) -> Made:
    table = tf.Variable(room.floats(10, 4))

    @of(tf.RaggedTensorSpec([None, None], tf.int32, ragged_rank=1))
    def answer(ids):
        return {"mean": tf.reduce_mean(tf.ragged.map_flat_values(lambda flat: tf.gather(table, flat), ids), axis=1)}

    def feed(batch: int) -> Arrays:
        splits = np.concatenate([[0], np.cumsum(1 + np.arange(batch) % 3)]).astype(np.int64)
        return {"ids": room.integers(10, int(splits[-1])), "ids_1": splits}

    made = room.saved_function(answer, feed, table)
    room.path("samples").mkdir()
    for name, array in feed(3).items():
        np.save(room.path("samples") / f"{name}.npy", array)
    return made._replace(samples=room.path("samples"))


@WING.answers("litert", "a graph: nodes, and edges between them", "SavedModel")
def graph(room: Room) -> Made:
    weight = tf.Variable(room.floats(4, 2))
    nodes, edges = (tf.TensorSpec([None, size], kind, name=name) for size, kind, name in (
        (4, tf.float32, "nodes"), (2, tf.int32, "edges")
    ))  # fmt: skip

    @of(nodes, edges)
    def answer(nodes, edges):
        heard = tf.math.unsorted_segment_sum(tf.gather(nodes, edges[:, 0]), edges[:, 1], tf.shape(nodes)[0])
        return {"score": (nodes + heard) @ weight}

    def feed(batch: int) -> Arrays:
        return {"nodes": room.floats(batch, 4), "edges": room.integers(batch, 2 * batch + 1, 2)}

    made = room.saved_function(answer, feed, weight)
    np.savez(room.path("samples.npz"), **feed(3))
    return made._replace(samples=room.path("samples.npz"))


@WING.answers("litert", "200 outputs", "SavedModel")
def many_outputs_saved(room: Room) -> Made:
    function = of(ROWS)(lambda rows: {f"output_{index}": rows * float(index) for index in range(200)})
    return room.saved_function(function, rows(room))


@WING.answers("litert", "an answer whose size depends on the values", "SavedModel")
def size_by_value(room: Room) -> Made:
    numbers = tf.TensorSpec([None], tf.float32, name="numbers")
    function = of(numbers)(lambda numbers: {"positive": tf.boolean_mask(numbers, numbers > 0)})
    return room.saved_function(function, lambda batch: {"numbers": room.floats(batch)})


@WING.answers("tensorflow", "linear algebra: `svd`, `cholesky`, `fft`", "SavedModel")
def linear_algebra(room: Room) -> Made:
    @of(tf.TensorSpec([None, 3, 3], tf.float32, name="matrices"))
    def answer(matrices):
        positive = matrices @ tf.transpose(matrices, [0, 2, 1]) + tf.eye(3)
        spectrum = tf.abs(tf.signal.fft(tf.cast(matrices, tf.complex64)))
        return {"s": tf.linalg.svd(matrices, compute_uv=False), "l": tf.linalg.cholesky(positive), "f": spectrum}

    return room.saved_function(answer, lambda batch: {"matrices": room.floats(batch, 3, 3)})


@WING.answers("litert", "a function that XLA compiles", "SavedModel")
def compiled_by_xla(room: Room) -> Made:
    inner = tf.function(lambda rows: tf.nn.softmax(rows * 2.0), jit_compile=True)
    return room.saved_function(of(ROWS)(lambda rows: {"y": inner(rows)}), rows(room))


@WING.answers("onnxruntime", "random numbers of a fixed seed", "SavedModel")
def random_with_seed(room: Room) -> Made:
    noise = lambda rows: rows + tf.random.stateless_normal([4], seed=[1, 2])  # noqa: E731
    return room.saved_function(of(ROWS)(lambda rows: {"y": noise(rows)}), rows(room))


@WING.refused(
    "the signature 'serving_default' answers one request differently each time: it draws random numbers "
    "(RandomStandardNormal). Draw random numbers with a fixed seed (tf.random.stateless_normal), or take them as an "
    "input.",
    "random numbers",
    "SavedModel",
    runs=True,
)
def random_numbers(room: Room) -> Made:
    return room.saved_function(of(ROWS)(lambda rows: {"y": rows + tf.random.normal(tf.shape(rows))}), rows(room))


@WING.refused(
    "the signature 'serving_default' keeps a state between calls: it changes a variable (AssignAddVariableOp). On "
    "Lambda each call may reach another function. Take the state as an input, and return the new one as an output. If "
    "no answer depends on it, allow it with --allow-op AssignAddVariableOp",
    "a variable that each call changes",
    "SavedModel",
    runs=True,
)
def counter(room: Room) -> Made:
    answer, seen = counting()
    return room.saved_function(answer, rows(room), seen)


@WING.refused(
    "the node 'EagerPyFunc' of the function '<function>' calls Python (EagerPyFunc), on every machine that "
    "serves the model. If you trust the model, allow it with --allow-op EagerPyFunc",
    "a function of Python inside",
    "SavedModel",
)
def calls_python(room: Room) -> Made:
    same = lambda rows: tf.ensure_shape(tf.py_function(lambda value: value, [rows], tf.float32), [None, 4])  # noqa: E731
    return Made(room.saved_function(of(ROWS)(lambda rows: {"rows": same(rows)}), rows(room)).source)


@WING.refused(
    "the node '<node>' of the function '<function>' reads or writes files (ReadFile), on every machine that "
    "serves the model. If you trust the model, allow it with --allow-op ReadFile",
    "files read by name",
    "SavedModel",
    runs=True,
)
def reads_files(room: Room) -> Made:
    room.path("words.txt").write_text("red", encoding="utf-8")
    function = of(WORDS)(lambda words: {"content": tf.map_fn(tf.io.read_file, words)})
    return room.saved_function(function, lambda batch: {"words": room.words([str(room.path("words.txt"))], batch)})


@WING.answers("tensorflow", "a check that refuses some requests", "SavedModel")
def checks_its_input(room: Room) -> Made:
    @of(ROWS)
    def answer(rows):
        tf.debugging.assert_less(tf.abs(rows), 2.0, message="rows are within 2")
        return {"rows": rows * 2.0}

    return room.saved_function(answer, rows(room))


@WING.refused(
    "the SavedModel has no signature to call. Save it with tf.saved_model.save(…, signatures={…}), or export a Keras "
    "model with model.export(…).",
    "a reusable model as of TensorFlow Hub, without signatures",
    "SavedModel",
    runs=True,
)
def reusable_without_signatures(room: Room) -> Made:
    save_reusable(room.path("model"), room, with_signature=False)
    reusable: Any = tf.saved_model.load(str(room.path("model")))
    inputs = room.floats(3, 4)
    return Made(room.path("model"), [Ask({ONLY: inputs}, {ONLY: reusable(tf.constant(inputs)).numpy()})])


@WING.answers("litert", "a reusable model as of TensorFlow Hub", "SavedModel")
def reusable(room: Room) -> Made:
    save_reusable(room.path("model"), room, with_signature=True)
    return Made(room.path("model"), room.ask_signatures(room.path("model"), {"serving_default": rows(room)}))


def save_reusable(path: Path, room: Room, *, with_signature: bool) -> None:
    """An object with `__call__(inputs, training)`, `variables` and `regularization_losses`, as the Hub asks."""

    class Reusable(tf.Module):
        def __init__(self) -> None:
            self.weight = tf.Variable(room.floats(4, 3))
            self.trainable, self.regularization_losses = [self.weight], []

        @tf.function
        def __call__(self, rows, training=False):
            return (tf.nn.dropout(rows, 0.5) if training else rows) @ self.weight

    model = Reusable()
    for training in (False, True):
        model.__call__.get_concrete_function(ROWS, training)
    signature = tf.function(lambda rows: {"default": model(rows)}, input_signature=[ROWS])
    tf.saved_model.save(model, str(path), signatures=signature if with_signature else None)
