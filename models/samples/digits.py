"""Handwritten digits: a small convolutional network that takes pixels or encoded PNG bytes."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from sklearn import datasets

from models.samples.trained import TrainedModel, fit, hold_out

SIDE = 8
DARKEST = 16.0
"""The data set counts pixels from 0 to 16. https://scikit-learn.org/stable/datasets/toy_dataset.html"""


def train() -> TrainedModel:
    """serving_default {image: [-1, 8, 8, 1]} and png {png_bytes: string[-1]}, both -> {probabilities: [-1, 10]}"""
    data: Any = datasets.load_digits()
    labels = data.target
    images = data.data.astype(np.float32).reshape(-1, SIDE, SIDE, 1)
    split = hold_out(images, labels.astype(np.int64), by_class=True)
    model = _network()
    fit(model, split.train, split.train_labels, loss="sparse_categorical_crossentropy", epochs=10)
    return TrainedModel(
        model=model,
        signatures=_signatures(model),
        test_inputs={"image": split.test, "png_bytes": np.array([encode_png(image) for image in split.test])},
        labels=split.test_labels,
        metric="accuracy",
    )


def encode_png(image: np.ndarray) -> bytes:
    """An 8-bit grey PNG of pixels [8, 8, 1] from 0 to 16."""
    grey = np.rint(image * (255.0 / DARKEST)).astype(np.uint8)
    return tf.io.encode_png(grey).numpy()


def _network() -> keras.Model:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            layers.Rescaling(1 / DARKEST),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.GlobalMaxPooling2D(),
            layers.Dropout(0.3),
            layers.Dense(10, activation="softmax"),
        ]
    )


def _signatures(model: Any) -> dict[str, Any]:
    def serving_default(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"probabilities": model(image, training=False)}

    def png(png_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        images = tf.map_fn(_decode, png_bytes, fn_output_signature=tf.TensorSpec([SIDE, SIDE, 1], tf.float32))
        return {"probabilities": model(images, training=False)}

    return {
        "serving_default": tf.function(
            serving_default, input_signature=[tf.TensorSpec([None, SIDE, SIDE, 1], tf.float32, name="image")]
        ),
        "png": tf.function(png, input_signature=[tf.TensorSpec([None], tf.string, name="png_bytes")]),
    }


def _decode(png: tf.Tensor) -> tf.Tensor:
    """A PNG of any size and colour, in the size and range of the training images."""
    grey = tf.io.decode_png(png, channels=1)
    return tf.image.resize(tf.cast(grey, tf.float32), [SIDE, SIDE], antialias=True) * (DARKEST / 255.0)
