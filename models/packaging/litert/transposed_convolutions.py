"""Writes the transposed convolutions of a LiteRT file as convolutions.

With a free batch, the converter lets a graph compute the output's shape, and XNNPACK takes no transposed convolution
whose shape is computed: LiteRT's own kernel runs, on one thread. XNNPACK's own transposed convolution is slow, too, for
a batch of one or two.

A transposed convolution with a stride of 2 makes four outputs for each position: those in even and odd rows and
columns. Each of the four is a convolution of the same input, by every second row and column of the filter. So one
convolution makes all four, as channels, and a move of the channels into rows and columns puts them in their places.
Shi et al., Is the deconvolution layer the same as a convolutional layer? https://arxiv.org/abs/1609.07009
"""

from collections.abc import Iterator, Sequence
from math import ceil
from typing import Any, NamedTuple

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

from models.packaging.litert.edits import CHANNELS, GraphEdits, numbers, present, sizes_of

_OPERATORS = schema.BuiltinOperator
_SHAPE_ARITHMETIC = frozenset(
    {
        *(_OPERATORS.SHAPE, _OPERATORS.STRIDED_SLICE, _OPERATORS.PACK, _OPERATORS.CONCATENATION, _OPERATORS.RESHAPE),
        *(_OPERATORS.ADD, _OPERATORS.SUB, _OPERATORS.MUL, _OPERATORS.CAST),
    }
)
"""What computes the shape of an output, and can go with it."""

MOST_EXAMPLES = 2
"""A batch that is fixed to more examples is left to XNNPACK: there its own transposed convolution is fast."""

_ANY_SIZE = 1 << 16
"""Stands for a size that is free."""


class _Axis(NamedTuple):
    """Rows or columns of a transposed convolution."""

    stride: int
    taps: int
    """Rows, or columns, of the convolution's filter."""
    before: int
    after: int
    """So many zeros go before the input, and after it."""
    start: int
    """Where the answer begins in what the phases make together."""
    surplus: int
    """How much they make after its end."""


class _Filter(NamedTuple):
    """The filter of a convolution that stands for a transposed one."""

    buffer: int
    """That of the transposed one's filter. The converter keeps equal bytes once, also of filters of two shapes."""
    shape: tuple[int, ...]
    """Of the transposed one's filter."""
    rows: tuple[int, int]
    """The stride along the rows, and the convolution's taps."""
    columns: tuple[int, int]


def as_convolutions(content: bytes) -> bytes:
    """The file with its transposed convolutions as convolutions. The same bytes if none can be written so."""
    model: Any = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    filters: dict[_Filter, int] = {}
    changed = [_Rewriter(model, graph, filters).rewrite() for graph in model.subgraphs]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model)) if any(changed) else content


def axis_of(size: int, output: int, kernel: int, stride: int) -> _Axis:
    """How rows, or columns, of a transposed convolution are convolved.

    Output position o adds up filter[k] × input[i] for all k, i with o + p = stride × i + k, where p is half of what the
    filter reaches beyond the output: `ComputePaddingHeightWidth` of LiteRT. With o + p = stride × q + r, that is
    filter[r + stride × j] × input[q - j] for all j: a convolution for each phase r.

    Args:
        size: of the input.
        output: the size of the output.
        kernel: the size of the filter.
        stride: at most the size of the filter.
    """
    padding = max((size - 1) * stride + kernel - output, 0) // 2
    taps = ceil(kernel / stride)
    first, last = padding // stride, (output - 1 + padding) // stride
    start = padding - stride * first
    made = stride * (last - first + 1)
    return _Axis(stride, taps, taps - 1 - first, last - (size - 1), start, made - start - output)


