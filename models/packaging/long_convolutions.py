"""Splits the long convolutions of a LiteRT file into sums of shorter ones.

XNNPACK multiplies a few positions of the input at a time by a panel of the filter: all numbers that make one output,
for 32 outputs at most. A panel that does not fit in the processor's second cache is read from the third, or from
memory, again for every few positions. A convolution over all input channels is the sum of convolutions over a part of
them each, whose panels fit. The sum is taken in another order, so last digits may differ; the answers are compared like
all others.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from math import ceil, prod
from typing import Any, NamedTuple

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

LONG = 9216
"""From so many numbers of the filter for one output on, a convolution is split: 1,024 channels of a filter of 3 by 3.
`python -m benchmarks convolutions` measures what a split gains."""

LONGEST_PART = 4608
"""The most such numbers in a part, unless `FEWEST_CHANNELS` have more."""

FEWEST_CHANNELS = 64
"""The fewest channels of a part. Parts of fewer are no faster than the whole, and may be slower. If parts of so many
channels are still long, the convolution stays whole."""

_CHANNELS = 3
"""The axis of the channels: in the input, in the output, and of the input's channels in the filter."""

_ALL_BUT_CHANNELS = 0b0111
"""The axes that a slice of channels takes whole."""


class _Part(NamedTuple):
    """A part of a filter."""

    buffer: int
    channels: int


