"""Static shapes: what a request of some size comes down to inside a network, without running it.

TensorFlow answers where it should not: its convolutions for Intel's processors pass a picture on that is smaller than
their filter, and what follows reads memory that nobody wrote.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import tensorflow as tf

from handlers.manifest import Signature
from models.packaging.freezing import nodes, optimize
from models.packaging.requests.generated import Fits, fits_anything

v1: Any = tf.compat.v1

_SAVED_SHAPES = "_output_shapes"
"""The attribute with the shapes that were known when the graph was saved."""


def fits_of(meta_graph: Any, signature: Signature) -> Fits:
    """What says whether inputs are large enough for a signature of a SavedModel.

    They are if every tensor of floating-point numbers that is computed from them holds some.
    """
    inputs = {name: spec.tensor.partition(":")[0] for name, spec in signature.inputs.items()}
    try:
        graph_def = _without_calls(meta_graph, signature)
    except Exception:  # Grappler takes no input of unknown rank, and may lack an operation
        return fits_anything

    def fit(shapes: Mapping[str, tuple[int, ...]]) -> bool:
        by_node = {node: shapes[name] for name, node in inputs.items()}
        try:
            graph = _imported(graph_def, by_node)
        except ValueError:  # a size would be below 0, or does not go with another
            return False
        except Exception:  # the graph cannot be built again
            return True
        return not any(_is_empty(tensor) for tensor in _computed_from(graph, by_node))

    return fit


def _without_calls(meta_graph: Any, signature: Signature) -> Any:
    """The GraphDef that a signature needs, in which functions are in the place of their calls."""
    outputs = nodes([signature], "outputs")
    needed = v1.graph_util.extract_sub_graph(meta_graph.graph_def, outputs)
    graph_def = optimize(needed, [*nodes([signature], "inputs"), *outputs], ["function"])
    for node in graph_def.node:
        node.attr.pop(_SAVED_SHAPES, None)
    return graph_def


def _imported(graph_def: Any, shapes: Mapping[str, tuple[int, ...]]) -> Any:
    """The graph with inputs of these shapes. Raises ValueError if its operations cannot take them."""
    fixed: Any = v1.GraphDef()
    fixed.CopyFrom(graph_def)
    for node in fixed.node:
        if node.name in shapes and "shape" in node.attr:
            node.attr["shape"].shape.CopyFrom(tf.TensorShape(shapes[node.name]).as_proto())
    graph = tf.Graph()
    with graph.as_default():
        tf.graph_util.import_graph_def(fixed, name="")
    return graph


def _computed_from(graph: Any, inputs: Collection[str]) -> Iterator[Any]:
    """The tensors that are computed from these nodes. Others may be empty at any size."""
    waiting = [operation for operation in graph.get_operations() if operation.name in inputs]
    seen = set(waiting)
    while waiting:
        for tensor in waiting.pop().outputs:
            yield tensor
            new = set(tensor.consumers()) - seen
            seen |= new
            waiting += new


def _is_empty(tensor: Any) -> bool:
    return tensor.dtype.is_floating and tensor.shape.rank is not None and 0 in tensor.shape.as_list()
