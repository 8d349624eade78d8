"""Given samples made into requests: checked against the signatures, and cut into batches."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from handlers.manifest import DEFAULT_SIGNATURE, Signature, TensorSpec
from handlers.serving.dialects.rows_and_columns import decode
from handlers.serving.errors import ServingError
from models.packaging.arrays import Arrays, numpy_dtype
from models.packaging.errors import PackagingError
from models.packaging.requests.generated import SEVERAL
from models.packaging.requests.sample_files import SampleArrays, SampleRequests

LARGEST_BATCH = 64
MOST_SAMPLES = 512
NAMED = "signature_name"
"""The key of a request that names its signature."""

Samples = SampleArrays | SampleRequests


def refuse_unusable_samples(signatures: Mapping[str, Signature], samples: Samples) -> None:
    """Check that the samples belong to these signatures.

    Further arrays, such as the correct answers, are allowed if every input has an array. Otherwise their names are
    probably misspelled.

    Raises:
        PackagingError: no signature has an array for each of its inputs, or an input has no array while an array
            belongs to no input; or a request belongs to no signature.
    """
    if isinstance(samples, SampleRequests):
        _refuse_unusable_requests(signatures, samples)
        return
    inputs = {name: set(signature.inputs) for name, signature in signatures.items() if signature.inputs}
    allowed = "; ".join(f"{name} takes {', '.join(sorted(keys))}" for name, keys in inputs.items())
    allowed = allowed or "no signature takes any, so leave --samples out"
    known, given = set[str]().union(*inputs.values()), set(samples.arrays)
    unknown = sorted(given - known)
    if unknown and not (known and known <= given):
        raise PackagingError(f"{samples.path} has arrays that no signature takes: {', '.join(unknown)}; {allowed}")
    if not any(keys <= given for keys in inputs.values()):
        found = ", ".join(sorted(given)) or "nothing"
        raise PackagingError(f"{samples.path} holds {found}, which is not enough for any signature; {allowed}")


def requests_from_samples(
    name: str, signature: Signature, samples: Samples, accepts: Callable[[Arrays], Any]
) -> list[Arrays] | None:
    """Make requests to a signature from samples; None if they are not for it.

    Arrays of one length are batches of 1, of several, and of the rest. Arrays of several lengths, such as the values
    and the row splits of a ragged tensor, are one request. So is each line of a `.jsonl` file.

    Raises PackagingError if an array or a line does not fit the signature.
    """
    if not signature.inputs:
        return None
    if isinstance(samples, SampleRequests):
        return _from_lines(name, signature, samples)
    if not set(signature.inputs) <= set(samples.arrays):
        return None
    arrays = {
        key: _as_input(f"{samples.path}: {name}.{key}", samples.arrays[key], spec)
        for key, spec in signature.inputs.items()
    }
    counts = {len(array) if array.ndim and _is_free(signature.inputs[key]) else -1 for key, array in arrays.items()}
    if len(counts) > 1 or counts == {-1}:
        return [_with_zero_bytes(arrays, samples, accepts)]
    count = counts.pop()
    if not count:
        raise PackagingError(f"{samples.path}: the arrays for {name} are empty; give at least one example")
    arrays = _with_zero_bytes(arrays, samples, accepts)
    cuts = _cuts(min(count, MOST_SAMPLES))
    return [{key: array[start:stop] for key, array in arrays.items()} for start, stop in cuts]


def _refuse_unusable_requests(signatures: Mapping[str, Signature], samples: SampleRequests) -> None:
    if not samples.lines:
        raise PackagingError(f"{samples.path} is empty; give at least one request")
    for number, document in samples.lines.items():
        named = document.get(NAMED)
        if named is not None and named not in signatures:
            raise PackagingError(
                f"line {number} of {samples.path} is for the signature {named!r}; the model has {', '.join(signatures)}"
            )


def _from_lines(name: str, signature: Signature, samples: SampleRequests) -> list[Arrays] | None:
    """The lines that name a signature; lines that name none are for all whose inputs they have."""
    found: list[Arrays] = []
    for number, document in samples.lines.items():
        named = document.get(NAMED)
        if named not in (None, name):
            continue
        try:
            found.append(decode(dict(document), name, signature).inputs)
        except ServingError as error:
            if named is None and name != DEFAULT_SIGNATURE:
                continue
            raise PackagingError(
                f"line {number} of {samples.path} is no request to the signature {name!r}: {error}"
            ) from None
    return found or None


def _with_zero_bytes(arrays: Arrays, samples: SampleArrays, accepts: Callable[[Arrays], Any]) -> Arrays:
    """The arrays, with the zero bytes at the end of byte strings if the model accepts them only so.

    numpy drops such bytes of an array of dtype 'S'. They were there if the array is wider than its longest element.
    """
    whole = {key: _whole(samples.arrays[key], array) for key, array in arrays.items()}
    if all(whole[key] is arrays[key] for key in arrays):
        return arrays
    try:
        accepts({key: array[:1] if array.ndim else array for key, array in arrays.items()})
    except Exception:
        return whole
    return arrays


def _whole(given: np.ndarray, array: np.ndarray) -> np.ndarray:
    width = given.dtype.itemsize if given.dtype.kind == "S" else 0
    if not array.size or max((len(value) for value in array.flat if width), default=0) >= width:
        return array
    padded = np.empty(array.size, object)
    padded[:] = [value.ljust(width, b"\0") for value in array.flat]
    return padded.reshape(array.shape)


def _is_free(spec: TensorSpec) -> bool:
    """Whether the first dimension of an input may have any size."""
    return spec.shape is None or (bool(spec.shape) and spec.shape[0] == -1)


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
        wanted = ", ".join("any" if size == -1 else str(size) for size in spec.shape)
        raise PackagingError(f"{where} has the shape {list(array.shape)}; the input takes [{wanted}]")
    if spec.dtype == "string":
        return _as_bytes(where, array)
    dtype = numpy_dtype(spec.dtype)
    if array.dtype.kind == "V" and array.dtype.itemsize == dtype.itemsize == 2:
        array = array.view(dtype)  # numpy saves bfloat16 as two bytes without a type
    if array.dtype != dtype and (array.dtype.kind not in "biufc" or _is_lossy(array, dtype)):
        raise PackagingError(
            f"{where} is of dtype {array.dtype} and holds values that {spec.dtype} cannot hold; give an array of dtype "
            f"{spec.dtype}"
        )
    return array.astype(dtype)


def _as_bytes(where: str, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind not in "SU":
        raise PackagingError(
            f"{where} is of dtype {array.dtype}; the input takes strings, an array of dtype 'S' or 'U'"
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
