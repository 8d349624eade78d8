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

from models.packaging.litert.edits import CHANNELS, GraphEdits, add_buffer, present, sizes_of

LONG = 9216
"""From so many numbers of the filter for one output on, a convolution is split: 1,024 channels of a filter of 3 by 3.
`python -m benchmarks convolutions` measures what a split gains."""

LONGEST_PART = 4608
"""The most such numbers in a part, unless `FEWEST_CHANNELS` have more."""

FEWEST_CHANNELS = 64
"""The fewest channels of a part. Parts of fewer are no faster than the whole, and may be slower. If parts of so many
channels are still long, the convolution stays whole."""

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
        answers.update(graph.tensors[tensor].buffer for tensor in present(graph.outputs))
        for tensor in graph.tensors:
            holders[tensor.buffer].append(tensor)
        for operator in graph.operators:
            for tensor in present(operator.inputs):
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


def _parts(filter_: Any, long: int) -> int:
    shape = [int(size) for size in filter_.shape]
    return parts_of(prod(shape[1:]), shape[CHANNELS], long=long)


def _is_filter(model: Any, buffer: int, graph: Any, operator: Any) -> bool:
    """Whether the operator is a convolution over all channels, and the buffer is its filter and nothing else to it."""
    if model.operatorCodes[operator.opcodeIndex].builtinCode != schema.BuiltinOperator.CONV_2D:
        return False
    tensors = [graph.tensors[tensor] for tensor in present(operator.inputs)]
    data, filter_ = tensors[:2]
    return (
        model.buffers[buffer].data is not None
        and [tensor.buffer == buffer for tensor in tensors].count(True) == 1
        and filter_.buffer == buffer
        and filter_.type == data.type == schema.TensorType.FLOAT32
        and filter_.sparsity is None
        and data.shape is not None
        and len(data.shape) == len(filter_.shape) == CHANNELS + 1
        and data.shape[CHANNELS] == filter_.shape[CHANNELS]
    )


def _split_filter(model: Any, filter_: Any, long: int) -> Sequence[_Part]:
    """The parts of a filter. The first has the filter's own buffer, which is changed."""
    whole = np.frombuffer(model.buffers[filter_.buffer].data, np.float32).reshape(filter_.shape)
    parts = np.array_split(whole, _parts(filter_, long), axis=CHANNELS)
    contents = [np.frombuffer(part.tobytes(), np.uint8) for part in parts]
    model.buffers[filter_.buffer].data = contents[0]
    buffers = [filter_.buffer, *(add_buffer(model, content) for content in contents[1:])]
    return [_Part(buffer, part.shape[CHANNELS]) for buffer, part in zip(buffers, parts, strict=True)]


class _Splitter:
    """Replaces the long convolutions of one graph.

    Args:
        model: the file.
        graph: one of its graphs.
        filters: the parts of each long filter, by the filter's buffer.
    """

    def __init__(self, model: Any, graph: Any, filters: Mapping[int, Sequence[_Part]]) -> None:
        self._edits, self._model, self._graph, self._filters = GraphEdits(model, graph), model, graph, filters
        self._parts: dict[int, Sequence[int]] = {}
        """The tensors of the parts of each long filter, by the filter's tensor."""

    def split(self) -> None:
        """Change the graph's operators. The tensors between them keep their numbers."""
        operators = self._graph.operators
        self._graph.operators = [new for old in operators for new in (self._sum(old) if self._is_long(old) else [old])]

    def _is_long(self, operator: Any) -> bool:
        return any(self._graph.tensors[tensor].buffer in self._filters for tensor in present(operator.inputs))

    def _sum(self, convolution: Any) -> Iterator[Any]:
        """The convolutions of the parts, each after its slice of the channels, and what adds them."""
        data, filter_ = (int(tensor) for tensor in convolution.inputs[:2])
        (output,) = (int(tensor) for tensor in convolution.outputs)
        parts = self._parts_of(filter_)
        activation = convolution.builtinOptions.fusedActivationFunction
        total, start = -1, 0
        for number, part in enumerate(parts):
            channels = int(self._graph.tensors[part].shape[CHANNELS])
            piece = self._edits.tensor(data, self._narrowed(data, channels))
            end = start + channels
            yield self._edits.slice(data, piece, [0, 0, 0, start], [0, 0, 0, end], whole=_ALL_BUT_CHANNELS)
            start = end
            summand = self._edits.tensor(output)
            yield self._convolution(convolution, [piece, part, *self._bias(convolution, first=number == 0)], summand)
            if number == 0:
                total = summand
            elif number < len(parts) - 1:
                longer = self._edits.tensor(output)
                yield self._add(total, summand, longer, schema.ActivationFunctionType.NONE)
                total = longer
            else:
                yield self._add(total, summand, output, activation)

    def _parts_of(self, filter_: int) -> Sequence[int]:
        """The tensors of a filter's parts. The filter's own tensor becomes the first."""
        if filter_ not in self._parts:
            first, *others = self._filters[self._graph.tensors[filter_].buffer]
            self._edits.resize(filter_, self._narrowed(filter_, first.channels))
            added = [
                self._edits.tensor(filter_, self._narrowed(filter_, part.channels), buffer=part.buffer)
                for part in others
            ]
            self._parts[filter_] = [filter_, *added]
        return self._parts[filter_]

    def _narrowed(self, tensor: int, channels: int) -> Sequence[int]:
        """The sizes of a tensor with so many channels."""
        return [*sizes_of(self._graph.tensors[tensor])[:CHANNELS], channels]

    def _bias(self, convolution: Any, *, first: bool) -> Sequence[int]:
        """The first part adds the convolution's bias, the others zeros."""
        bias = present(convolution.inputs[2:])
        if first or not bias:
            return bias
        return [self._edits.floats(bias[0], np.zeros(sizes_of(self._graph.tensors[bias[0]]), np.float32))]

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
        return self._edits.operator("ADD", [left, right], output, options)
