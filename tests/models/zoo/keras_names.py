"""Keras 3 files: inputs that are called what columns are called."""

import keras

from tests.models.zoo.exhibit import Made, Wing
from tests.models.zoo.room import Room

WING = Wing("Names of inputs")


def named(room: Room, *names: str) -> Made:
    """A model of one column for each name; the columns weigh differently, so that none can be taken for another."""
    inputs = {name: keras.Input((1,), name=name) for name in names}
    columns = list(inputs.values())
    joined = keras.layers.Concatenate()(columns) if len(columns) > 1 else columns[0]
    model = keras.Model(inputs, keras.layers.Dense(2, kernel_initializer="glorot_normal")(joined))
    return room.keras(model, lambda batch: {name: room.floats(batch, 1) for name in names})


def columns(exhibit: str, *names: str, remark: str = "", shown: bool = False) -> None:
    """Declare an exhibit of this name: a model of one column for each of these names."""
    title = ", ".join(f"`{name}`" for name in names) + remark
    WING.answers("litert", title, ".keras", shown=shown, name=exhibit)(lambda room: named(room, *names))


columns("named_keyword", "age", "class")
columns("named_with_hyphen", "sepal-length")
columns("named_with_space", "sepal length")
columns("named_with_digit", "1st")
columns("named_beyond_ascii", "größe", "身長")
columns("named_as_arguments", "self", "inputs", "training", "mask")
columns("named_alike", "a.b", "a_b", "a b", "A_b", remark=": one name once they are cleaned", shown=True)
columns("named_as_ours", "input_1", "input_0", remark=": as packaging calls tensors, and crossed")
columns("named_with_signs", "price ($)", 'a"b', "100%", "{x}")


@WING.answers("litert", "an output called `größe (cm)`", ".keras")
def named_output(room: Room) -> Made:
    rows = keras.Input((4,), name="rows")
    outputs = {"größe (cm)": keras.layers.Dense(2)(rows), "größe_cm": keras.layers.Dense(1)(rows)}
    return room.keras(
        keras.Model(rows, outputs), lambda batch: {"rows": room.floats(batch, 4)}, give=lambda named: named["rows"]
    )


@WING.answers("litert", "`Input` and layers without names of their own", ".keras")
def named_by_keras(room: Room) -> Made:
    rows = keras.Input((4,))
    return room.keras(keras.Model(rows, keras.layers.Dense(2)(rows)))


@WING.answers("litert", "`class`, `größe` in a file of Keras 2's kind", ".h5")
def named_in_h5(room: Room) -> Made:
    inputs = [keras.Input((1,), name=name) for name in ("class", "größe")]
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Concatenate()(inputs)))
    return room.keras(
        model,
        lambda batch: {"class": room.floats(batch, 1), "größe": room.floats(batch, 1)},
        give=lambda named: list(named.values()),
        suffix=".h5",
    )
