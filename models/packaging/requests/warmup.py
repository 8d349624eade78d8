"""Warm-up requests: a request that a manifest holds, with which a function makes a loaded model ready."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from handlers.manifest import LARGEST_WARMUP
from models.packaging.arrays import Arrays

LARGEST_INPUT = 1024
"""The largest input, in elements, that a manifest holds in full."""
LARGEST_REQUEST = 16 * LARGEST_INPUT
"""The most elements of a request that a manifest holds in full: many inputs share them."""
LARGEST_JSON = 1 << 18
"""The largest request that a manifest holds, in characters; texts may be long."""
READABLE = frozenset("float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool object".split())
"""numpy's names of the element types whose values a manifest can hold; of other types it can hold zeros."""


def warmup_request(request: Arrays, accepts: Callable[[Arrays], Any]) -> Mapping[str, Any] | None:
    """A request as a manifest holds it, or None if JSON cannot hold it or it is too large.

    Arrays become nested lists, bytes become {"b64": ...}. Large arrays, and element types that JSON does not have,
    become {"zeros": shape}, if the model accepts zeros.

    Args:
        request: a request that the model accepts.
        accepts: runs the model on a request; raises any exception if the model rejects it.
    """
    largest = min(LARGEST_INPUT, LARGEST_REQUEST // max(len(request), 1))
    zeros = {name for name, array in request.items() if not 0 < array.size <= largest}
    zeros |= {name for name, array in request.items() if array.dtype.name not in READABLE}
    if any(request[name].dtype == object or request[name].size > LARGEST_WARMUP for name in zeros):
        return None
    try:
        accepts({name: np.zeros_like(array) if name in zeros else array for name, array in request.items()})
        values = {
            name: {"zeros": list(array.shape)} if name in zeros else _plain(array.tolist())
            for name, array in request.items()
        }
        size = len(json.dumps(values, allow_nan=False))
    except Exception:
        return None
    return values if size <= LARGEST_JSON else None


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return {"b64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
