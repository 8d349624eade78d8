"""Classes of a user's own, in a package that other programs can import."""

from typing import Any

import keras


@keras.saving.register_keras_serializable("zoo")
class Doubled(keras.layers.Layer):
    """A layer."""

    def call(self, inputs: Any) -> Any:
        return inputs * 2.0


class Regressor(keras.Model):
    """A model that is no Functional and no Sequential one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.hidden, self.top = keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)

    def call(self, inputs: Any) -> Any:
        return self.top(self.hidden(inputs))
