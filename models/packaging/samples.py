"""The requests that candidates are tried on: given ones, or generated ones of the right shapes and ranges."""

import base64
import contextlib
import itertools
import json
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.npyio import NpzFile

from handlers.manifest import Signature, TensorSpec
from models.packaging.arrays import Arrays
from models.packaging.errors import PackagingError, reason_of

SEVERAL = 5
"""The size of a batch that is neither one nor a multiple of what kernels are tuned for."""
LARGEST_BATCH = 64
MOST_SAMPLES = 512
LARGEST_WARMUP = 1024
"""Elements of an input that a manifest holds in full for warming up."""
FREE_SIZES = (8, 64, 1, 256)
"""What to try for a dimension of any size that is not the batch, until the model accepts one."""
NARROW = (-1.0, 1.0)
"""The range of generated floating-point inputs, which every model must take."""
WIDE = ((-100.0, 100.0), (0.0, 255.0))
"""Ranges that are tried as well where the model takes them: functions overflow there, in some kernels too early."""
READABLE = frozenset("float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool object".split())
"""numpy's names of the element types that a warm-up request may hold values of; of others it may hold zeros."""


def load_samples(path: Path) -> dict[str, np.ndarray]:
    """Arrays by input name from an `.npz` file; byte strings may have a fixed width. Raises PackagingError."""
    try:
        with path.open("rb") as content:
            file = np.load(content, allow_pickle=False)
            if not isinstance(file, NpzFile):
                raise ValueError("it holds one array without a name")
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise PackagingError(
            f"{path} is not a readable .npz file without pickled objects ({reason_of(error)}); write it with "
            "numpy.savez(path, input_name=array), byte strings as an array of dtype 'S'"
        ) from None


def refuse_unusable_samples(signatures: Mapping[str, Signature], samples: Arrays) -> None:
    """See that samples are for these signatures.

    Raises PackagingError if no signature has an array for each of its inputs, or if an array is of no input while an
    input has none: it is misspelled. Where every input has one, more may be there, such as the right answers.
    """
    inputs = {name: set(signature.inputs) for name, signature in signatures.items() if signature.inputs}
    allowed = "; ".join(f"{name} takes {', '.join(sorted(keys))}" for name, keys in inputs.items())
    allowed = allowed or "no signature takes any, so leave --samples out"
    known = set[str]().union(*inputs.values())
    unknown = sorted(set(samples) - known)
    if unknown and not (known and known <= set(samples)):
        raise PackagingError(f"the samples have arrays that are no signature's input: {', '.join(unknown)}; {allowed}")
    if not any(keys <= set(samples) for keys in inputs.values()):
        found = ", ".join(sorted(samples)) or "nothing"
        raise PackagingError(f"the samples hold {found}, which is not all that any signature needs; {allowed}")


def requests_from_samples(name: str, signature: Signature, samples: Arrays) -> list[Arrays] | None:
    """The given samples as batches of 1, of several, and of the rest; None where they are not for this signature.

    Raises PackagingError if they do not fit its inputs.
    """
    if not signature.inputs or not set(signature.inputs) <= set(samples):
        return None
    arrays = {key: _as_input(f"{name}.{key}", samples[key], spec) for key, spec in signature.inputs.items()}
    if not all(is_batched(spec) for spec in signature.inputs.values()):
        return [arrays]
    counts = {key: len(array) for key, array in arrays.items()}
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{count} of {key}" for key, count in counts.items())
        raise PackagingError(f"the samples for {name} are {found}; give as many of each")
    count = min(counts.values())
    if not count:
        raise PackagingError(f"the samples for {name} are empty; give at least one")
    cuts = _cuts(min(count, MOST_SAMPLES))
    return [{key: array[start:stop] for key, array in arrays.items()} for start, stop in cuts]


