"""Rejects models that could harm the machine that serves them."""

from collections.abc import Collection
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import op_def_registry

from handlers.safety.check import HarmfulModel, check_meta_graph
from models.packaging.errors import PackagingError


def refuse_harm(meta_graph: Any, allowed: Collection[str]) -> None:
    """Check every node of the graph and of its functions.

    Args:
        meta_graph: a MetaGraphDef.
        allowed: names of operations to accept without a check.

    Raises:
        PackagingError: a node could do harm, or no engine has its operation; the message names the node.
    """
    try:
        check_meta_graph(meta_graph.SerializeToString(), allowed)
    except HarmfulModel as error:
        remedy = f". If you trust the model, allow it with --allow-op {error.operation}" if error.operation else ""
        raise PackagingError(f"{error}{remedy}") from None
    _refuse_unknown_operations(meta_graph.graph_def, allowed)


def _refuse_unknown_operations(graph: Any, allowed: Collection[str]) -> None:
    functions = {function.signature.name for function in graph.library.function}
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    for node in nodes:
        if node.op not in allowed and node.op not in functions and op_def_registry.get(node.op) is None:
            raise PackagingError(
                f"the node {node.name!r} is of the operation {node.op}, which TensorFlow {tf.__version__} does not "
                "have and no engine here loads. Export the model without it."
            )
