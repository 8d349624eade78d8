"""Small answers as TensorFlow Serving lays them out, byte for byte: its lines, its spaces and its decimals."""

from binascii import b2a_base64
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from struct import Struct
from typing import Any, TypeAlias

import numpy as np
import orjson

from handlers.serving.dialects.tensors import text

MOST_VALUES, MOST_DIMENSIONS = 256, 6
"""An answer of more is written without spaces, and with each decimal as short as possible, which reads as the same
numbers: spaces would fill much of what Lambda can return."""

BYTES_SUFFIX = "_bytes"
"""The name of an output of bytes ends with this; other outputs of strings are text."""

_INDENT = "    "

_PACK, _UNPACK = Struct("f").pack, Struct("f").unpack

_WORDS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}

_Value: TypeAlias = str | bytes | Sequence["_Value"]
"""JSON text, bytes that are written as base64, or a list of such values."""


def is_laid_out(arrays: Iterable[np.ndarray]) -> bool:
    """Whether an answer of these arrays is small enough. Lists that are empty count, too."""
    count = 0
    for array in arrays:
        count += array.size or prod(size or 1 for size in array.shape)
        if count > MOST_VALUES or array.ndim > MOST_DIMENSIONS:
            return False
    return True


def rows_text(outputs: Mapping[str, np.ndarray]) -> str:
    """The answer to `instances`: a value or a list for each row, or an object for each if there are several outputs."""
    columns = [_values(array, name) for name, array in outputs.items()]
    if not columns[0]:
        rows = "[]"
    elif len(columns) == 1:
        rows = f"[{', '.join(_in_a_line(value, 2) for value in columns[0])}\n{_INDENT}]"
    else:
        objects = (
            _object({name: _in_a_line(value, 3) for name, value in zip(outputs, row, strict=True)}, 2)
            for row in zip(*columns, strict=True)
        )
        rows = _lines(objects, "[]", 1)
    return f'{{\n{_INDENT}"predictions": {rows}\n}}'


def columns_text(outputs: Mapping[str, np.ndarray]) -> str:
    """The answer to `inputs`: a tensor, or an object if there are several outputs. Each value has a line of its own."""
    columns = {name: _values(array, name) for name, array in outputs.items()}
    if len(columns) == 1:
        content = _over_lines(next(iter(columns.values())), 1)
    else:
        content = _object({name: _over_lines(value, 2) for name, value in columns.items()}, 1)
    return f'{{\n{_INDENT}"outputs": {content}\n}}'


def _values(array: np.ndarray, name: str) -> Any:
    """The elements, in lists as deep as the array has dimensions."""
    flat, kind = array.reshape(-1), array.dtype.kind
    if kind == "O":
        raw = [value if isinstance(value, bytes) else str(value).encode() for value in flat]
        is_bytes = name.endswith(BYTES_SUFFIX)
        elements: list[_Value] = [*raw] if is_bytes else [orjson.dumps(text(value, name)).decode() for value in raw]
    elif kind in "iu":
        elements = [*map(str, flat.tolist())]
    elif kind == "b":
        elements = ["true" if value else "false" for value in flat.tolist()]
    else:
        elements = [*map(_double if array.dtype.itemsize == 8 else _float, flat.tolist())]
    return _nested(elements, array.shape)


def _nested(elements: list[_Value], shape: Sequence[int]) -> Any:
    if len(shape) < 2:
        return elements if shape else elements[0]
    size = prod(shape[1:])
    return [_nested(elements[row * size : (row + 1) * size], shape[1:]) for row in range(shape[0])]


def _double(value: float) -> str:
    """A decimal with six digits if that reads back as the same number, else with all digits of 64 bits."""
    shown = f"{value:g}"
    return _decimal(shown if float(shown) == value else f"{value:.17g}")


def _float(value: float) -> str:
    """The same for a decimal of 32 bits or fewer."""
    shown = f"{value:g}"
    try:
        is_same = _UNPACK(_PACK(float(shown)))[0] == value
    except OverflowError:  # rounded up beyond the largest
        is_same = False
    return _decimal(shown if is_same else f"{value:.9g}")


def _decimal(shown: str) -> str:
    return shown if "." in shown else _WORDS.get(shown) or (shown if "e" in shown else f"{shown}.0")


def _in_a_line(value: Any, level: int) -> str:
    if isinstance(value, list):
        parts = value if value and type(value[0]) is str else [_in_a_line(each, level + 1) for each in value]
        return f"[{', '.join(parts)}]"
    return value if isinstance(value, str) else _base64(value, level)


def _over_lines(value: Any, level: int) -> str:
    if isinstance(value, list):
        return _lines([_over_lines(each, level + 1) for each in value], "[]", level)
    return value if isinstance(value, str) else _base64(value, level)


def _base64(value: bytes, level: int) -> str:
    return _object({"b64": f'"{b2a_base64(value, newline=False).decode()}"'}, level)


def _object(members: Mapping[str, str], level: int) -> str:
    return _lines((f"{orjson.dumps(name).decode()}: {value}" for name, value in members.items()), "{}", level)


def _lines(parts: Iterable[str], brackets: str, level: int) -> str:
    """What stands in brackets, each part on a line of its own. The brackets are `level` deep."""
    margin = "\n" + _INDENT * level
    content = ",".join(f"{margin}{_INDENT}{part}" for part in parts)
    return f"{brackets[0]}{content}{margin}{brackets[1]}" if content else brackets
