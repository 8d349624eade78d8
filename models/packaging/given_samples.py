"""Given samples: an `.npz` file of real inputs, checked against the signatures and made into requests."""

import itertools
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.lib.npyio import NpzFile

from handlers.manifest import Signature, TensorSpec
from models.packaging.arrays import Arrays, numpy_dtype
from models.packaging.errors import PackagingError, reason_of
from models.packaging.generated_requests import SEVERAL

LARGEST_BATCH = 64
MOST_SAMPLES = 512


def load_samples(path: Path) -> dict[str, np.ndarray]:
    """Read arrays by input name from an `.npz` file; byte strings may have a fixed width. Raises PackagingError."""
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
    """Check that the samples belong to these signatures.

    Further arrays, such as the correct answers, are allowed if every input has an array. Otherwise their names are
    probably misspelled.

    Raises:
        PackagingError: no signature has an array for each of its inputs, or an input has no array while an array
            belongs to no input.
    """
    inputs = {name: set(signature.inputs) for name, signature in signatures.items() if signature.inputs}
    allowed = "; ".join(f"{name} takes {', '.join(sorted(keys))}" for name, keys in inputs.items())
    allowed = allowed or "no signature takes any, so leave --samples out"
    known = set[str]().union(*inputs.values())
    unknown = sorted(set(samples) - known)
    if unknown and not (known and known <= set(samples)):
        raise PackagingError(f"the samples have arrays that no signature takes: {', '.join(unknown)}; {allowed}")
    if not any(keys <= set(samples) for keys in inputs.values()):
        found = ", ".join(sorted(samples)) or "nothing"
        raise PackagingError(f"the samples hold {found}, which is not enough for any signature; {allowed}")


def requests_from_samples(name: str, signature: Signature, samples: Arrays) -> list[Arrays] | None:
    """Make requests from samples: batches of 1, of several, and of the rest. None if an input has no array.

    Raises PackagingError if an array does not fit its input.
    """
    if not signature.inputs or not set(signature.inputs) <= set(samples):
        return None
    arrays = {key: _as_input(f"{name}.{key}", samples[key], spec) for key, spec in signature.inputs.items()}
    if not all(_is_batched(spec) for spec in signature.inputs.values()):
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


def _is_batched(spec: TensorSpec) -> bool:
    """Whether the first dimension of an input is free."""
    return bool(spec.shape) and spec.shape[0] == -1


def _cuts(count: int) -> Sequence[tuple[int, int]]:
    starts = [0, 1, 1 + SEVERAL, *range(1 + SEVERAL + LARGEST_BATCH, count, LARGEST_BATCH), count]
    starts = sorted({min(start, count) for start in starts})
    return list(itertools.pairwise(starts))


def _as_input(where: str, array: np.ndarray, spec: TensorSpec) -> np.ndarray:
    """Convert an array to the input's element type. Raises PackagingError if that changes a value."""
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
        array = array.view(dtype)  # numpy saves bfloat16 as two bytes without a type
    if array.dtype != dtype and (array.dtype.kind not in "biufc" or _is_lossy(array, dtype)):
        raise PackagingError(
            f"the samples for {where} are of dtype {array.dtype} and hold values that {spec.dtype} cannot hold; "
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
    """Whether converting numbers to a type does more than round: loses a fraction, the size or an imaginary part."""
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
