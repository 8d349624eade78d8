"""A Lambda handler as tutorials write it: a Keras model loaded with `load_model` and called with `predict`."""

import os
from typing import Any

import tensorflow as tf

from benchmarks.baselines.peer_requests import answer, instances

model = tf.keras.models.load_model(os.environ["MODEL_PATH"])


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Predict for a body of raw float32, or of JSON with `instances`."""
    return answer(event, model.predict(instances(event, model.input_shape[1:]), verbose=0))
