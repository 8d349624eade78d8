"""Keras 3 files: preprocessing inside the model, which holds tables and strings."""

from typing import Any

import keras
import numpy as np

from tests.models.zoo.exhibit import ONLY, Arrays, Made, Wing
from tests.models.zoo.room import Room

layers = keras.layers
WING = Wing("Keras 3 preprocessing")
CITIES = ("rome", "oslo", "größe", "")


def column(room: Room, layer: Any, feed: Any, dtype: str = "string") -> Made:
    """A functional model of one column that a layer encodes."""
    given = keras.Input((1,), dtype=dtype, name="column")
    return room.keras(keras.Model(given, layers.Dense(2)(layer(given))), feed)


@WING.answers("tensorflow", "`StringLookup`", ".keras")
def string_lookup(room: Room) -> Made:
    lookup = layers.StringLookup(vocabulary=["rome", "oslo"], output_mode="one_hot")
    return column(room, lookup, lambda batch: {"column": room.words(CITIES, batch, 1)})


@WING.answers("tensorflow", "`StringLookup` that answers words (`invert=True`)", ".keras")
def string_lookup_inverted(room: Room) -> Made:
    rows = keras.Input((4,), name="rows")
    best = keras.ops.argmax(layers.Dense(3)(rows), axis=-1)
    words = layers.StringLookup(vocabulary=["red", "größe"], invert=True)(best)
    return room.keras(keras.Model(rows, words))


@WING.answers("tensorflow", "`IntegerLookup`", ".keras")
def integer_lookup(room: Room) -> Made:
    lookup = layers.IntegerLookup(vocabulary=[10, 20], output_mode="one_hot")
    return column(room, lookup, lambda batch: {"column": room.integers(4, batch, 1, dtype="int64") * 10}, "int64")


@WING.answers("tensorflow", "`TextVectorization`, words counted", ".keras", shown=True)
def text_vectorization(room: Room) -> Made:
    text = layers.TextVectorization(max_tokens=20, output_mode="multi_hot")
    text.adapt(["one red car", "two blue cars"])
    given = keras.Input((), dtype="string", name="text")
    return room.keras(keras.Model(given, layers.Dense(1)(text(given))), lambda batch: {"text": sentences(room, batch)})


@WING.answers("tensorflow", "`TextVectorization` in a `Sequential`, words in order, embedded", ".keras")
def text_sequence(room: Room) -> Made:
    text = layers.TextVectorization(max_tokens=20, output_sequence_length=6)
    text.adapt(["one red car", "two blue cars"])
    stack = (text, layers.Embedding(20, 4), layers.GlobalAveragePooling1D(), layers.Dense(1))
    model = keras.Sequential([keras.Input((1,), dtype="string"), *stack])
    return room.keras(model, lambda batch: {ONLY: sentences(room, batch).reshape(-1, 1)})


@WING.answers("tensorflow", "`TextVectorization` by TF-IDF", ".keras")
def text_tf_idf(room: Room) -> Made:
    text = layers.TextVectorization(output_mode="tf_idf", ngrams=2)
    text.adapt(["one red car", "two blue cars", "one blue car"])
    given = keras.Input((1,), dtype="string", name="text")
    return room.keras(
        keras.Model(given, layers.Dense(1)(text(given))), lambda batch: {"text": sentences(room, batch).reshape(-1, 1)}
    )


def sentences(room: Room, batch: int) -> np.ndarray:
    return room.words(("one red car", "TWO blue, cars!", "größe", ""), batch)


@WING.answers("litert", "`Normalization`, adapted", ".keras")
def normalization(room: Room) -> Made:
    layer = layers.Normalization()
    layer.adapt(room.floats(50, 4, low=0, high=9))
    return room.keras(keras.Sequential([keras.Input((4,)), layer, layers.Dense(1)]))


@WING.answers("tensorflow", "`CategoryEncoding`", ".keras")
def category_encoding(room: Room) -> Made:
    encoding = layers.CategoryEncoding(num_tokens=5, output_mode="multi_hot")
    given = keras.Input((3,), dtype="int32", name="column")
    return room.keras(
        keras.Model(given, layers.Dense(2)(encoding(given))), lambda batch: {"column": room.integers(5, batch, 3)}
    )


@WING.answers("tensorflow", "`Hashing`", ".keras")
def hashing(room: Room) -> Made:
    layer = layers.Hashing(num_bins=7, output_mode="one_hot")
    return column(room, layer, lambda batch: {"column": room.words(CITIES, batch, 1)})


@WING.answers("tensorflow", "`HashedCrossing` of two columns", ".keras")
def hashed_crossing(room: Room) -> Made:
    city, code = keras.Input((1,), dtype="string", name="city"), keras.Input((1,), dtype="int32", name="code")
    crossed = layers.HashedCrossing(8, output_mode="one_hot")((city, code))

    def feed(batch: int) -> Arrays:
        return {"city": room.words(CITIES, batch, 1), "code": room.integers(5, batch, 1)}

    return room.keras(keras.Model([city, code], layers.Dense(1)(crossed)), feed, give=lambda n: [n["city"], n["code"]])


@WING.answers("litert", "`Discretization`", ".keras")
def discretization(room: Room) -> Made:
    layer = layers.Discretization(bin_boundaries=[-0.5, 0.0, 0.5], output_mode="int")
    given = keras.Input((2,), name="rows")
    return room.keras(keras.Model(given, layers.Embedding(4, 2)(layer(given))))


@WING.answers("litert", "`Resizing`, `CenterCrop`, `Rescaling`", ".keras")
def resizing(room: Room) -> Made:
    stack = (layers.Resizing(8, 8), layers.CenterCrop(6, 6), layers.Rescaling(1 / 127.5, offset=-1), layers.Flatten())
    model = keras.Sequential([keras.Input((12, 10, 3)), *stack, layers.Dense(2)])
    return room.keras(model, lambda batch: {ONLY: room.floats(batch, 12, 10, 3, low=0, high=255)})


@WING.answers("tensorflow", "a table of columns (`FeatureSpace`-like): strings, integers and numbers at once", ".keras")
def columns(room: Room) -> Made:
    inputs = {
        "age": keras.Input((1,), name="age"),
        "city": keras.Input((1,), dtype="string", name="city"),
        "code": keras.Input((1,), dtype="int64", name="code"),
    }
    encoded = [
        layers.Rescaling(0.01)(inputs["age"]),
        layers.StringLookup(vocabulary=["rome", "oslo"], output_mode="one_hot")(inputs["city"]),
        layers.IntegerLookup(vocabulary=[10, 20], output_mode="one_hot")(inputs["code"]),
    ]

    def feed(batch: int) -> Arrays:
        return {
            "age": room.floats(batch, 1, low=0, high=90),
            "city": room.words(CITIES, batch, 1),
            "code": room.integers(4, batch, 1, dtype="int64") * 10,
        }

    return room.keras(keras.Model(inputs, layers.Dense(1)(layers.Concatenate()(encoded))), feed)


@WING.answers("tensorflow", "`StringLookup`, exported", "SavedModel")
def lookup_exported(room: Room) -> Made:
    given = keras.Input((1,), dtype="string", name="city")
    lookup = layers.StringLookup(vocabulary=["rome", "oslo"], output_mode="one_hot")
    model = keras.Model(given, layers.Dense(1)(lookup(given)))
    return room.exported(model, lambda batch: {"city": room.words(CITIES, batch, 1)})
