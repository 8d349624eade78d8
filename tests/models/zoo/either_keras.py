"""Models that Keras 2 and Keras 3 build with the same calls. `keras` is either of them."""

from typing import Any

from tests.models.zoo.exhibit import Made
from tests.models.zoo.room import Room


def of_dictionaries(room: Room, keras: Any) -> Made:
    """A model whose inputs and outputs are dictionaries."""
    layers = keras.layers
    inputs = {name: keras.Input((2,), name=name) for name in ("age", "height")}
    both = layers.Concatenate()(list(inputs.values()))
    model = keras.Model(inputs, {"kind": layers.Dense(3)(both), "weight": layers.Dense(1)(both)})
    return room.keras(model, lambda batch: {name: room.floats(batch, 2) for name in inputs})
