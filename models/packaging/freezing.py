"""Freezes a SavedModel's signatures into one graph."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import tensorflow as tf
from tensorflow.core.protobuf import config_pb2, meta_graph_pb2
from tensorflow.python.framework.convert_to_constants import (  # the one freezer that keeps tensor names
    convert_variables_to_constants_from_session_graph,
)
from tensorflow.python.grappler import tf_optimizer

from handlers.manifest import Signature
from models.packaging.meta_graph import SERVE_TAG

v1: Any = tf.compat.v1

OPTIMIZERS = ("function", "constfold", "dependency")
"""Grappler's optimizers that inline functions, fold constants and remove unused nodes. A session would run them at its
first call, and they take most of that call's time. Optimizers that insert operations for one kind of processor are left
out, so that the graph runs on every processor."""


def freeze(saved_model: Path, signatures: Mapping[str, Signature]) -> bytes:
    """A serialized, optimized GraphDef in which variables are constants and tensors keep the SavedModel's names.

    It holds only the nodes that these signatures need: no saver, no initialisation.
    """
    outputs = nodes(signatures.values(), "outputs")
    frozen = freeze_variables(saved_model, outputs)
    optimized = optimize(frozen, [*nodes(signatures.values(), "inputs"), *outputs], OPTIMIZERS)
    return optimized.SerializeToString(deterministic=True)


def freeze_variables(saved_model: Path, outputs: Sequence[str]) -> Any:
    """The GraphDef of the nodes that these ones need, in which variables are constants."""
    graph = tf.Graph()
    with graph.as_default(), v1.Session(graph=graph) as session:
        v1.saved_model.loader.load(session, [SERVE_TAG], str(saved_model))
        return convert_variables_to_constants_from_session_graph(session, graph.as_graph_def(), outputs)


def nodes(signatures: Iterable[Signature], kind: Literal["inputs", "outputs"]) -> list[str]:
    """The names of the nodes that are the inputs, or outputs, of these signatures."""
    specs = [spec for signature in signatures for spec in getattr(signature, kind).values()]
    return sorted({spec.tensor.split(":")[0] for spec in specs})


def optimize(graph_def: Any, kept: Sequence[str], optimizers: Sequence[str]) -> Any:
    """The GraphDef after these optimizers of Grappler; keeps the nodes named in `kept`."""
    meta_graph: Any = meta_graph_pb2.MetaGraphDef(graph_def=graph_def)
    meta_graph.collection_def["train_op"].node_list.value.extend(kept)  # Grappler keeps the nodes of this collection
    config: Any = config_pb2.ConfigProto()
    rewriting = config.graph_options.rewrite_options
    rewriting.optimizers.extend(optimizers)
    rewriting.min_graph_nodes = -1  # optimize graphs of any size
    return tf_optimizer.OptimizeGraph(config, meta_graph)
