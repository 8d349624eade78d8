"""Files of Keras 2, made by the package `tf_keras` in a process of its own."""

from typing import Any

import h5py
import numpy as np
import tensorflow as tf
import tf_keras as keras

from tests.models.zoo.either_keras import of_dictionaries
from tests.models.zoo.exhibit import ONLY, Arrays, Made, Wing
from tests.models.zoo.own_layers_2 import Doubled
from tests.models.zoo.room import Room

layers = keras.layers
WING = Wing("Keras 2", framework="tf_keras")
CITIES = ("rome", "oslo", "größe", "")


def stack() -> Any:
    return keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="relu"), layers.Dense(2)])


def whole(room: Room, model: Any, suffix: str = ".keras", **more: Any) -> Made:
    return room.keras(model, lambda batch: {ONLY: room.floats(batch, *model.input_shape[1:])}, suffix=suffix, **more)


def saved(room: Room, model: Any, feed: Any) -> Made:
    """A SavedModel as `model.save(directory)` of Keras 2 writes it."""
    model.save(room.path("model"), save_format="tf")
    return Made(room.path("model"), room.ask_signatures(room.path("model"), {"serving_default": feed}))


@WING.answers("litert", "`Sequential`", ".h5")
def keras_2_sequential_h5(room: Room) -> Made:
    return whole(room, stack(), ".h5")


@WING.answers("litert", "`Sequential`", ".keras", shown=True)
def keras_2_sequential(room: Room) -> Made:
    return whole(room, stack())


@WING.answers("litert", "functional, trained", ".h5")
def keras_2_functional_h5(room: Room) -> Made:
    rows = keras.Input((4,), name="rows")
    model = keras.Model(rows, layers.Dense(1)(layers.BatchNormalization()(layers.Dense(8, activation="elu")(rows))))
    model.compile("adam", "mse")
    model.fit(room.floats(32, 4), room.floats(32, 1), verbose=0)
    return whole(room, model, ".h5")


@WING.answers("litert", "functional", ".keras")
def keras_2_functional(room: Room) -> Made:
    rows = keras.Input((4,), name="rows")
    return whole(room, keras.Model(rows, layers.Dense(2)(layers.Add()([rows, layers.Dense(4)(rows)]))))


@WING.answers("litert", "several inputs and outputs by name", ".keras")
def keras_2_dictionaries(room: Room) -> Made:
    return of_dictionaries(room, keras)


@WING.answers("litert", "outputs of one name", ".h5")
def keras_2_outputs_of_one_name(room: Room) -> Made:
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    score = layers.Dense(1, name="score")
    return room.keras(
        keras.Model([left, right], [score(left), score(right)]),
        lambda batch: {"left": room.floats(batch, 4), "right": room.floats(batch, 4)},
        suffix=".h5",
        outputs=("score", "score_1"),
    )


@WING.answers("onnxruntime", "`LSTM` with `time_major`", ".h5")
def keras_2_lstm_h5(room: Room) -> Made:
    steps = keras.Input((6, 3), name="steps")
    return whole(room, keras.Model(steps, layers.Dense(2)(layers.LSTM(4)(steps))), ".h5")


@WING.answers("litert", "`hard_sigmoid`, which Keras 3 computes differently", ".h5", shown=True)
def keras_2_hard_sigmoid_h5(room: Room) -> Made:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="hard_sigmoid"), layers.Dense(1)])
    return whole(room, model, ".h5")


@WING.answers("onnxruntime", "`LSTM` with `hard_sigmoid`, as Keras made it before version 2.3", ".h5")
def keras_2_old_lstm_h5(room: Room) -> Made:
    memory = layers.LSTM(4, recurrent_activation="hard_sigmoid", implementation=1)
    return whole(room, keras.Sequential([keras.Input((6, 3)), memory, layers.Dense(1)]), ".h5")


@WING.answers("litert", "operations of TensorFlow between layers", ".h5")
def keras_2_operations_h5(room: Room) -> Made:
    rows = keras.Input((4,), name="rows")
    joined = tf.concat([tf.nn.relu(rows) * 2.0, tf.reduce_mean(rows, axis=1, keepdims=True)], axis=1)
    return whole(room, keras.Model(rows, layers.Dense(2)(joined)), ".h5")


@WING.refused(
    "<source> calls tf.io.gfile.exists, which would run on this machine when the file is loaded. Export the model as a "
    "SavedModel on a machine that may run it.",
    "a function of TensorFlow that touches files",
    ".h5",
)
def keras_2_touches_files_h5(room: Room) -> Made:
    made = keras_2_operations_h5(room)
    with h5py.File(made.source, "r+") as file:
        file.attrs["model_config"] = file.attrs["model_config"].replace("math.reduce_mean", "io.gfile.exists")
    return Made(made.source)


@WING.answers("litert", "an `LSTM` of Keras 2, which LiteRT would go on with from call to call", ".tflite", shown=True)
def keras_2_lstm_tflite(room: Room) -> Made:
    model = keras.Sequential([keras.Input((6, 3), batch_size=1, name="steps"), layers.LSTM(4), layers.Dense(2)])
    source = room.write("model.tflite", tf.lite.TFLiteConverter.from_keras_model(model).convert())
    return Made(source, room.ask_keras(model, lambda batch: {ONLY: room.floats(1, 6, 3)}))