class _Rewriter:
    """Replaces the transposed convolutions of one graph.

    Args:
        model: the file.
        graph: one of its graphs.
        filters: the buffers of the filters made so far, also for other graphs.
    """

    def __init__(self, model: Any, graph: Any, filters: dict[_Filter, int]) -> None:
        self._edits, self._model, self._graph, self._filters = GraphEdits(model, graph), model, graph, filters
        self._makers = {int(tensor): each for each in graph.operators for tensor in present(each.outputs)}

    def rewrite(self) -> bool:
        """Change the graph; whether there was something to change."""
        operators: list[Any] = []
        unused: list[int] = []
        for operator in self._graph.operators:
            axes = self._axes(operator)
            if axes is None:
                operators.append(operator)
            else:
                operators += self._convolution(operator, *axes)
                unused += present(operator.inputs)[:2]
        self._graph.operators = operators
        for tensor in unused:
            self._drop(tensor)
        return bool(unused)

    def _axes(self, operator: Any) -> tuple[_Axis, _Axis] | None:
        """Rows and columns of a transposed convolution; None for what stays as it is."""
        if self._edits.kind(operator) != _OPERATORS.TRANSPOSE_CONV:
            return None
        inputs = present(operator.inputs)
        filter_, data = self._graph.tensors[inputs[1]], self._graph.tensors[inputs[2]]
        given, made = sizes_of(data), sizes_of(self._graph.tensors[operator.outputs[0]])
        constants = [numbers(self._model, self._graph.tensors[tensor]) for tensor in (inputs[1], *inputs[3:])]
        options = operator.builtinOptions
        rows, columns = options.strideH, options.strideW
        if (
            any(constant is None for constant in constants)
            or not filter_.type == data.type == schema.TensorType.FLOAT32
            or len(given) != CHANNELS + 1
            or len(made) != CHANNELS + 1
            or given[CHANNELS] == -1
            or given[0] > MOST_EXAMPLES
            or (rows != columns and rows != 1)
        ):
            return None
        found: list[_Axis] = []
        for axis, stride in ((1, rows), (2, columns)):
            size, output, kernel = given[axis], made[axis], int(filter_.shape[axis])
            if size == -1 and self._is_multiple(inputs[0], axis, inputs[2], stride):
                size, output = _ANY_SIZE, _ANY_SIZE * stride
            if kernel < stride or size < 1 or output < 1:
                return None
            found.append(axis_of(size, output, kernel, stride))
        if rows == 1 < columns and -1 in (given[1], given[2]):  # a reshape takes one free size
            return None
        return found[0], found[1]

    def _is_multiple(self, shape: int, axis: int, data: int, times: int) -> bool:
        """Whether the graph computes the output's size as a multiple of the input's."""
        size = self._element(shape, axis)
        maker = self._makers.get(size)
        if times > 1:
            if maker is None or self._edits.kind(maker) != _OPERATORS.MUL:
                return False
            left, right = present(maker.inputs)
            factor = numbers(self._model, self._graph.tensors[right])
            if factor is None or factor.size != 1 or int(factor) != times:
                return False
            maker = self._makers.get(left)
        if maker is None or self._edits.kind(maker) != _OPERATORS.STRIDED_SLICE:
            return False
        source, begin, *_ = present(maker.inputs)
        first, of = numbers(self._model, self._graph.tensors[begin]), self._makers.get(source)
        return (
            first is not None
            and first.tolist() == [axis]
            and of is not None
            and self._edits.kind(of) == _OPERATORS.SHAPE
            and present(of.inputs) == [data]
        )

    def _element(self, shape: int, axis: int) -> int:
        """The tensor with one size of a computed shape; -1 for none."""
        maker = self._makers.get(shape)
        if maker is None or self._edits.kind(maker) != _OPERATORS.PACK:
            return -1
        return present(maker.inputs)[axis]

    def _convolution(self, operator: Any, rows: _Axis, columns: _Axis) -> Iterator[Any]:
        """The operators that make what a transposed convolution makes."""
        _, filter_, data, *bias = present(operator.inputs)
        output = int(operator.outputs[0])
        given, outputs = sizes_of(self._graph.tensors[data]), int(self._graph.tensors[filter_].shape[0])
        source = data
        if any((rows.before, rows.after, columns.before, columns.after)):
            margins = [[0, 0], [rows.before, rows.after], [columns.before, columns.after], [0, 0]]
            wider = [
                given[0],
                _plus(given[1], rows.before + rows.after),
                _plus(given[2], columns.before + columns.after),
            ]
            source = self._edits.tensor(data, [*wider, given[CHANNELS]])
            yield self._edits.operator("PAD", [data, self._edits.integers(margins)], source, schema.PadOptionsT())
        padded = sizes_of(self._graph.tensors[source])
        phases = rows.stride * columns.stride
        heights, widths = _plus(padded[1], 1 - rows.taps), _plus(padded[2], 1 - columns.taps)
        whole = [given[0], _times(heights, rows.stride), _times(widths, columns.stride), outputs]
        crops = any((rows.start, rows.surplus, columns.start, columns.surplus))
        apart = self._edits.tensor(output, [given[0], heights, widths, phases * outputs]) if phases > 1 else -1
        together = self._edits.tensor(output, whole) if crops else output
        constants = [self._phases(filter_, rows, columns), self._bias(filter_, bias, phases * outputs)]
        yield self._convolve(operator, [source, *constants], together if phases == 1 else apart)
        if phases > 1:
            yield self._interleave(apart, together, rows, columns, whole)
        if crops:
            begin = [0, rows.start, columns.start, 0]
            # A free size has its end counted from the end, where 0 would be the beginning.
            ends = [_end(each, size) for each, size in ((rows, whole[1]), (columns, whole[2]))]
            yield self._edits.slice(together, output, begin, [0, *ends, 0], whole=0b1001)

    def _phases(self, filter_: int, rows: _Axis, columns: _Axis) -> int:
        """The filter of the convolution: for each phase and output its taps in reverse, then zeros if it has fewer."""
        old = self._graph.tensors[filter_]
        whole = numbers(self._model, old)
        assert whole is not None  # noqa: S101 - `_axes` saw it
        outputs, height, width, channels = whole.shape
        padded = np.zeros((outputs, rows.taps * rows.stride, columns.taps * columns.stride, channels), np.float32)
        padded[:, :height, :width] = whole
        split = padded.reshape(outputs, rows.taps, rows.stride, columns.taps, columns.stride, channels)
        phases = split[:, ::-1, :, ::-1].transpose(2, 4, 0, 1, 3, 5)
        new = phases.reshape(-1, rows.taps, columns.taps, channels)
        key = _Filter(old.buffer, whole.shape, (rows.stride, rows.taps), (columns.stride, columns.taps))
        if key in self._filters:
            return self._edits.tensor(filter_, new.shape, buffer=self._filters[key])
        made = self._edits.floats(filter_, new)
        self._filters[key] = self._graph.tensors[made].buffer
        return made

    def _bias(self, filter_: int, bias: Sequence[int], size: int) -> int:
        """The bias, repeated for each phase. A convolution must have one."""
        once = numbers(self._model, self._graph.tensors[bias[0]]) if bias else np.zeros(1, np.float32)
        assert once is not None  # noqa: S101 - `_axes` saw it
        return self._edits.floats(filter_, np.resize(once, size))

    def _convolve(self, transposed: Any, inputs: Sequence[int], output: int) -> Any:
        options: Any = schema.Conv2DOptionsT()
        options.padding = schema.Padding.VALID
        options.strideH = options.strideW = options.dilationHFactor = options.dilationWFactor = 1
        options.fusedActivationFunction = transposed.builtinOptions.fusedActivationFunction
        return self._edits.operator("CONV_2D", inputs, output, options)

    def _interleave(self, apart: int, together: int, rows: _Axis, columns: _Axis, sizes: Sequence[int]) -> Any:
        """Put the phases into rows and columns. In one row, they are in their places already."""
        if rows.stride == columns.stride:
            options: Any = schema.DepthToSpaceOptionsT()
            options.blockSize = rows.stride
            return self._edits.operator("DEPTH_TO_SPACE", [apart], together, options)
        return self._edits.operator(
            "RESHAPE", [apart, self._edits.integers([-1, *sizes[1:]])], together, schema.ReshapeOptionsT()
        )

    def _drop(self, tensor: int) -> None:
        """Drop what nothing uses any more: a filter, or what computed a shape."""
        if tensor in present(self._graph.outputs) or tensor in present(self._graph.inputs):
            return
        if any(tensor in present(each.inputs) for each in self._graph.operators):
            return
        maker = self._makers.get(tensor)
        if maker is None:
            self._empty(self._graph.tensors[tensor])
        elif self._edits.kind(maker) in _SHAPE_ARITHMETIC and maker in self._graph.operators:
            self._graph.operators = [each for each in self._graph.operators if each is not maker]
            for given in present(maker.inputs):
                self._drop(given)

    def _empty(self, tensor: Any) -> None:
        """Let go of a constant that no other tensor holds."""
        buffer, tensor.buffer = tensor.buffer, 0
        if not any(each.buffer == buffer for graph in self._model.subgraphs for each in graph.tensors):
            self._model.buffers[buffer].data = None


def _plus(size: int, more: int) -> int:
    return size if size == -1 else size + more


def _times(size: int, factor: int) -> int:
    return size if size == -1 else size * factor


def _end(axis: _Axis, size: int) -> int:
    """Where a slice ends that leaves the surplus."""
    if size != -1:
        return size - axis.surplus
    return -axis.surplus if axis.surplus else np.iinfo(np.int32).max