def generate_requests(name: str, signature: Signature, accepts: Callable[[Arrays], Any]) -> list[Arrays]:
    """Random requests, the same each time: batches of 1 and of several, and of wide ranges if the model takes them.

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
        f"the model refuses generated inputs for the signature {name!r} ({reason_of(reason or Exception())}); give "
        f"real ones with --samples FILE.npz, an .npz file with the arrays {', '.join(signature.inputs)}"
    )


def _wide_requests(name: str, signature: Signature, free: int, accepts: Callable[[Arrays], Any]) -> list[Arrays]:
    """A batch for each wide range of floating-point inputs that the model takes."""
    if not any(_is_inexact(spec.dtype) for spec in signature.inputs.values()):
        return []
    found: list[Arrays] = []
    for seed, limits in enumerate(WIDE):
        request = _generate(name, signature, SEVERAL, free, seed, limits)
        with contextlib.suppress(Exception):  # a model may refuse what is out of its range
            accepts(request)
            found.append(request)
    return found


def is_batched(spec: TensorSpec) -> bool:
    """Whether the first dimension of an input may have any size."""
    return bool(spec.shape) and spec.shape[0] == -1


def warmup_request(request: Arrays, accepts: Callable[[Arrays], Any]) -> Mapping[str, Any] | None:
    """A request as a manifest holds it, or None where JSON cannot say it.

    Nested lists, bytes as {"b64": ...}. Large arrays, and numbers that JSON has no form for, become {"zeros": shape},
    if the model takes zeros.
    """
    zeros = {name for name, array in request.items() if not 0 < array.size <= LARGEST_WARMUP}
    zeros |= {name for name, array in request.items() if array.dtype.name not in READABLE}
    if any(request[name].dtype == object for name in zeros):
        return None
    try:
        accepts({name: np.zeros_like(array) if name in zeros else array for name, array in request.items()})
        values = {
            name: {"zeros": list(array.shape)} if name in zeros else _plain(array.tolist())
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


def _as_input(where: str, array: np.ndarray, spec: TensorSpec) -> np.ndarray:
    """The array in the input's element type, every value as it was. Raises PackagingError."""
    if spec.shape is not None and not (
        len(spec.shape) == array.ndim
        and all(size in (-1, found) for size, found in zip(spec.shape, array.shape, strict=True))
    ):
        allowed = ", ".join("any" if size == -1 else str(size) for size in spec.shape)
        raise PackagingError(f"the samples for {where} have the shape {list(array.shape)}; allowed is [{allowed}]")
    if spec.dtype == "string":
        return _as_bytes(where, array)
    dtype = numpy_dtype(spec.dtype)
    if array.dtype.kind == "V" and array.dtype.itemsize == dtype.itemsize == 2:
        array = array.view(dtype)  # numpy writes bfloat16 as two bytes without a type
    if array.dtype != dtype and (array.dtype.kind not in "biufc" or _is_lossy(array, dtype)):
        raise PackagingError(
            f"the samples for {where} are of dtype {array.dtype} and hold values that {spec.dtype} has not; "
            f"give an array of dtype {spec.dtype}"
        )
    return array.astype(dtype)


def _as_bytes(where: str, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind not in "SU":
        raise PackagingError(
            f"the samples for {where} are of dtype {array.dtype}; the input takes strings, an array of dtype 'S' or 'U'"
        )
    encoded = np.char.encode(array, "utf-8") if array.dtype.kind == "U" else array
    return np.array([bytes(value) for value in encoded.flat], object).reshape(array.shape)


def _is_lossy(array: np.ndarray, dtype: np.dtype) -> bool:
    """Whether numbers change in a type by more than rounding: lose a fraction, their size or an imaginary part."""
    if not array.size or dtype.kind == "c":
        return False
    if array.dtype.kind == "c":
        return True
    if dtype.kind not in "iub":
        with np.errstate(over="ignore"):
            return bool(np.any(np.isfinite(array) & ~np.isfinite(array.astype(dtype))))
    lowest, highest = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    if not np.all(np.isfinite(array)) or np.any(array != np.trunc(array)):
        return True
    return int(array.min()) < lowest or int(array.max()) > highest


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
    """Floats within the limits, bytes of their whole range, other integers 0 or 1 (indices, perhaps), short words."""
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


def numpy_dtype(name: str) -> np.dtype:
    """numpy's element type for TensorFlow's name of it."""
    if name == "bfloat16":
        import ml_dtypes  # numpy has no such type of its own

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(object if name == "string" else name)
