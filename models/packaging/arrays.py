"""Named arrays in one file, byte strings of any length included, without pickle."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from handlers.manifest import TensorSpec

Arrays = Mapping[str, np.ndarray]


def save_arrays(path: Path, arrays: Arrays) -> None:
    """Write arrays of numbers, or of bytes with the dtype object; a `.json` file beside `path` describes them."""
    header: list[dict[str, Any]] = []
    with path.open("wb") as file:
        for name, array in arrays.items():
            if array.dtype == object:
                lengths, content = [len(value) for value in array.flat], b"".join(array.flat)
            else:
                lengths, content = None, np.ascontiguousarray(array).tobytes()
            entry = {"name": name, "dtype": array.dtype.name, "shape": array.shape, "lengths": lengths}
            header.append(entry | {"offset": file.tell(), "size": len(content)})
            file.write(content)
    path.with_suffix(".json").write_text(json.dumps(header), encoding="utf-8")


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read what `save_arrays` wrote."""
    content = path.read_bytes()
    header = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return {entry["name"]: _array(entry, content[entry["offset"] :][: entry["size"]]) for entry in header}


def to_engine(arrays: Arrays) -> dict[str, np.ndarray]:
    """Arrays as an engine takes them: bfloat16, which numpy does not have, becomes uint16 with the same bits."""
    return {name: array.view(np.uint16) if array.dtype.name == "bfloat16" else array for name, array in arrays.items()}


def from_engine(arrays: Arrays, specs: Mapping[str, TensorSpec]) -> dict[str, np.ndarray]:
    """An engine's arrays as TensorFlow gives them: uint16 with the bits of bfloat16 becomes bfloat16."""
    return {name: _from_bits(array) if specs[name].dtype == "bfloat16" else array for name, array in arrays.items()}


def _from_bits(array: np.ndarray) -> np.ndarray:
    from ml_dtypes import bfloat16  # imported late: few models need it

    return array.view(bfloat16)


def _array(entry: Mapping[str, Any], content: bytes) -> np.ndarray:
    if entry["lengths"] is None:
        return np.frombuffer(content, np.dtype(entry["dtype"])).reshape(entry["shape"]).copy()
    values, start = np.empty(len(entry["lengths"]), object), 0
    for index, length in enumerate(entry["lengths"]):
        values[index] = content[start : start + length]
        start += length
    return values.reshape(entry["shape"])


def numpy_dtype(name: str) -> np.dtype:
    """numpy's element type for TensorFlow's name of it."""
    if name == "bfloat16":
        import ml_dtypes  # numpy has no such type of its own

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(object if name == "string" else name)
