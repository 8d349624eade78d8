"""Keras 3 files: the ways to put layers together."""

from typing import Any

import keras
import numpy as np

from tests.models.zoo.either_keras import of_dictionaries
from tests.models.zoo.exhibit import ONLY, Made, Wing
from tests.models.zoo.own_layers import Doubled, Regressor
from tests.models.zoo.room import Room

layers = keras.layers
WING = Wing("Keras 3 models")
NOT_KERAS = (
    "<source> needs the class <class>, which Keras does not have. Name the module that defines it with --import, or "
    "export the model as a SavedModel with model.export(directory), in a program that has this code."
)


def stack(*more: Any) -> keras.Sequential:
    return keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="relu"), layers.Dense(2), *more])


@WING.answers("litert", "`Sequential`", ".keras", shown=True)
def sequential(room: Room) -> Made:
    return room.keras(stack())


@WING.answers("litert", "`Sequential`", ".h5", shown=True)
def sequential_h5(room: Room) -> Made:
    return room.keras(stack(), suffix=".h5")


@WING.answers("litert", "`Sequential`", ".hdf5")
def sequential_hdf5(room: Room) -> Made:
    made = room.keras(stack(), suffix=".h5")
    return made._replace(source=made.source.rename(room.path("model.hdf5")))


@WING.answers("litert", "`Sequential` without an `Input`, trained", ".keras")
def sequential_trained(room: Room) -> Made:
    model = keras.Sequential([layers.Dense(3, activation="relu"), layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(room.floats(32, 4), room.floats(32, 1), verbose=0)
    return room.keras(model, lambda batch: {ONLY: room.floats(batch, 4)})


@WING.answers("litert", "`Sequential` in a `Sequential`", ".keras")
def sequential_nested(room: Room) -> Made:
    return room.keras(keras.Sequential([keras.Input((4,)), stack(), layers.Dense(1)]))


@WING.refused(
    "<source> cannot be exported: it was never called, so the shapes of its inputs are unknown. Call it once, as in "
    "model(examples[:1]), and save it again.",
    "`Sequential` that never saw data",
    ".keras",
)
def sequential_never_called(room: Room) -> Made:
    source = room.path("model.keras")
    keras.Sequential([layers.Dense(3), layers.Dense(1)]).save(source)
    return Made(source)


@WING.answers("litert", "functional", ".keras")
def functional(room: Room) -> Made:
    rows = keras.Input((4,), name="rows")
    wide = layers.Dense(4, activation="relu")(rows)
    return room.keras(keras.Model(rows, layers.Dense(2, name="kind")(layers.Add()([rows, wide]))))


@WING.answers("litert", "functional", ".h5")
def functional_h5(room: Room) -> Made:
    rows = keras.Input((4,), name="rows")
    return room.keras(keras.Model(rows, layers.Dense(2)(layers.BatchNormalization()(rows))), suffix=".h5")


@WING.answers("litert", "trained, with its optimizer, metrics and a loss of its own", ".keras")
def functional_trained(room: Room) -> Made:
    rows = keras.Input((4,), name="rows")
    model = keras.Model(rows, layers.Dense(1)(layers.Dense(8, activation="gelu")(rows)))
    model.compile(keras.optimizers.Adam(0.01), keras.losses.Huber(), metrics=["mae"])
    model.fit(room.floats(64, 4), room.floats(64, 1), verbose=0)
    return room.keras(model)


@WING.answers("litert", "a layer that is used twice: two outputs of one name", ".keras")
def outputs_of_one_name(room: Room) -> Made:
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    score = layers.Dense(1, name="score")
    model = keras.Model([left, right], [score(left), score(right)])
    return room.keras(
        model,
        lambda batch: {"left": room.floats(batch, 4), "right": room.floats(batch, 4)},
        outputs=("score", "score_1"),
    )


@WING.answers("litert", "outputs whose names collide once they are numbered", ".keras")
def outputs_that_collide(room: Room) -> Made:
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    score = layers.Dense(1, name="score")
    model = keras.Model([left, right], [score(left), score(right), layers.Dense(1, name="score_1")(left)])
    return room.keras(
        model,
        lambda batch: {"left": room.floats(batch, 4), "right": room.floats(batch, 4)},
        outputs=("score", "score_2", "score_1"),
    )


@WING.answers("litert", "dictionaries of inputs and outputs", ".keras")
def dictionaries(room: Room) -> Made:
    return of_dictionaries(room, keras)


@WING.answers("litert", "a dictionary whose keys are not the names of its `Input` layers", ".keras")
def dictionary_of_other_names(room: Room) -> Made:
    inputs = {"age": keras.Input((2,), name="first"), "height": keras.Input((2,), name="second")}
    model = keras.Model(inputs, layers.Dense(3)(layers.Concatenate()(list(inputs.values()))))
    return room.keras(model, lambda batch: {name: room.floats(batch, 2) for name in inputs})


@WING.answers("litert", "nested structures of inputs and outputs", ".keras", shown=True)
def nested_structures(room: Room) -> Made:
    a, b, c = (keras.Input((2,), name=name) for name in "abc")
    joined = layers.Concatenate()([a, b, c])
    kind, age, height = (layers.Dense(1, name=name)(joined) for name in ("kind", "age", "height"))
    model = keras.Model({"pair": [a, b], "rest": (c,)}, {"kind": kind, "size": [age, {"deep": height}]})
    return room.keras(
        model,
        lambda batch: {name: room.floats(batch, 2) for name in "abc"},
        give=lambda named: {"pair": [named["a"], named["b"]], "rest": (named["c"],)},
        outputs=("kind", "age", "height"),
    )


@WING.answers("litert", "a list of inputs whose order is not that of their names", ".keras")
def inputs_in_another_order(room: Room) -> Made:
    second, first = keras.Input((2,), name="second"), keras.Input((2,), name="first")
    model = keras.Model([second, first], layers.Subtract()([second, first]))
    return room.keras(
        model,
        lambda batch: {"second": room.floats(batch, 2), "first": room.floats(batch, 2)},
        give=lambda named: [named["second"], named["first"]],
    )


@WING.answers("litert", "a model that is used twice in another (siamese)", ".keras")
def siamese(room: Room) -> Made:
    tower = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="tanh")], name="tower")
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    model = keras.Model([left, right], layers.Dot(axes=1, normalize=True)([tower(left), tower(right)]))
    return room.keras(model, lambda batch: {"left": room.floats(batch, 4), "right": room.floats(batch, 4)})


