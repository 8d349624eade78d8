"""Edges: requests that few callers send, on which engines differ from TensorFlow.

They are made of a usual request: other sizes and ranks, batches of none, extremes of each element type, texts that are
no text, numbers that are not finite.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping

import numpy as np

from handlers.manifest import Signature
from models.packaging.arrays import Arrays
from models.packaging.requests.exchange import Request

FURTHER = 3
"""By how much a free dimension is made longer."""
OUTSIDE = (-1, 100_000)
"""Integers that few models know, and that none is harmed by if it makes a size or a loop of them."""
MOST_APART = 8
"""The most inputs that are changed one by one; more are changed together."""
SIZES = re.compile(
    r"Fill|Range|Tile|BroadcastTo|OneHot|LinSpace|SequenceMask|.*Pad(V2)?|Resize\w+|.*Random\w*|TensorList(Reserve|Resize)"
    r"|EmptyTensorList|TensorArray\w*|(Dense)?Bincount|(Unsorted)?Segment\w+|ScatterNd|SparseToDense|(Stateless)?While|Enter"
)
"""Operations that make something as large, or repeat something as often, as an integer says."""
FIRST_AND_LAST = (0, -1)
"""Where in a row an unusual number is put."""
TEXTS = (b"", b"\xff\xfe\x00", "größe 身長".encode(), b"a" * 1000, b"\x00")


def edge_requests(signature: Signature, base: Arrays, operations: Collection[str]) -> list[Request]:
    """Make the edges of a usual request.

    Args:
        signature: the signature.
        base: a request of several examples.
        operations: the operations of TensorFlow that a call runs.
    """
    makes_sizes = any(SIZES.fullmatch(operation) for operation in operations)
    return [
        *_empty(signature, base),
        *_longer(signature, base),
        *_other_ranks(signature, base),
        *_integers(base, makes_sizes=makes_sizes),
        *_texts(base),
        *_floats(base),
    ]


def _empty(signature: Signature, base: Arrays) -> Iterator[Request]:
    if base and all(spec.shape and spec.shape[0] == -1 for spec in signature.inputs.values()):
        yield Request({name: array[:0] for name, array in base.items()}, "empty", "a batch of none")


def _longer(signature: Signature, base: Arrays) -> Iterator[Request]:
    """Free dimensions at another size: those of one size together, and then one by one."""
    free = [
        (name, axis, base[name].shape[axis])
        for name, spec in signature.inputs.items()
        for axis, size in enumerate(spec.shape or ())
        if size == -1 and axis > 0
    ]
    sizes, axes = sorted({size for _, _, size in free}), sorted({axis for _, axis, _ in free})
    groups = [[part for part in free if part[2] == size] for size in sizes]
    groups += [[part for part in free if part[1] == axis] for axis in axes if len(axes) > 1]
    for group in groups:
        changed = dict(base)
        for name, axis, size in group:
            changed[name] = np.take(changed[name], np.arange(size + FURTHER) % max(size, 1), axis)
        where = ", ".join(sorted({f"{name} (dimension {axis})" for name, axis, _ in group}))
        yield Request(changed, "unusual", f"{FURTHER} more in {where}")


def _other_ranks(signature: Signature, base: Arrays) -> Iterator[Request]:
    names = [name for name, spec in signature.inputs.items() if spec.shape is None]
    if not names:
        return
    ranks: Mapping[int, Callable[[np.ndarray], np.ndarray]] = {
        0: lambda array: array.reshape(-1)[:1].reshape(()),
        2: lambda array: np.stack([array, array]),
    }
    for rank, change in ranks.items():
        yield Request({n: change(a) if n in names else a for n, a in base.items()}, "unusual", f"inputs of rank {rank}")


def _integers(base: Arrays, *, makes_sizes: bool) -> Iterator[Request]:
    for names in _apart([name for name, array in base.items() if array.dtype.kind in "iu" and array.size]):
        limits = np.iinfo(base[names[0]].dtype)
        values = [value for value in OUTSIDE if limits.min <= value <= limits.max]
        if limits.bits <= 16 or not makes_sizes:
            values += [int(limits.min), int(limits.max)]
        for value in dict.fromkeys(values):
            fitting = [
                name for name in names if np.iinfo(base[name].dtype).min <= value <= np.iinfo(base[name].dtype).max
            ]
            filled = {n: np.full_like(a, value) if n in fitting else a for n, a in base.items()}
            yield Request(filled, "unusual", f"{value} in {', '.join(fitting)}")


def _texts(base: Arrays) -> Iterator[Request]:
    names = [name for name, array in base.items() if array.dtype == object and array.size]
    if names:
        texts = np.empty(len(TEXTS), object)
        texts[:] = TEXTS
        changed = {name: np.resize(texts, array.shape) if name in names else array for name, array in base.items()}
        yield Request(changed, "unusual", f"empty texts, and bytes that are no text, in {', '.join(names)}")


def _floats(base: Arrays) -> Iterator[Request]:
    names = [name for name, array in base.items() if array.dtype.name.startswith(("float", "bfloat")) and array.size]
    if not names:
        return
    rows = min(len(base[name]) if base[name].ndim else 0 for name in names)
    for what, values in (
        ("numbers that are not finite", (np.nan, np.inf, -np.inf)),
        ("the largest and the smallest numbers", ("max", "min", "tiny")),
    ):
        for place in FIRST_AND_LAST:  # a maximum may pass a NaN on from the one and not from the other
            if rows > len(values):  # one value in each row; the last rows stay as they are
                yield Request(_with(base, names, list(enumerate(values)), place), "not finite", what)
            else:
                for value in values:
                    yield Request(_with(base, names, [(0, value)], place), "not finite", what)


def _with(base: Arrays, names: Collection[str], values: list[tuple[int, float | str]], place: int) -> Arrays:
    """The request with a value in the element at a place of each of these rows."""
    changed = dict(base)
    for name in names:
        array = base[name].copy()
        flat = array.reshape(len(array) if array.ndim and len(values) > 1 else 1, -1)
        for row, value in values:
            flat[row, place] = _number(array.dtype, value)
        changed[name] = array
    return changed


def _number(dtype: np.dtype, value: float | str) -> float:
    if not isinstance(value, str):
        return value
    import ml_dtypes  # late: numpy's own finfo does not know bfloat16

    return getattr(ml_dtypes.finfo(dtype), value)


def _apart(names: list[str]) -> list[list[str]]:
    return [[name] for name in names] if len(names) <= MOST_APART else [names]
