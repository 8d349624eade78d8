"""Generated requests: random inputs of the right shapes and element types, for signatures without given samples."""

import contextlib
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from handlers.manifest import Signature, TensorSpec
from models.packaging.arrays import Arrays, numpy_dtype
from models.packaging.errors import PackagingError, reason_of

SEVERAL = 5
"""A batch size that is neither one nor a power of two, for which kernels are tuned."""
FREE_SIZES = (8, 64, 1, 256)
"""Sizes to try, in this order, for a free dimension that is not the batch."""
NARROW = (-1.0, 1.0)
"""The range of floating-point inputs; every model must accept it."""
WIDE = ((-100.0, 100.0), (0.0, 255.0))
"""Further ranges, for models that accept them: some kernels overflow there earlier than TensorFlow's."""


def generate_requests(name: str, signature: Signature, accepts: Callable[[Arrays], Any]) -> list[Arrays]:
    """Generate random requests, always the same: batches of 1 and of several, also of wide ranges.

    Args:
        name: the signature's name.
        signature: the signature.
        accepts: runs the model on a request; raises any exception if the model rejects it.

    Raises:
        PackagingError: the model rejects the generated requests.
    """
    reason: Exception | None = None
    for free in FREE_SIZES:
        requests: list[Arrays] = [
            _generate(name, signature, batch, free, seed, NARROW) for seed, batch in enumerate((1, 1, SEVERAL, 2))
        ]
        try:
            for request in requests:
                accepts(request)
        except Exception as error:
            reason = reason or error
        else:
            return requests + _wide_requests(name, signature, free, accepts)
    raise PackagingError(
        f"the model fails on generated inputs for the signature {name!r} ({reason_of(reason or Exception())}); give "
        f"real inputs with --samples FILE.npz, a file with the arrays {', '.join(signature.inputs)}"
    )


def _wide_requests(name: str, signature: Signature, free: int, accepts: Callable[[Arrays], Any]) -> list[Arrays]:
    """A batch for each wide range of floating-point inputs that the model accepts."""
    if not any(_is_inexact(spec.dtype) for spec in signature.inputs.values()):
        return []
    found: list[Arrays] = []
    for seed, limits in enumerate(WIDE):
        request = _generate(name, signature, SEVERAL, free, seed, limits)
        with contextlib.suppress(Exception):  # the model may reject values out of its range
            accepts(request)
            found.append(request)
    return found


def _is_inexact(dtype: str) -> bool:
    return dtype.startswith(("float", "bfloat", "complex"))


def _generate(
    name: str, signature: Signature, batch: int, free: int, seed: int, limits: tuple[float, float]
) -> dict[str, np.ndarray]:
    return {
        key: _values(
            np.random.default_rng([seed, zlib.crc32(f"{name}.{key}".encode())]), spec, _shape(spec, batch, free), limits
        )
        for key, spec in signature.inputs.items()
    }


def _shape(spec: TensorSpec, batch: int, free: int) -> tuple[int, ...]:
    if spec.shape is None:
        return (batch,)
    return tuple(size if size >= 0 else (batch if position == 0 else free) for position, size in enumerate(spec.shape))


def _values(
    generator: np.random.Generator, spec: TensorSpec, shape: tuple[int, ...], limits: tuple[float, float]
) -> np.ndarray:
    """Random values: floats within the limits, 8-bit integers of any value, other integers 0 or 1 since they may be
    indices, and short words."""
    if spec.dtype == "string":
        words = generator.choice([b"one", b"two", b"three", b"four"], size=shape)
        return np.array([bytes(word) for word in np.asarray(words).flat], object).reshape(shape)
    dtype = numpy_dtype(spec.dtype)
    if spec.dtype == "bool":
        return generator.integers(0, 2, shape).astype(bool)
    if spec.dtype in ("uint8", "int8"):
        whole = np.iinfo(dtype)
        return generator.integers(whole.min, whole.max, shape, dtype=dtype, endpoint=True)
    if np.issubdtype(dtype, np.integer):
        return generator.integers(0, 2, shape).astype(dtype)
    return generator.uniform(*limits, shape).astype(dtype)
