"""A Lambda handler as tutorials write it: a Keras model loaded with `load_model` and called with `predict`."""

import base64
import json
import os
from typing import Any

import numpy as np
import tensorflow as tf

model = tf.keras.models.load_model(os.environ["MODEL_PATH"])


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Predict for a body of raw float32, or of JSON with `instances`."""
    if event["isBase64Encoded"]:
        body = base64.b64decode(event["body"])
        inputs = np.frombuffer(body, np.float32).reshape((-1, *model.input_shape[1:]))
    else:
        inputs = np.array(json.loads(event["body"])["instances"], np.float32)
    predictions = model.predict(inputs, verbose=0)
    return {"statusCode": 200, "body": json.dumps({"predictions": predictions.tolist()})}
