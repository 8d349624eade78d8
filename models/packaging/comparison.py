"""Compares an engine's answers with the reference's."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.packaging.arrays import Arrays

DEFAULT_TOLERANCE = {
    "float16": 1e-2,
    "bfloat16": 5e-2,
    "float32": 1e-4,
    "float64": 1e-4,
    "complex64": 1e-4,
    "complex128": 1e-4,
}
"""The largest accepted error, as a share of the output's scale, for each element type that rounds."""


@dataclass(frozen=True)
class Difference:
    """The worst error over all answers."""

    absolute: float = 0.0
    relative: float = 0.0
    """The absolute error divided by the output's scale: the largest finite absolute value in the compared answers."""
    reason: str = ""
    """Why the answers count as different; empty if they are equal within tolerance."""


def allowed_error(dtype: str, tolerance: float | None) -> float:
    """The largest accepted error in an output of this element type: 0 for a type that does not round."""
    if dtype not in DEFAULT_TOLERANCE:
        return 0.0
    return DEFAULT_TOLERANCE[dtype] if tolerance is None else tolerance


def compare(expected: Sequence[Arrays], actual: Sequence[Arrays], tolerance: float | None) -> Difference:
    """Compare the answers to requests that share a scale, output by output.

    Args:
        expected: the reference's answers, one mapping for each request; at least one.
        actual: the engine's answers to the same requests.
        tolerance: the largest error for floating-point outputs, or None for the defaults.
            Integers, booleans and strings must be equal.
    """
    return worst_of(
        [
            _compare_output(
                name, [answer[name] for answer in expected], [answer.get(name) for answer in actual], tolerance
            )
            for name in expected[0]
        ]
    )


def worst_of(differences: Sequence[Difference]) -> Difference:
    """The largest errors, and the first reason."""
    return Difference(
        max(each.absolute for each in differences),
        max(each.relative for each in differences),
        next((each.reason for each in differences if each.reason), ""),
    )


def _compare_output(
    name: str, expected: Sequence[np.ndarray], actual: Sequence[np.ndarray | None], tolerance: float | None
) -> Difference:
    for left, right in zip(expected, actual, strict=True):
        if right is None or left.shape != right.shape or left.dtype != right.dtype:
            found = "nothing" if right is None else f"{right.dtype}{list(right.shape)}"
            return Difference(reason=f"output {name} is {found} where TensorFlow gives {left.dtype}{list(left.shape)}")
    pairs = [(left, right) for left, right in zip(expected, actual, strict=True) if right is not None]
    kind = expected[0].dtype.name
    allowed = allowed_error(kind, tolerance)
    if kind not in DEFAULT_TOLERANCE:
        equal = all(np.array_equal(left, right) for left, right in pairs)
        return Difference() if equal else Difference(reason=f"output {name} differs from TensorFlow's")
    return _compare_numbers(name, pairs, allowed)


def _compare_numbers(name: str, pairs: Sequence[tuple[np.ndarray, np.ndarray]], allowed: float) -> Difference:
    wide = [(_widen(left), _widen(right)) for left, right in pairs]
    scale, worst = 0.0, 0.0
    for left, right in wide:
        finite = np.isfinite(left)
        same = np.array_equal(finite, np.isfinite(right)) and np.array_equal(
            left[~finite], right[~finite], equal_nan=True
        )
        if not same:
            return Difference(reason=f"output {name} has NaN or infinity in other places than TensorFlow's")
        scale = max(scale, float(np.max(np.abs(left[finite]), initial=0.0)))
        worst = max(worst, float(np.max(np.abs(left[finite] - right[finite]), initial=0.0)))
    relative = worst / scale if scale else worst
    reason = (
        f"output {name} is off by {relative:.1e} of its scale; {allowed:.0e} is allowed" if relative > allowed else ""
    )
    return Difference(worst, relative, reason)


def _widen(array: np.ndarray) -> np.ndarray:
    return array.astype(np.complex128 if np.iscomplexobj(array) else np.float64)
