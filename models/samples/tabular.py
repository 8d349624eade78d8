"""Models for tables of measurements: iris, wine and breast cancer give classes, diabetes gives a number."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from sklearn import datasets

from models.samples.trained import TrainedModel, fit, hold_out


def train_iris() -> TrainedModel:
    """{features: [-1, 4]} -> {probabilities: [-1, 3]}"""
    return _train_classifier(datasets.load_iris, epochs=60)


def train_wine() -> TrainedModel:
    """{features: [-1, 13]} -> {probabilities: [-1, 3]}"""
    return _train_classifier(datasets.load_wine, epochs=30)


def train_breast_cancer() -> TrainedModel:
    """{features: [-1, 30]} -> {probabilities: [-1, 2]}"""
    return _train_classifier(datasets.load_breast_cancer, epochs=20)


def train_diabetes() -> TrainedModel:
    """{features: [-1, 10]} -> {progression: [-1, 1]}; measurements in their own units, not scaled beforehand"""
    data: Any = datasets.load_diabetes(scaled=False)
    features, labels = data.data.astype(np.float32), data.target.astype(np.float32)
    split = hold_out(features, labels, by_class=False)
    mean, spread = float(split.train_labels.mean()), float(split.train_labels.std())
    model = _network(split.train, keras.layers.Dense(1))
    fit(model, split.train, (split.train_labels - mean) / spread, loss="mse", epochs=25)
    return TrainedModel(
        model=model,
        signatures={"serving_default": _signature(model, "progression", lambda score: score * spread + mean)},
        test_inputs={"features": split.test},
        labels=split.test_labels,
        metric="mean_absolute_error",
    )


def _train_classifier(load: Callable[[], Any], *, epochs: int) -> TrainedModel:
    data = load()
    features, labels = data.data.astype(np.float32), data.target.astype(np.int64)
    split = hold_out(features, labels, by_class=True)
    model = _network(split.train, keras.layers.Dense(len(data.target_names), activation="softmax"))
    fit(model, split.train, split.train_labels, loss="sparse_categorical_crossentropy", epochs=epochs)
    return TrainedModel(
        model=model,
        signatures={"serving_default": _signature(model, "probabilities", lambda answer: answer)},
        test_inputs={"features": split.test},
        labels=split.test_labels,
        metric="accuracy",
    )


def _network(train: np.ndarray, head: keras.layers.Layer) -> keras.Model:
    """A network whose first layer scales its inputs, so that callers send unscaled measurements."""
    scaling = keras.layers.Normalization()
    scaling.adapt(train)
    return keras.Sequential(
        [
            keras.Input((train.shape[1],)),
            scaling,
            keras.layers.Dense(32, activation="relu", kernel_regularizer=keras.regularizers.L2(1e-3)),
            keras.layers.Dense(16, activation="relu", kernel_regularizer=keras.regularizers.L2(1e-3)),
            head,
        ]
    )


def _signature(model: Any, output: str, finish: Callable[[Any], Any]) -> Any:
    specification = tf.TensorSpec([None, model.input_shape[1]], tf.float32, name="features")

    def serve(features: tf.Tensor) -> dict[str, tf.Tensor]:
        return {output: finish(model(features, training=False))}

    return tf.function(serve, input_signature=[specification])
