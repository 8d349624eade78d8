"""A prediction in the Open Inference Protocol, made of the warm-up request in a version's manifest."""

from typing import Any

from handlers.manifest import Manifest
from handlers.serving.dialects.datatypes import DATATYPES

LARGEST = 1 << 16
"""The most elements that such a prediction has; more would take longer to write than to answer."""


def prediction_of(manifest: Manifest) -> dict[str, Any] | None:
    """The body of a request; None if the version has no warm-up request that JSON can hold shortly."""
    from handlers.serving.warmup import warmup_inputs  # late: it needs numpy

    signature = manifest.signatures[name := manifest.default_signature()]
    if name not in manifest.warmup:
        return None
    inputs: list[dict[str, Any]] = []
    for tensor, array in warmup_inputs(signature, manifest.warmup[name]).items():
        datatype = DATATYPES.get(signature.inputs[tensor].dtype)
        if array.size > LARGEST or datatype is None or array.dtype.kind not in "biuf":
            return None
        data = array.reshape(-1).tolist()
        inputs.append({"name": tensor, "shape": list(array.shape), "datatype": datatype, "data": data})
    return {"inputs": inputs}
