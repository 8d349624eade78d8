"""A prediction as an HTTP API sends it to a function, made of the warm-up request in a version's manifest."""

import json

import numpy as np

from handlers.manifest import Manifest
from handlers.serving.dialects.datatypes import DATATYPES
from handlers.serving.warmup import warmup_inputs
from models.profiling.http_event import Event, http_event


def prediction_event(manifest: Manifest) -> Event | None:
    """A request for the default signature; None if the manifest has none that can be sent.

    JSON as TensorFlow Serving takes it, or raw tensors of the Open Inference Protocol if an input is large, or if the
    version brings code: hooks read bodies of their own, but no tensors.
    """
    name = manifest.default_signature()
    warmup = manifest.warmup.get(name)
    if warmup is None:
        return None
    is_large = any(isinstance(value, dict) and "zeros" in value for value in warmup.values())
    if not is_large and manifest.code is None:
        body = json.dumps({"signature_name": name, "inputs": warmup}).encode()
        return http_event("POST", f"/v1/models/{manifest.model}:predict", body, {"content-type": "application/json"})
    arrays = warmup_inputs(manifest.signatures[name], warmup)
    datatypes = {key: DATATYPES.get(manifest.signatures[name].inputs[key].dtype) for key in arrays}
    if None in datatypes.values():
        return None
    raw = {key: _raw(array) for key, array in arrays.items()}
    inputs = [
        {
            "name": key,
            "shape": list(array.shape),
            "datatype": datatypes[key],
            "parameters": {"binary_data_size": len(raw[key])},
        }
        for key, array in arrays.items()
    ]
    header = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
    headers = {"content-type": "application/octet-stream", "inference-header-content-length": str(len(header))}
    return http_event("POST", f"/v2/models/{manifest.model}/infer", header + b"".join(raw.values()), headers)


def _raw(array: np.ndarray) -> bytes:
    if array.dtype.kind != "O":
        return array.tobytes()
    return b"".join(len(text).to_bytes(4, "little") + text for text in array.reshape(-1))
