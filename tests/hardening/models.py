"""Models that answer with formulas, so that what is measured is the server."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from handlers.serving.engines import EngineError
from handlers.serving.engines.messages import reason_of
from tests.handlers.serving.conftest import Model, any_shape, echo, half_plus, tensor

ECHOED = tuple("float32 float64 int8 int32 int64 uint8 bool string float16".split())
"""The element types of models that answer with their input. Each is the name of its model."""


def _repeat(x: np.ndarray) -> Mapping[str, Any]:
    """A thousand zeros for each element."""
    return {"y": np.zeros((len(x), 1000), np.float32)}


def _pair(a: np.ndarray, b: np.ndarray) -> Mapping[str, Any]:
    """Adds, and refuses shapes that do not go together, as an engine does."""
    try:
        total = a + b
    except ValueError:
        raise EngineError(f"Incompatible shapes: {list(a.shape)} vs. {list(b.shape)}", refuses_inputs=True) from None
    return {"sum": total.astype(np.float32), "twice": (b * 2).astype(np.int32)}


def _quote(x: np.ndarray) -> Mapping[str, Any]:
    """Refuses its inputs in the words of an engine that repeats them."""
    message = f"StringToNumberOp could not convert string: {x[0].decode()}"
    raise EngineError(reason_of(message), refuses_inputs=True)


def formula_models() -> dict[str, Model]:
    """Every model by name."""
    pair = Model(
        {"a": tensor("float32", -1), "b": any_shape("int32")},
        {"sum": any_shape("float32"), "twice": any_shape("int32")},
        _pair,
    )
    return {
        **{name: echo(name) for name in ECHOED},
        "bytes": echo("string", "y_bytes"),
        "half_plus_two": half_plus(2),
        "images": Model(
            {"x": tensor("float32", -1, 8, 8, 1)}, {"y": any_shape("float32")}, lambda x: {"y": x.sum(axis=(1, 2, 3))}
        ),
        "pair": pair,
        "repeat": Model({"x": tensor("float32", -1)}, {"y": any_shape("float32")}, _repeat),
        "quote": Model({"x": tensor("string", -1)}, {"y": any_shape("float32")}, _quote),
    }
