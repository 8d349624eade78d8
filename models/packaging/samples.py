"""The requests that candidates are tried on: given ones, or generated ones of the right shapes and ranges."""

import base64
import itertools
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from handlers.manifest import Signature, TensorSpec
from models.packaging.arrays import Arrays
from models.packaging.errors import PackagingError

SEVERAL = 5
"""The size of a batch that is neither one nor a multiple of what kernels are tuned for."""
LARGEST_BATCH = 64
MOST_SAMPLES = 512
LARGEST_WARMUP = 1024
"""Elements of an input that a manifest holds in full for warming up."""
FREE_SIZES = (8, 64, 1, 256)
"""What to try for a dimension of any size that is not the batch, until the model accepts one."""


def load_samples(path: Path) -> dict[str, np.ndarray]:
    """Arrays by input name from an `.npz` file; byte strings may have a fixed width. Raises PackagingError."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError) as error:
        raise PackagingError(
            f"{path} is not a readable .npz file without pickled objects ({error}); write it with "
            "numpy.savez(path, input_name=array), byte strings as an array of dtype 'S'"
        ) from None


def requests_from_samples(name: str, signature: Signature, samples: Arrays) -> list[Arrays] | None:
    """The given samples as batches of 1, of several, and of the rest; None where they are not for this signature."""
    if not set(signature.inputs) <= set(samples):
        return None
    arrays = {key: _as_dtype(f"{name}.{key}", samples[key], spec) for key, spec in signature.inputs.items()}
    if not all(is_batched(spec) for spec in signature.inputs.values()):
        return [arrays]
    count = min(len(array) for array in arrays.values())
    if not count:
        raise PackagingError(f"the samples for {name} are empty; give at least one")
    cuts = _cuts(min(count, MOST_SAMPLES))
    return [{key: array[start:stop] for key, array in arrays.items()} for start, stop in cuts]


def generate_requests(name: str, signature: Signature, accepts: Callable[[Arrays], Any]) -> list[Arrays]:
    """Random requests, the same each time: batches of 1 and of several.

    Args:
        name: of the signature.
        signature: what the inputs look like.
        accepts: runs the model; raises where it refuses a request.

    Raises:
        PackagingError: the model refuses every generated request.
    """
    reason: Exception | None = None
    for free in FREE_SIZES:
        requests: list[Arrays] = [
            _generate(name, signature, batch, free, seed) for seed, batch in enumerate((1, 1, SEVERAL, 2))
        ]
        try:
            for request in requests:
                accepts(request)
        except Exception as error:
            reason = reason or error
        else:
            return requests
    lines = str(reason).strip().splitlines() or [type(reason).__name__]
    raise PackagingError(
        f"the model refuses generated inputs for the signature {name!r} ({lines[0][:200]}); give real ones with "
        f"--samples FILE.npz, an .npz file with the arrays {', '.join(signature.inputs)}"
    )


def is_batched(spec: TensorSpec) -> bool:
    """Whether the first dimension of an input may have any size."""
    return bool(spec.shape) and spec.shape[0] == -1


def warmup_request(request: Arrays, accepts: Callable[[Arrays], Any]) -> Mapping[str, Any] | None:
    """A request as a manifest holds it, or None where JSON cannot say it.

    Nested lists, bytes as {"b64": ...}; a large array of numbers becomes {"zeros": shape}, if the model takes zeros.
    """
    large = {name for name, array in request.items() if array.size > LARGEST_WARMUP}
    if any(request[name].dtype.kind not in "fiu" for name in large):
        return None
    try:
        accepts({name: np.zeros_like(array) if name in large else array for name, array in request.items()})
        values = {
            name: {"zeros": list(array.shape)} if name in large else _plain(array.tolist())
            for name, array in request.items()
        }
        json.dumps(values, allow_nan=False)
    except Exception:
        return None
    return values


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return {"b64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _cuts(count: int) -> Sequence[tuple[int, int]]:
    starts = [0, 1, 1 + SEVERAL, *range(1 + SEVERAL + LARGEST_BATCH, count, LARGEST_BATCH), count]
    starts = sorted({min(start, count) for start in starts})
    return list(itertools.pairwise(starts))


def _as_dtype(where: str, array: np.ndarray, spec: TensorSpec) -> np.ndarray:
    if spec.dtype == "string":
        return np.array([bytes(value) for value in array.astype("S").flat], object).reshape(array.shape)
    fits = spec.shape is None or (
        len(spec.shape) == array.ndim
        and all(size in (-1, found) for size, found in zip(spec.shape, array.shape, strict=True))
    )
    if not fits and not (spec.shape and array.shape[1:] == spec.shape):
        raise PackagingError(f"the samples for {where} have the shape {list(array.shape)}; allowed is {spec.shape}")
    return array.astype(numpy_dtype(spec.dtype))


def _generate(name: str, signature: Signature, batch: int, free: int, seed: int) -> dict[str, np.ndarray]:
    return {
        key: _values(
            np.random.default_rng([seed, zlib.crc32(f"{name}.{key}".encode())]), spec, _shape(spec, batch, free)
        )
        for key, spec in signature.inputs.items()
    }


def _shape(spec: TensorSpec, batch: int, free: int) -> tuple[int, ...]:
    if spec.shape is None:
        return (batch,)
    return tuple(size if size >= 0 else (batch if position == 0 else free) for position, size in enumerate(spec.shape))


def _values(generator: np.random.Generator, spec: TensorSpec, shape: tuple[int, ...]) -> np.ndarray:
    """Floats from -1 to 1, bytes over their whole range, other integers 0 or 1 (they may be indices), short words."""
    if spec.dtype == "string":
        words = generator.choice([b"one", b"two", b"three", b"four"], size=shape)
        return np.array([bytes(word) for word in np.asarray(words).flat], object).reshape(shape)
    dtype = numpy_dtype(spec.dtype)
    if spec.dtype == "bool":
        return generator.integers(0, 2, shape).astype(bool)
    if spec.dtype in ("uint8", "int8"):
        limits = np.iinfo(dtype)
        return generator.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)
    if np.issubdtype(dtype, np.integer):
        return generator.integers(0, 2, shape).astype(dtype)
    return generator.uniform(-1, 1, shape).astype(dtype)


def numpy_dtype(name: str) -> np.dtype:
    """numpy's element type for TensorFlow's name of it."""
    if name == "bfloat16":
        import ml_dtypes  # numpy has no such type of its own

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(object if name == "string" else name)