@WING.answers("litert", "operations between layers (`keras.ops`)", ".keras")
def operations(room: Room) -> Made:
    rows = keras.Input((6,), name="rows")
    ops = keras.ops
    parts = ops.reshape(rows[:, 1:5] * 2 + 1, (-1, 2, 2))
    joined = ops.concatenate([ops.max(parts, axis=1), ops.where(rows > 0, rows, 0.1 * rows)], axis=-1)
    return room.keras(keras.Model(rows, layers.Dense(2)(joined)))


@WING.answers("litert", "200 outputs", ".keras")
def many_outputs(room: Room) -> Made:
    rows = keras.Input((4,), name="rows")
    model = keras.Model(rows, {f"output_{index}": layers.Dense(1)(rows) for index in range(200)})
    return room.keras(model, lambda batch: {"rows": room.floats(batch, 4)}, give=lambda named: named["rows"])


@WING.answers("litert", "a batch of a fixed size that no layer needs", ".keras")
def fixed_batch(room: Room) -> Made:
    rows = keras.Input(batch_shape=(1, 4), name="rows")
    return room.keras(keras.Model(rows, layers.Dense(2)(rows)))


@WING.answers("onnxruntime", "quantized to int8 by Keras", ".keras")
def quantized_by_keras(room: Room) -> Made:
    model = keras.Sequential([keras.Input((8,)), layers.Dense(16, activation="relu"), layers.Dense(4)])
    model.quantize("int8")
    return room.keras(model)


