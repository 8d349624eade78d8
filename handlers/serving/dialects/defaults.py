"""Default values of inputs that a request leaves out."""

import binascii
from collections.abc import Iterable, Mapping

import numpy as np

from handlers.manifest import Default, Signature, TensorSpec
from handlers.serving.engines import array_dtype


def required(signature: Signature) -> list[str]:
    """The inputs that every request must have."""
    return [name for name in signature.inputs if name not in signature.defaults]


def with_defaults(inputs: Mapping[str, np.ndarray], signature: Signature) -> dict[str, np.ndarray]:
    """A request's inputs, and the defaults of those that it leaves out, in the signature's order."""
    return {
        name: inputs[name] if name in inputs else _array(signature.defaults[name], spec)
        for name, spec in signature.inputs.items()
    }


def _array(default: Default, spec: TensorSpec) -> np.ndarray:
    if "strings" not in default:
        content = np.frombuffer(binascii.a2b_base64(default["content"]), array_dtype(spec.dtype))
        return content.reshape(default["shape"])
    texts: Iterable[str] = default["strings"]
    values = np.empty(len(default["strings"]), object)
    values[:] = [binascii.a2b_base64(text) for text in texts]
    return values.reshape(default["shape"])
