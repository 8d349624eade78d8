"""Warm-up requests: from a manifest to the arrays that a model takes."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from handlers.manifest import Signature
from handlers.serving.dialects.tensors import dense_tensor
from handlers.serving.engines import array_dtype


def warmup_inputs(signature: Signature, values: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The arrays of a warm-up request, by input name.

    Raises ServingError if a value is not of its input's type.
    """
    return {name: _array(values[name], spec.dtype) for name, spec in signature.inputs.items()}


def _array(value: Any, dtype: str) -> np.ndarray:
    if isinstance(value, dict) and "zeros" in value:
        return np.zeros(value["zeros"], array_dtype(dtype))
    return dense_tensor(value, dtype)
