"""Named arrays in one file, byte strings of any length included, without pickle."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

Arrays = Mapping[str, np.ndarray]


def save_arrays(path: Path, arrays: Arrays) -> None:
    """Write arrays of any number dtype, bfloat16 included; an array of dtype object holds bytes."""
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


def _array(entry: Mapping[str, Any], content: bytes) -> np.ndarray:
    if entry["lengths"] is None:
        return np.frombuffer(content, _dtype(entry["dtype"])).reshape(entry["shape"]).copy()
    values, start = np.empty(len(entry["lengths"]), object), 0
    for index, length in enumerate(entry["lengths"]):
        values[index] = content[start : start + length]
        start += length
    return values.reshape(entry["shape"])


def _dtype(name: str) -> np.dtype:
    if name == "bfloat16":
        import ml_dtypes  # numpy has no such type of its own

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)