@WING.answers("onnxruntime", "`Bidirectional(GRU)`", ".keras")
def keras_2_gru(room: Room) -> Made:
    model = keras.Sequential([keras.Input((6, 3)), layers.Bidirectional(layers.GRU(4)), layers.Dense(2)])
    return whole(room, model)


@WING.answers("litert", "`Conv2D`, `DepthwiseConv2D` with `groups`", ".h5")
def keras_2_convolutions_h5(room: Room) -> Made:
    stack = (layers.Conv2D(4, 3, activation="relu"), layers.DepthwiseConv2D(3), layers.GlobalAveragePooling2D())
    return whole(room, keras.Sequential([keras.Input((8, 8, 3)), *stack, layers.Dense(2)]), ".h5")


@WING.answers("tensorflow", "`StringLookup`", ".keras")
def keras_2_lookup(room: Room) -> Made:
    city = keras.Input((1,), dtype="string", name="city")
    lookup = layers.StringLookup(vocabulary=["rome", "oslo"], output_mode="one_hot")
    return room.keras(
        keras.Model(city, layers.Dense(1)(lookup(city))), lambda batch: {"city": room.words(CITIES, batch, 1)}
    )


@WING.answers("litert", "`Sequential` that saw data and has no `Input`", ".h5")
def keras_2_deferred_h5(room: Room) -> Made:
    model = keras.Sequential([layers.Dense(3), layers.Dense(1)])
    model.build((None, 4))
    return whole(room, model, ".h5")


@WING.refused(
    "<source> has a Lambda layer: Python code inside the file, which would run on this machine when the file is "
    "loaded. Write the layer as a class, or export the model as a SavedModel on a machine that may run it.",
    "a `Lambda` layer",
    ".h5",
    runs=True,
)
def keras_2_lambda_h5(room: Room) -> Made:
    return whole(room, keras.Sequential([keras.Input((2,)), layers.Lambda(lambda value: value + 1)]), ".h5")


@keras.saving.register_keras_serializable("zoo")
class Scaled(layers.Layer):
    def call(self, inputs: Any) -> Any:
        return inputs * 2.0


@WING.refused(
    "<source> needs the class Scaled, which Keras does not have. Name the module that defines it with --import, or "
    "export the model as a SavedModel with model.export(directory), in a program that has this code.",
    "a layer of one's own",
    ".keras",
)
def keras_2_own_layer(room: Room) -> Made:
    return Made(whole(room, keras.Sequential([keras.Input((4,)), Scaled(), layers.Dense(1)])).source)


@WING.answers("litert", "a layer of one's own, whose module is given with `--import`", ".h5")
def keras_2_own_layer_imported_h5(room: Room) -> Made:
    made = whole(room, keras.Sequential([keras.Input((4,)), Doubled(), layers.Dense(1)]), ".h5")
    return made._replace(imports=[Doubled.__module__])


@WING.answers("litert", "trained, with the slots of its optimizer", "SavedModel", shown=True)
def keras_2_saved_model(room: Room) -> Made:
    rows = keras.Input((4,), name="rows")
    model = keras.Model(rows, layers.Dense(1)(layers.Dense(8, activation="relu")(rows)))
    model.compile("adam", "mse")
    model.fit(room.floats(32, 4), room.floats(32, 1), verbose=0)
    return saved(room, model, lambda batch: {"rows": room.floats(batch, 4)})


@WING.answers("onnxruntime", "`LSTM`, saved with its own functions", "SavedModel")
def keras_2_saved_lstm(room: Room) -> Made:
    steps = keras.Input((6, 3), name="steps")
    model = keras.Model(steps, layers.Bidirectional(layers.LSTM(4))(steps))
    return saved(room, model, lambda batch: {"steps": room.floats(batch, 6, 3)})


@WING.answers("litert", "ragged input", "SavedModel")
def keras_2_ragged(room: Room) -> Made:
    words = keras.Input((None,), dtype="int32", ragged=True, name="words")
    model = keras.Model(words, layers.Dense(1)(layers.GlobalAveragePooling1D()(layers.Embedding(10, 3)(words))))

    def feed(batch: int) -> Arrays:
        lengths = 1 + np.arange(batch) % 3
        splits = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return {"args_0": room.integers(10, int(splits[-1])), "args_0_1": splits}

    made = saved(room, model, feed)
    np.savez(room.path("samples.npz"), **feed(3))
    return made._replace(samples=room.path("samples.npz"))


@WING.answers("tensorflow", "feature columns (`DenseFeatures`)", "SavedModel")
def keras_2_feature_columns(room: Room) -> Made:
    columns = [
        tf.feature_column.numeric_column("age"),
        tf.feature_column.embedding_column(
            tf.feature_column.categorical_column_with_vocabulary_list("city", ["rome", "oslo"]), 2
        ),
    ]
    inputs = {"age": keras.Input((1,), name="age"), "city": keras.Input((1,), dtype="string", name="city")}
    model = keras.Model(inputs, layers.Dense(1)(layers.DenseFeatures(columns)(inputs)))
    return saved(
        room,
        model,
        lambda batch: {"age": room.floats(batch, 1), "city": room.words(CITIES, batch, 1)},
    )
