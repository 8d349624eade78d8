"""Static shapes: what a request of some size comes down to inside a network, without running it.

TensorFlow answers where it should not: its convolutions for Intel's processors pass a picture on that is smaller than
their filter, and what follows reads memory that nobody wrote.
"""

from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import config_pb2, meta_graph_pb2
from tensorflow.python.grappler import tf_optimizer

from handlers.manifest import Signature
from models.packaging.arrays import Arrays

SHAPES = "_output_shapes"
"""The attribute with the shapes that were known when the graph was saved."""


class StaticShapes:
    """The shapes of a signature's tensors.

    Args:
        meta_graph: the SavedModel's.
        signature: the signature.
    """

    def __init__(self, meta_graph: Any, signature: Signature) -> None:
        self._signature = signature
        self._graph_def = _without_calls(meta_graph, signature)

    def fit(self, request: Arrays) -> bool:
        """Whether every tensor of floating-point numbers, as far as shapes are known, holds some."""
        shapes = {spec.tensor.partition(":")[0]: request[name].shape for name, spec in self._signature.inputs.items()}
        graph_def: Any = tf.compat.v1.GraphDef()
        graph_def.CopyFrom(self._graph_def)
        for node in graph_def.node:
            if node.name in shapes and "shape" in node.attr:
                node.attr["shape"].shape.CopyFrom(tf.TensorShape(shapes[node.name]).as_proto())
        graph = tf.Graph()
        try:
            with graph.as_default():
                tf.graph_util.import_graph_def(graph_def, name="")
        except ValueError:  # a size below 0
            return False
        return not any(_is_empty(output) for operation in graph.get_operations() for output in operation.outputs)


def _without_calls(meta_graph: Any, signature: Signature) -> Any:
    """The GraphDef that a signature needs, in which functions are in the place of their calls."""
    own: Any = meta_graph_pb2.MetaGraphDef(graph_def=meta_graph.graph_def)
    kept = {spec.tensor.partition(":")[0] for spec in [*signature.inputs.values(), *signature.outputs.values()]}
    own.collection_def["train_op"].node_list.value.extend(sorted(kept))  # Grappler keeps the nodes of this collection
    config: Any = config_pb2.ConfigProto()
    rewriting = config.graph_options.rewrite_options
    rewriting.optimizers.append("function")
    rewriting.min_graph_nodes = -1  # optimize graphs of any size
    graph_def = tf_optimizer.OptimizeGraph(config, own)
    for node in graph_def.node:
        node.attr.pop(SHAPES, None)
    return graph_def


def _is_empty(tensor: Any) -> bool:
    return tensor.dtype.is_floating and tensor.shape.rank is not None and 0 in tensor.shape.as_list()
