"""OperatedFunction: a function as those components see it that operate a stack."""

from collections.abc import Sequence
from dataclasses import dataclass

from components.function.inference_function import InferenceFunction


@dataclass(frozen=True, kw_only=True)
class OperatedFunction:
    """A function to watch, to shift traffic to, or to remove old versions of."""

    name: str
    """Plain: part of the resources' names."""
    function: InferenceFunction
    models: Sequence[str] | None
    """The models that it serves; None for all models of its store, whichever they are."""
    by_model: bool
    """Whether it writes metrics for each model."""
    shifted: bool
    """Whether traffic moves to a new version in steps, and not all at once."""
