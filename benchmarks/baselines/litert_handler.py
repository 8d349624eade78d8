"""A Lambda handler for LiteRT with nothing around it: its own interpreter, on two threads."""

import os
from typing import Any

from ai_edge_litert.interpreter import Interpreter

from benchmarks.baselines.peer_requests import answer, instances

interpreter: Any = Interpreter(model_path=os.environ["MODEL_PATH"], num_threads=2)
(feature,), (output,) = interpreter.get_input_details(), interpreter.get_output_details()


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Predict for a body of raw float32, or of JSON with `instances`."""
    inputs = instances(event, feature["shape"][1:])
    if tuple(interpreter.get_input_details()[0]["shape"]) != inputs.shape:
        interpreter.resize_tensor_input(feature["index"], inputs.shape, strict=True)
    interpreter.allocate_tensors()
    interpreter.set_tensor(feature["index"], inputs)
    interpreter.invoke()
    return answer(event, interpreter.get_tensor(output["index"]))
