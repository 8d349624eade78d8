"""A Lambda handler as careful tutorials write it: `tf.saved_model.load`, and the signature called directly."""

import base64
import json
import os
from typing import Any

import numpy as np
import tensorflow as tf

model = tf.saved_model.load(os.environ["MODEL_PATH"])
predict = model.signatures["serving_default"]
((input_name, input_spec),) = predict.structured_input_signature[1].items()


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Predict for a body of raw float32, or of JSON with `instances`."""
    if event["isBase64Encoded"]:
        body = base64.b64decode(event["body"])
        inputs = np.frombuffer(body, np.float32).reshape((-1, *input_spec.shape[1:]))
    else:
        inputs = np.array(json.loads(event["body"])["instances"], np.float32)
    (predictions,) = predict(**{input_name: tf.constant(inputs)}).values()
    return {"statusCode": 200, "body": json.dumps({"predictions": predictions.numpy().tolist()})}