@WING.answers("litert", "an application of Keras, without its top", ".keras")
def application(room: Room) -> Made:
    model = keras.applications.MobileNetV3Small((32, 32, 3), alpha=0.35, include_top=False, weights=None, pooling="avg")
    return room.keras(model, lambda batch: {ONLY: room.floats(batch, 32, 32, 3, low=0, high=255)})


@WING.answers("litert", "an application of Keras for pictures of any size", ".keras")
def application_any_size(room: Room) -> Made:
    model = keras.applications.MobileNetV3Small(alpha=0.35, include_top=False, weights=None, pooling="avg")
    return room.keras(model, lambda batch: {ONLY: room.floats(batch, 96, 64, 3, low=0, high=255)})


def in_a_script(kind: type) -> type:
    """A class as it is known that a user wrote in the program that trains: no other program can import it."""
    kind.__module__ = "__main__"
    return keras.saving.register_keras_serializable("zoo")(kind)


@in_a_script
class Scaled(keras.layers.Layer):
    """A layer of a user's own."""

    def build(self, input_shape: Any) -> None:
        self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones")

    def call(self, inputs: Any) -> Any:
        return inputs * self.scale


@in_a_script
class Classifier(keras.Model):
    """A model of a user's own."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.hidden, self.top = layers.Dense(4, activation="relu"), layers.Dense(2)

    def call(self, inputs: Any) -> Any:
        return {"scores": self.top(self.hidden(inputs))}


def scaled() -> keras.Model:
    return keras.Sequential([keras.Input((4,)), Scaled(), layers.Dense(2)])


def called(model: keras.Model) -> keras.Model:
    model(np.zeros((1, 4), np.float32))
    return model


@WING.refused(NOT_KERAS.replace("<class>", "Scaled"), "a layer of one's own, registered", ".keras")
def own_layer(room: Room) -> Made:
    return Made(room.keras(scaled()).source)


@WING.refused(NOT_KERAS.replace("<class>", "Scaled"), "a layer of one's own, registered", ".h5")
def own_layer_h5(room: Room) -> Made:
    return Made(room.keras(scaled(), suffix=".h5").source)


@WING.refused(NOT_KERAS.replace("<class>", "Classifier"), "a subclassed model", ".keras")
def subclassed(room: Room) -> Made:
    return Made(room.keras(called(Classifier()), lambda batch: {ONLY: room.floats(batch, 4)}).source)


@WING.answers("litert", "a layer of one's own, registered, whose module is given with `--import`", ".keras", shown=True)
def own_layer_imported(room: Room) -> Made:
    made = room.keras(keras.Sequential([keras.Input((4,)), Doubled(), layers.Dense(2)]))
    return made._replace(imports=[Doubled.__module__])


@WING.answers("litert", "a subclassed model, whose module is given with `--import`", ".keras")
def subclassed_imported(room: Room) -> Made:
    made = room.keras(called(Regressor()), lambda batch: {ONLY: room.floats(batch, 4)})
    return made._replace(imports=[Regressor.__module__])


@WING.answers("litert", "a layer of one's own, exported", "SavedModel")
def own_layer_exported(room: Room) -> Made:
    return room.exported(scaled())


@WING.answers("litert", "a subclassed model, exported", "SavedModel", shown=True)
def subclassed_exported(room: Room) -> Made:
    return room.exported(called(Classifier()), lambda batch: {ONLY: room.floats(batch, 4)})


@WING.refused(
    "<source> has a Lambda layer: Python code inside the file, which would run on this machine when the file is "
    "loaded. Write the layer as a class, or export the model as a SavedModel on a machine that may run it.",
    "a `Lambda` layer",
    ".keras",
    runs=True,
)
def lambda_layer(room: Room) -> Made:
    return room.keras(keras.Sequential([keras.Input((2,)), layers.Lambda(lambda value: value + 1)]))


@WING.refused(
    "<source> holds only weights. Build the model, call load_weights, and save the whole model with "
    "model.save('model.keras').",
    "weights alone",
    ".weights.h5",
)
def weights_alone(room: Room) -> Made:
    stack().save_weights(room.path("model.weights.h5"))
    return Made(room.path("model.weights.h5"))
