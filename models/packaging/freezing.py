"""A SavedModel's signatures as one frozen graph."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import (  # the one freezer that keeps tensor names
    convert_variables_to_constants_from_session_graph,
)

from handlers.manifest import Signature
from models.packaging.meta_graph import SERVE_TAG

v1: Any = tf.compat.v1


def freeze(saved_model: Path, signatures: Mapping[str, Signature]) -> bytes:
    """A serialized GraphDef in which variables are constants and tensors keep the SavedModel's names.

    It holds what these signatures need and nothing else: no saver, no initialisation.
    """
    outputs = {spec.tensor.split(":")[0] for signature in signatures.values() for spec in signature.outputs.values()}
    graph = tf.Graph()
    with graph.as_default(), v1.Session(graph=graph) as session:
        v1.saved_model.loader.load(session, [SERVE_TAG], str(saved_model))
        frozen = convert_variables_to_constants_from_session_graph(session, graph.as_graph_def(), sorted(outputs))
    return frozen.SerializeToString(deterministic=True)
