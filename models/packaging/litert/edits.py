"""Edits of one graph of a LiteRT file: new tensors and operators."""

from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

CHANNELS = 3
"""The axis of the channels, in what convolutions read and answer."""


def present(tensors: Any) -> Sequence[int]:
    """The numbers of tensors; -1 stands for one that is left out."""
    return [] if tensors is None else [int(tensor) for tensor in tensors if tensor >= 0]


def sizes_of(tensor: Any) -> Sequence[int]:
    """The sizes of a tensor, -1 for each that is free. Empty where they are not known."""
    known = tensor.shape if tensor.shapeSignature is None else tensor.shapeSignature
    return [] if known is None else [int(size) for size in known]


def add_buffer(model: Any, content: Any) -> int:
    """Add a buffer with these bytes, an array of uint8."""
    buffer: Any = schema.BufferT()
    buffer.data = content
    model.buffers.append(buffer)
    return len(model.buffers) - 1


def numbers(model: Any, tensor: Any) -> np.ndarray | None:
    """What a constant tensor of float32 or int32 holds; None where it is no constant."""
    data = model.buffers[tensor.buffer].data
    kinds = {schema.TensorType.FLOAT32: np.float32, schema.TensorType.INT32: np.int32}
    if data is None or tensor.type not in kinds:
        return None
    shape = [] if tensor.shape is None else [int(size) for size in tensor.shape]
    return np.frombuffer(data, kinds[tensor.type]).reshape(shape)


class GraphEdits:
    """Adds to a graph of a file.

    Args:
        model: the file.
        graph: one of its graphs.
    """

    def __init__(self, model: Any, graph: Any) -> None:
        self.model, self.graph = model, graph

    def kind(self, operator: Any) -> int:
        """The operator's `BuiltinOperator`."""
        return self.model.operatorCodes[operator.opcodeIndex].builtinCode

    def tensor(self, like: int, sizes: Sequence[int] | None = None, *, buffer: int = 0) -> int:
        """Add a tensor of the type of another, with its sizes or others.

        Args:
            like: the other tensor.
            sizes: -1 for each that is free.
            buffer: what it holds; nothing between operators.
        """
        new = copy(self.graph.tensors[like])
        new.buffer, new.name = buffer, b"%s;%d" % (new.name, len(self.graph.tensors))
        self.graph.tensors.append(new)
        number = len(self.graph.tensors) - 1
        if sizes is not None:
            self.resize(number, sizes)
        return number

    def resize(self, tensor: int, sizes: Sequence[int]) -> None:
        """Give a tensor other sizes, -1 for each that is free."""
        resized = self.graph.tensors[tensor]
        resized.shape = np.array([abs(size) for size in sizes], np.int32)
        resized.shapeSignature = np.array(sizes, np.int32) if -1 in sizes else None

    def integers(self, values: Any) -> int:
        """Add a constant tensor of int32."""
        array = np.array(values, "<i4")
        tensor: Any = schema.TensorT()
        tensor.shape, tensor.type = np.array(array.shape, np.int32), schema.TensorType.INT32
        tensor.name = b";%d" % len(self.graph.tensors)
        tensor.buffer = add_buffer(self.model, np.frombuffer(array.tobytes(), np.uint8))
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def floats(self, like: int, array: np.ndarray) -> int:
        """Add a constant tensor of float32, otherwise like another."""
        content = np.frombuffer(np.ascontiguousarray(array, np.float32).tobytes(), np.uint8)
        return self.tensor(like, array.shape, buffer=add_buffer(self.model, content))

    def operator(self, name: str, inputs: Sequence[int], output: int, options: Any) -> Any:
        """An operator that can be put into the graph; it is not in it yet."""
        operator: Any = schema.OperatorT()
        operator.opcodeIndex = self._code(getattr(schema.BuiltinOperator, name))
        operator.inputs, operator.outputs = np.array(inputs, np.int32), np.array([output], np.int32)
        operator.builtinOptions = options
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
        return operator

    def slice(self, data: int, output: int, begin: Sequence[int], end: Sequence[int], *, whole: int) -> Any:
        """An operator that takes a part of a tensor; `whole` has a bit for each axis that is taken whole."""
        options: Any = schema.StridedSliceOptionsT()
        options.beginMask = options.endMask = whole
        bounds = [self.integers(begin), self.integers(end), self.integers([1] * len(begin))]
        return self.operator("STRIDED_SLICE", [data, *bounds], output, options)

    def _code(self, builtin: int) -> int:
        codes = self.model.operatorCodes
        for index, code in enumerate(codes):
            if code.builtinCode == builtin:
                return index
        code: Any = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = builtin  # both fit in a byte
        codes.append(code)
        return len(codes) - 1
