"""A Lambda handler as careful tutorials write it: `tf.saved_model.load`, and the signature called directly."""

import os
from typing import Any

import tensorflow as tf

from benchmarks.baselines.peer_requests import answer, instances

model = tf.saved_model.load(os.environ["MODEL_PATH"])
predict = model.signatures["serving_default"]
((input_name, input_spec),) = predict.structured_input_signature[1].items()


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Predict for a body of raw float32, or of JSON with `instances`."""
    inputs = instances(event, input_spec.shape[1:])
    (predictions,) = predict(**{input_name: tf.constant(inputs)}).values()
    return answer(event, predictions.numpy())
