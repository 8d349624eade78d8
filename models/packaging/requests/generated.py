"""Generated requests: random inputs of the right shapes and element types, for signatures without given samples."""

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from handlers.manifest import Signature, TensorSpec
from models.packaging.arrays import Arrays, numpy_dtype
from models.packaging.errors import PackagingError, reason_of
from models.packaging.requests.exchange import Request
from models.packaging.requests.vocabulary import Vocabulary

SEVERAL = 5
"""A batch size that is neither one nor a power of two, for which kernels are tuned."""
FREE_SIZES = (8, 64, 1, 256)
"""Sizes to try, in this order, for a free dimension that is not the batch."""
NARROW = (-1.0, 1.0)
"""The range of floating-point inputs; every model must accept it."""
WIDE = ((-100.0, 100.0), (0.0, 255.0))
"""Further ranges, for models that accept them: some kernels overflow there earlier than TensorFlow's."""
WORDS = (b"one", b"two", b"three", b"four")

Accepts = Callable[[Arrays], Any]
"""Runs the model on a request; raises any exception if the model rejects it."""
Fits = Callable[[Mapping[str, tuple[int, ...]]], bool]
"""Whether inputs of these shapes are large enough for a model, so far as is known."""


def fits_anything(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    """See `Fits`: for a model of which nothing is known."""
    return True


def generate_requests(
    name: str,
    signature: Signature,
    accepts: Accepts,
    vocabulary: Vocabulary | None = None,
    fits: Fits = fits_anything,
) -> list[Request]:
    """Generate random requests, always the same: batches of 1 and of several, also of wide ranges.

    The first four are usual. A wide range that the model rejects is unusual: an engine must reject it too.

    Args:
        name: the signature's name.
        signature: the signature.
        accepts: runs the model on a request; raises any exception if the model rejects it.
        vocabulary: texts and integers that the model knows.
        fits: whether inputs of some shapes are large enough. Sizes that are not are tried last.

    Raises:
        PackagingError: the model rejects the generated requests.
    """
    reason: Exception | None = None
    known = [vocabulary, Vocabulary()] if vocabulary else [Vocabulary()]  # an index may be out of the range of integers
    for free, words in ((free, words) for free in _sizes(signature, fits) for words in known):
        generator = _Generator(name, signature, free, words)
        requests = [generator.request(batch, seed, NARROW) for seed, batch in enumerate((1, 1, SEVERAL, 2))]
        try:
            for request in requests:
                accepts(request)
        except Exception as error:
            reason = reason or error
        else:
            return [*map(Request, requests), *_wide_requests(signature, generator, accepts)]
    raise PackagingError(
        f"the model fails on generated inputs for the signature {name!r} ({reason_of(reason or Exception())}); give "
        f"real inputs with --samples: an .npz file or a directory of .npy files with the arrays "
        f"{', '.join(signature.inputs)}, or a .jsonl file with a request in each line"
    )


def _sizes(signature: Signature, fits: Fits) -> Iterator[int]:
    """The sizes to try for free dimensions: first those that fit."""
    others: list[int] = []
    for free in FREE_SIZES:
        if fits(_shapes(signature, 1, free)):
            yield free
        else:
            others.append(free)
    yield from others


def _shapes(signature: Signature, batch: int, free: int) -> dict[str, tuple[int, ...]]:
    """The shapes of inputs with this batch, and this size in all other free dimensions."""
    return {name: _shape(spec, batch, free) for name, spec in signature.inputs.items()}


def _shape(spec: TensorSpec, batch: int, free: int) -> tuple[int, ...]:
    if spec.shape is None:
        return (batch,)
    return tuple(size if size >= 0 else (batch if position == 0 else free) for position, size in enumerate(spec.shape))


def _wide_requests(signature: Signature, generator: "_Generator", accepts: Accepts) -> list[Request]:
    """A batch for each wide range of floating-point inputs; those that the model accepts come first."""
    if not any(_is_inexact(spec.dtype) for spec in signature.inputs.values()):
        return []
    accepted, rejected = list[Request](), list[Request]()
    for seed, (low, high) in enumerate(WIDE):
        inputs = generator.request(SEVERAL, seed, (low, high))
        try:
            accepts(inputs)
        except Exception:  # the model may reject values out of its range
            rejected.append(Request(inputs, "unusual", f"numbers from {low:g} to {high:g}"))
        else:
            accepted.append(Request(inputs))
    return accepted + rejected


def _is_inexact(dtype: str) -> bool:
    return dtype.startswith(("float", "bfloat", "complex"))


@dataclass(frozen=True)
class _Generator:
    """Makes requests to one signature."""

    name: str
    signature: Signature
    free: int
    """The size of free dimensions other than the batch."""
    vocabulary: Vocabulary

    def request(self, batch: int, seed: int, limits: tuple[float, float]) -> Arrays:
        """The same request for the same arguments."""
        return {
            key: self._values(
                np.random.default_rng([seed, zlib.crc32(f"{self.name}.{key}".encode())]), spec, batch, limits
            )
            for key, spec in self.signature.inputs.items()
        }

    def _values(
        self, random: np.random.Generator, spec: TensorSpec, batch: int, limits: tuple[float, float]
    ) -> np.ndarray:
        """Random values: floats within the limits, 8-bit integers of any value, short words and those that the model
        knows. Other integers are 0 or 1, since they may be indices, or what the model knows."""
        shape, dtype = _shape(spec, batch, self.free), numpy_dtype(spec.dtype)
        if spec.dtype == "string":
            words = [*WORDS, *self.vocabulary.texts]
            chosen = [words[index] for index in random.integers(0, len(words), shape).flat]
            return _objects(chosen).reshape(shape)
        if spec.dtype == "bool":
            return random.integers(0, 2, shape).astype(bool)
        if spec.dtype in ("uint8", "int8"):
            whole = np.iinfo(dtype)
            return random.integers(whole.min, whole.max, shape, dtype=dtype, endpoint=True)
        if np.issubdtype(dtype, np.integer):
            whole = np.iinfo(dtype)
            known = [value for value in (0, 1, *self.vocabulary.integers) if whole.min <= value <= whole.max]
            return np.array(known, dtype)[random.integers(0, len(known), shape)]
        return random.uniform(*limits, shape).astype(dtype)


def _objects(values: list[bytes]) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = values
    return array
