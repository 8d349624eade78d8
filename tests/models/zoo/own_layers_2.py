"""A class of a user's own for Keras 2, in a package that other programs can import."""

from typing import Any

import tf_keras as keras


class Doubled(keras.layers.Layer):
    """A layer."""

    def call(self, inputs: Any) -> Any:
        return inputs * 2.0
