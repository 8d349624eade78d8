"""SavedModels as TensorFlow 1, its estimators and its tools wrote them, and graphs under other tags."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from tensorflow.core.protobuf import saved_model_pb2

from handlers.manifest import DEFAULT_SIGNATURE
from tests.models.zoo.exhibit import Arrays, Made, Wing
from tests.models.zoo.modules import rows
from tests.models.zoo.room import Feed, Room

v1: Any = tf.compat.v1
WING = Wing("TensorFlow 1, estimators, other tags")
PREDICT, CLASSIFY, REGRESS = (f"tensorflow/serving/{method}" for method in ("predict", "classify", "regress"))
TAGS = (
    "<source> has no graph for serving: TensorFlow loads the one that is tagged {serve} and nothing else, and its "
    "graphs are tagged <tags>. Export it with the tags ['serve']."
)
CITIES = ("rome", "oslo", "größe", "")


def save(
    path: Path,
    build: Callable[[], Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any], str]]],
    tags: tuple[str, ...] = ("serve",),
    main_op: Callable[[], Any] | None = None,
) -> None:
    """Build a graph and save it: signatures by name, each of inputs, outputs and a method."""
    info = v1.saved_model.build_tensor_info
    with tf.Graph().as_default(), v1.Session() as session:
        definitions = {
            name: v1.saved_model.build_signature_def(
                {key: info(tensor) for key, tensor in inputs.items()},
                {key: info(tensor) for key, tensor in outputs.items()},
                method,
            )
            for name, (inputs, outputs, method) in build().items()
        }
        session.run([v1.global_variables_initializer(), v1.tables_initializer()])
        builder = v1.saved_model.builder.SavedModelBuilder(str(path))
        builder.add_meta_graph_and_variables(
            session,
            list(tags),
            definitions,
            assets_collection=v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS),
            main_op=main_op() if main_op else None,
            strip_default_attrs=True,
        )
        builder.save()


def kept(room: Room, feeds: Mapping[str, Feed], build: Any, **how: Any) -> Made:
    save(room.path("model"), build, **how)
    return Made(room.path("model"), room.ask_signatures(room.path("model"), feeds))


def rows_placeholder() -> Any:
    return v1.placeholder(tf.float32, [None, 4], name="rows")


def variable(room: Room, *, resource: bool) -> Any:
    return v1.get_variable("weight", initializer=room.floats(4, 3), use_resource=resource)


def weighed(room: Room, *, resource: bool) -> Made:
    def build() -> Any:
        rows = rows_placeholder()
        return {"serving_default": ({"rows": rows}, {"y": rows @ variable(room, resource=resource)}, PREDICT)}

    return kept(room, {"serving_default": lambda batch: {"rows": room.floats(batch, 4)}}, build)


@WING.answers("litert", "reference variables", "SavedModel")
def reference_variables(room: Room) -> Made:
    return weighed(room, resource=False)


@WING.answers("litert", "resource variables", "SavedModel")
def resource_variables(room: Room) -> Made:
    return weighed(room, resource=True)


@WING.answers("litert", "a signature whose keys are columns: `sepal-length`, `class`, `größe`, `a b`", "SavedModel")
def columns_as_keys(room: Room) -> Made:
    names = ("sepal-length", "class", "größe", "a b")

    def build() -> Any:
        columns = {name: v1.placeholder(tf.float32, [None, 1]) for name in names}
        joined = tf.concat(list(columns.values()), axis=1)
        return {"serving_default": (columns, {"per-cent": joined @ variable(room, resource=True)}, PREDICT)}

    save(room.path("model"), build)
    asks = room.ask_session(room.path("model"), lambda batch: {name: room.floats(batch, 1) for name in names})
    return Made(room.path("model"), asks)


@WING.answers("litert", "a placeholder with a default (dropout's `keep_prob`) that no signature names", "SavedModel")
def placeholder_with_default(room: Room) -> Made:
    def build() -> Any:
        rows = rows_placeholder()
        rate = v1.placeholder_with_default(0.0, [], name="rate")
        y = tf.cond(rate > 0, lambda: tf.nn.dropout(rows, 0.5), lambda: rows) @ variable(room, resource=True)
        return {"serving_default": ({"rows": rows}, {"y": y}, PREDICT)}

    return kept(room, {"serving_default": lambda batch: {"rows": room.floats(batch, 4)}}, build)


@WING.answers("litert", "a loop of TensorFlow 1 (`Enter`, `Exit`)", "SavedModel")
def loop_of_version_1(room: Room) -> Made:
    def build() -> Any:
        v1.disable_control_flow_v2()
        try:
            rows = rows_placeholder()
            y = v1.while_loop(lambda i, _: i < 3, lambda i, y: (i + 1, y * 1.5), [tf.constant(0), rows])[1]
        finally:
            v1.enable_control_flow_v2()
        return {"serving_default": ({"rows": rows}, {"y": y @ variable(room, resource=True)}, PREDICT)}

    return kept(room, {"serving_default": lambda batch: {"rows": room.floats(batch, 4)}}, build)


@WING.answers("litert", "a table that the main operation fills from an asset", "SavedModel")
def table_of_version_1(room: Room) -> Made:
    room.path("colours.txt").write_text("red\ngreen\n", encoding="utf-8")

    def build() -> Any:
        words = v1.placeholder(tf.string, [None], name="words")
        path = tf.constant(str(room.path("colours.txt")))
        initializer = tf.lookup.TextFileInitializer(  # it adds the path to the assets
            path, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
        )
        table = tf.lookup.StaticHashTable(initializer, -1)
        return {"serving_default": ({"words": words}, {"indices": table.lookup(words)}, PREDICT)}

    feed = lambda batch: {"words": room.words(("red", "green", "pink"), batch)}  # noqa: E731
    return kept(room, {"serving_default": feed}, build, main_op=v1.tables_initializer)


def example(features: Mapping[str, Any]) -> bytes:
    made = tf.train.Example()
    for name, value in features.items():
        if isinstance(value, bytes):
            made.features.feature[name].bytes_list.value.append(value)
        else:
            made.features.feature[name].float_list.value.append(value)
    return made.SerializeToString(deterministic=True)


@WING.answers(
    "tensorflow", "an estimator's classifier: `classify`, `regress` and `predict` over `tf.Example`s", "SavedModel"
)
def estimator(room: Room) -> Made:
    def build() -> Any:
        examples = v1.placeholder(tf.string, [None], name="input_example_tensor")
        kinds = {"age": tf.io.FixedLenFeature([1], tf.float32), "city": tf.io.FixedLenFeature([1], tf.string, "")}
        found = v1.io.parse_example(examples, kinds)
        city = tf.one_hot(tf.strings.to_hash_bucket_fast(found["city"][:, 0], 3), 3)
        logits = tf.concat([found["age"], city], axis=1) @ variable(room, resource=True)
        scores = tf.nn.softmax(logits)
        classes = tf.tile(tf.constant([["0", "1", "2"]]), [tf.shape(scores)[0], 1])
        both = {"classes": classes, "scores": scores}
        predicted = {"class_ids": tf.argmax(logits, 1)[:, None], "logits": logits, "probabilities": scores}
        return {
            "serving_default": ({"inputs": examples}, both, CLASSIFY),
            "classification": ({"inputs": examples}, both, CLASSIFY),
            "regression": ({"inputs": examples}, {"outputs": logits[:, :1]}, REGRESS),
            "predict": ({"examples": examples}, predicted, PREDICT),
        }

    def examples(batch: int) -> np.ndarray:
        ages, cities = room.floats(batch), room.words(CITIES, batch)
        made = [example({"age": float(age), "city": city}) for age, city in zip(ages, cities, strict=True)]
        return np.array(made, object)

    feeds: dict[str, Feed] = dict.fromkeys(
        ("serving_default", "classification", "regression"), lambda batch: {"inputs": examples(batch)}
    )
    feeds["predict"] = lambda batch: {"examples": examples(batch)}
    made = kept(room, feeds, build)
    several = examples(5)
    room.jsonl("samples.jsonl", [{"inputs": several, "examples": several}])
    return made._replace(samples=room.path("samples.jsonl"))


@WING.answers("tensorflow", "an estimator's raw export: features by name", "SavedModel")
def estimator_raw(room: Room) -> Made:
    def build() -> Any:
        age = v1.placeholder(tf.float32, [None, 1], name="age")
        city = v1.placeholder(tf.string, [None, 1], name="city")
        buckets = tf.one_hot(tf.strings.to_hash_bucket_fast(city[:, 0], 3), 3)
        logits = tf.concat([age, buckets], axis=1) @ variable(room, resource=False)
        return {"serving_default": ({"age": age, "city": city}, {"logits": logits}, PREDICT)}

    def feed(batch: int) -> Arrays:
        return {"age": room.floats(batch, 1), "city": room.words(CITIES, batch, 1)}

    return kept(room, {"serving_default": feed}, build)


def add(builder: Any, session: Any, tags: list[str], factor: float, *, first: bool) -> None:
    rows = rows_placeholder()
    weight = v1.get_variable("weight", initializer=np.full([4, 3], 0.5, np.float32), use_resource=True)
    y = rows @ weight * factor
    session.run(v1.global_variables_initializer())
    info = v1.saved_model.build_tensor_info
    definition = v1.saved_model.build_signature_def({"rows": info(rows)}, {"y": info(y)}, PREDICT)
    if first:
        builder.add_meta_graph_and_variables(session, tags, {"serving_default": definition})
    else:
        builder.add_meta_graph(tags, {"serving_default": definition})


def save_tagged(path: Path, *graphs: list[str]) -> None:
    """Graphs under these tags; each multiplies by another factor, so that none can be taken for another."""
    builder = v1.saved_model.builder.SavedModelBuilder(str(path))
    for number, tags in enumerate(graphs):
        with tf.Graph().as_default(), v1.Session() as session:
            add(builder, session, tags, 10.0**number, first=number == 0)
    builder.save()


@WING.answers("litert", "a graph tagged `{serve, tpu}` in front of the one tagged `{serve}`", "SavedModel", shown=True)
def graph_for_tpu_first(room: Room) -> Made:
    save_tagged(room.path("model"), ["serve", "tpu"], ["serve"], ["train"])
    return Made(room.path("model"), room.ask_signatures(room.path("model"), {DEFAULT_SIGNATURE: rows(room)}))


@WING.refused(TAGS.replace("<tags>", "{serve, tpu}"), "only a graph tagged `{serve, tpu}`", "SavedModel", runs=True)
def graph_for_tpu_alone(room: Room) -> Made:
    tags = ["serve", "tpu"]
    save_tagged(room.path("model"), tags)
    return Made(room.path("model"), room.ask_signatures(room.path("model"), {DEFAULT_SIGNATURE: rows(room)}, tags))


@WING.refused(TAGS.replace("<tags>", "{train} and {}"), "no graph for serving", "SavedModel")
def graph_for_training(room: Room) -> Made:
    save_tagged(room.path("model"), ["train"], [])
    return Made(room.path("model"))


@WING.answers("litert", "a SavedModel as text (`saved_model.pbtxt`)", "SavedModel")
def saved_model_as_text(room: Room) -> Made:
    made = reference_variables(room)
    document = saved_model_pb2.SavedModel()
    document.ParseFromString((made.source / "saved_model.pb").read_bytes())
    (made.source / "saved_model.pbtxt").write_text(text_format.MessageToString(document), encoding="utf-8")
    (made.source / "saved_model.pb").unlink()
    return made


@WING.refused(
    "<source> holds no saved_model.pb, so it is not a SavedModel directory. It holds a checkpoint: variables without a "
    "model. Build the model, restore the checkpoint into it, and save it with tf.saved_model.save or "
    "model.save('model.keras').",
    "a checkpoint",
    "directory",
)
def checkpoint(room: Room) -> Made:
    tf.train.Checkpoint(weight=tf.Variable(room.floats(4))).save(str(room.path("model") / "ckpt"))
    return Made(room.path("model"))


@WING.refused(
    "<source> is not a model that can be packaged: give a SavedModel directory or a file that ends in .keras, .h5, "
    ".hdf5, .tflite. A frozen graph does not say what its inputs and outputs are. Save it as a SavedModel, with "
    "tf.compat.v1.saved_model.simple_save(session, directory, inputs, outputs).",
    "a frozen graph",
    ".pb",
)
def frozen_graph(room: Room) -> Made:
    with tf.Graph().as_default() as graph:
        tf.identity(rows_placeholder() * 2, name="y")
    source = room.path("model.pb")
    source.write_bytes(graph.as_graph_def().SerializeToString())
    return Made(source)
