"""The vocabulary of a model: texts and integers that its tables know, so that generated requests meet them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tensorflow.python.framework import tensor_util  # the one reader of a TensorProto that knows every element type

MOST = 40
"""The most texts, and the most integers, that are kept."""
LONGEST = 200
"""Bytes of the longest text that is taken for a word."""


class Vocabulary(NamedTuple):
    """What a model's tables know."""

    texts: tuple[bytes, ...] = ()
    integers: tuple[int, ...] = ()


def read_vocabulary(saved_model: Path, meta_graph: Any) -> Vocabulary:
    """The keys in a SavedModel's assets, and the texts and integers in its constants that may be keys."""
    texts, integers = dict[bytes, None](), dict[int, None]()
    for key in (*_lines(saved_model / "assets"), *_constants(meta_graph)):
        if isinstance(key, int):
            integers[key] = None
        elif 0 < len(key) <= LONGEST:
            texts[key] = None
            if key.isdigit() and len(key) < 10:
                integers[int(key)] = None
    return Vocabulary(tuple(texts)[:MOST], tuple(integers)[:MOST])


def _lines(assets: Path) -> Iterator[bytes]:
    for path in sorted(assets.glob("*")) if assets.is_dir() else ():
        with path.open("rb") as file:
            for line, _ in zip(file, range(MOST), strict=False):
                yield line.rstrip(b"\r\n")


def _constants(meta_graph: Any) -> Iterator[bytes | int]:
    """Texts and integers of constants that are lists: those that fill tables are."""
    graph = meta_graph.graph_def
    bodies = [graph.node, *(function.node_def for function in graph.library.function)]
    fills_tables = any(
        "LookupTableImport" in node.op or "InitializeTable" in node.op for body in bodies for node in body
    )
    for body in bodies if fills_tables else ():
        for node in body:
            tensor = node.attr["value"].tensor if node.op == "Const" else None
            if tensor is not None and len(tensor.tensor_shape.dim) == 1:
                array = tensor_util.MakeNdarray(tensor)[:MOST]
                if array.dtype == object or array.dtype.kind == "i":
                    yield from array.tolist()