def split_long_convolutions(content: bytes, *, long: int = LONG) -> bytes:
    """The file with its long convolutions split. The same bytes if it has none.

    Args:
        content: the file.
        long: from how many numbers of the filter for one output on.
    """
    model: Any = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    filters = {filter_.buffer: _split_filter(model, filter_, long) for filter_ in _long_filters(model, long)}
    if not filters:
        return content
    for graph in model.subgraphs:
        _Splitter(model, graph, filters).split()
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def parts_of(length: int, channels: int, *, long: int = LONG) -> int:
    """Into how many parts a convolution is split; 1 if it stays whole.

    Args:
        length: how many numbers of the filter make one output.
        channels: how many channels the input has.
        long: from which length on.
    """
    positions = length // channels
    widest = max(LONGEST_PART // positions, FEWEST_CHANNELS)
    return ceil(channels / widest) if length >= long > positions * widest else 1


def _long_filters(model: Any, long: int) -> Sequence[Any]:
    """A tensor for each buffer that holds the filter of long convolutions and nothing else."""
    uses: dict[int, list[tuple[Any, Any]]] = defaultdict(list)
    holders: dict[int, list[Any]] = defaultdict(list)
    answers: set[int] = set()
    for graph in model.subgraphs:
        answers.update(graph.tensors[tensor].buffer for tensor in _present(graph.outputs))
        for tensor in graph.tensors:
            holders[tensor.buffer].append(tensor)
        for operator in graph.operators:
            for tensor in _present(operator.inputs):
                uses[graph.tensors[tensor].buffer].append((graph, operator))
    found: list[Any] = []
    for buffer, users in uses.items():
        if buffer in answers or not all(_is_filter(model, buffer, graph, operator) for graph, operator in users):
            continue
        filters = [graph.tensors[operator.inputs[1]] for graph, operator in users]
        are_all = {id(filter_) for filter_ in filters} == {id(holder) for holder in holders[buffer]}
        if are_all and len({tuple(filter_.shape) for filter_ in filters}) == 1 and _parts(filters[0], long) > 1:
            found.append(filters[0])
    return found


def _present(tensors: Any) -> Sequence[int]:
    """The numbers of tensors; -1 stands for one that is left out."""
    return [] if tensors is None else [int(tensor) for tensor in tensors if tensor >= 0]


def _parts(filter_: Any, long: int) -> int:
    shape = [int(size) for size in filter_.shape]
    return parts_of(prod(shape[1:]), shape[_CHANNELS], long=long)


def _is_filter(model: Any, buffer: int, graph: Any, operator: Any) -> bool:
    """Whether the operator is a convolution over all channels, and the buffer is its filter and nothing else to it."""
    if model.operatorCodes[operator.opcodeIndex].builtinCode != schema.BuiltinOperator.CONV_2D:
        return False
    tensors = [graph.tensors[tensor] for tensor in _present(operator.inputs)]
    data, filter_ = tensors[:2]
    return (
        model.buffers[buffer].data is not None
        and [tensor.buffer == buffer for tensor in tensors].count(True) == 1
        and filter_.buffer == buffer
        and filter_.type == data.type == schema.TensorType.FLOAT32
        and filter_.sparsity is None
        and data.shape is not None
        and len(data.shape) == len(filter_.shape) == _CHANNELS + 1
        and data.shape[_CHANNELS] == filter_.shape[_CHANNELS]
    )


def _split_filter(model: Any, filter_: Any, long: int) -> Sequence[_Part]:
    """The parts of a filter. The first has the filter's own buffer, which is changed."""
    whole = np.frombuffer(model.buffers[filter_.buffer].data, np.float32).reshape(filter_.shape)
    parts = np.array_split(whole, _parts(filter_, long), axis=_CHANNELS)
    contents = [np.frombuffer(part.tobytes(), np.uint8) for part in parts]
    model.buffers[filter_.buffer].data = contents[0]
    buffers = [filter_.buffer, *(_add_buffer(model, content) for content in contents[1:])]
    return [_Part(buffer, part.shape[_CHANNELS]) for buffer, part in zip(buffers, parts, strict=True)]


def _add_buffer(model: Any, content: Any) -> int:
    buffer: Any = schema.BufferT()
    buffer.data = content
    model.buffers.append(buffer)
    return len(model.buffers) - 1


class _Splitter:
    """Replaces the long convolutions of one graph.

    Args:
        model: the file.
        graph: one of its graphs.
        filters: the parts of each long filter, by the filter's buffer.
    """

    def __init__(self, model: Any, graph: Any, filters: Mapping[int, Sequence[_Part]]) -> None:
        self._model, self._graph, self._filters = model, graph, filters
        self._parts: dict[int, Sequence[int]] = {}
        """The tensors of the parts of each long filter, by the filter's tensor."""

    def split(self) -> None:
        """Change the graph's operators. The tensors between them keep their numbers."""
        operators = self._graph.operators
        self._graph.operators = [new for old in operators for new in (self._sum(old) if self._is_long(old) else [old])]

    def _is_long(self, operator: Any) -> bool:
        return any(self._graph.tensors[tensor].buffer in self._filters for tensor in _present(operator.inputs))

    def _sum(self, convolution: Any) -> Iterator[Any]:
        """The convolutions of the parts, each after its slice of the channels, and what adds them."""
        data, filter_ = convolution.inputs[:2]
        (output,) = convolution.outputs
        parts = self._parts_of(filter_)
        activation = convolution.builtinOptions.fusedActivationFunction
        total, start = -1, 0
        for number, part in enumerate(parts):
            channels = int(self._graph.tensors[part].shape[_CHANNELS])
            piece = self._like(data, channels)
            yield self._slice(data, piece, start)
            start += channels
            summand = self._like(output)
            yield self._convolution(convolution, [piece, part, *self._bias(convolution, first=number == 0)], summand)
            if number == 0:
                total = summand
            elif number < len(parts) - 1:
                longer = self._like(output)
                yield self._add(total, summand, longer, schema.ActivationFunctionType.NONE)
                total = longer
            else:
                yield self._add(total, summand, output, activation)

    def _parts_of(self, filter_: int) -> Sequence[int]:
        """The tensors of a filter's parts. The filter's own tensor becomes the first."""
        if filter_ not in self._parts:
            whole = self._graph.tensors[filter_]
            first, *others = self._filters[whole.buffer]
            self._narrow(filter_, first.channels)
            added = [self._add_tensor(whole, buffer=part.buffer) for part in others]
            for tensor, part in zip(added, others, strict=True):
                self._narrow(tensor, part.channels)
            self._parts[filter_] = [filter_, *added]
        return self._parts[filter_]

    def _narrow(self, tensor: int, channels: int) -> None:
        """Give a tensor so many channels."""
        narrowed = self._graph.tensors[tensor]
        narrowed.shape = np.array([*narrowed.shape[:_CHANNELS], channels], np.int32)
        if narrowed.shapeSignature is not None:
            narrowed.shapeSignature = np.array([*narrowed.shapeSignature[:_CHANNELS], channels], np.int32)

    def _bias(self, convolution: Any, *, first: bool) -> Sequence[int]:
        """The first part adds the convolution's bias, the others zeros."""
        bias = _present(convolution.inputs[2:])
        if first or not bias:
            return bias
        size = prod(int(size) for size in self._graph.tensors[bias[0]].shape)
        zeros = _add_buffer(self._model, np.zeros(4 * size, np.uint8))
        return [self._add_tensor(self._graph.tensors[bias[0]], buffer=zeros)]

    def _like(self, tensor: int, channels: int | None = None) -> int:
        """A tensor between operators, of the shape of another, with as many channels as it or as is said."""
        new = self._add_tensor(self._graph.tensors[tensor], buffer=0)
        if channels is not None:
            self._narrow(new, channels)
        return new

    def _add_tensor(self, like: Any, *, buffer: int) -> int:
        tensor = copy(like)
        tensor.buffer, tensor.name = buffer, b"%s;%d" % (like.name, len(self._graph.tensors))
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def _slice(self, data: int, piece: int, start: int) -> Any:
        channels = int(self._graph.tensors[piece].shape[_CHANNELS])
        options: Any = schema.StridedSliceOptionsT()
        options.beginMask = options.endMask = _ALL_BUT_CHANNELS
        bounds = [
            self._constant([0, 0, 0, start]),
            self._constant([0, 0, 0, start + channels]),
            self._constant([1] * 4),
        ]
        return self._operator("STRIDED_SLICE", [data, *bounds], piece, options)

    def _convolution(self, whole: Any, inputs: Sequence[int], output: int) -> Any:
        options = copy(whole.builtinOptions)
        options.fusedActivationFunction = schema.ActivationFunctionType.NONE
        part = copy(whole)
        part.inputs, part.outputs, part.builtinOptions = (
            np.array(inputs, np.int32),
            np.array([output], np.int32),
            options,
        )
        return part

    def _add(self, left: int, right: int, output: int, activation: int) -> Any:
        options: Any = schema.AddOptionsT()
        options.fusedActivationFunction = activation
        return self._operator("ADD", [left, right], output, options)

    def _constant(self, values: Sequence[int]) -> int:
        content = np.frombuffer(np.array(values, "<i4").tobytes(), np.uint8)
        tensor: Any = schema.TensorT()
        tensor.shape, tensor.type = np.array([len(values)], np.int32), schema.TensorType.INT32
        tensor.name = b""
        return self._add_tensor(tensor, buffer=_add_buffer(self._model, content))

    def _operator(self, name: str, inputs: Sequence[int], output: int, options: Any) -> Any:
        operator: Any = schema.OperatorT()
        operator.opcodeIndex = self._code(getattr(schema.BuiltinOperator, name))
        operator.inputs, operator.outputs = np.array(inputs, np.int32), np.array([output], np.int32)
        operator.builtinOptions = options
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
        return operator

    def _code(self, builtin: int) -> int:
        codes = self._model.operatorCodes
        for index, code in enumerate(codes):
            if code.builtinCode == builtin:
                return index
        code: Any = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = builtin  # both fit in a byte
        codes.append(code)
        return len(codes) - 1
