"""Reads a SavedModel's MetaGraphDef and its signatures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import saved_model_pb2

from handlers.manifest import PREDICT_METHOD, Signature, TensorSpec
from handlers.serving.tensor_proto import read_tensor
from models.packaging.errors import PackagingError
from models.packaging.sources import GRAPH_FILE
from models.packaging.tensor_specs import read_specs, supported_dtype

SERVE_TAG = "serve"
INIT_SIGNATURE = "__saved_model_init_op"
"""TensorFlow's name for the initialisation; clients cannot call it."""


def read_meta_graph(saved_model: Path, source: Path | None = None) -> Any:
    """The MetaGraphDef that TensorFlow loads for serving: the one with the tag `serve` and no other.

    Raises PackagingError; its message names `source`, of which `saved_model` is a copy.
    """
    source = source or saved_model
    document = saved_model_pb2.SavedModel()
    try:
        document.ParseFromString((saved_model / GRAPH_FILE).read_bytes())
    except (OSError, DecodeError):
        document.Clear()
    if not document.meta_graphs:
        raise PackagingError(f"{source / GRAPH_FILE} is cut short, or is not a SavedModel; save the model again")
    tags = [sorted(meta_graph.meta_info_def.tags) for meta_graph in document.meta_graphs]
    if [SERVE_TAG] in tags:
        return document.meta_graphs[tags.index([SERVE_TAG])]
    found = " and ".join(f"{{{', '.join(each)}}}" for each in tags)
    raise PackagingError(
        f"{source} has no graph for serving: TensorFlow loads the one that is tagged {{{SERVE_TAG}}} and nothing else, "
        f"and its graphs are tagged {found}. Export it with the tags ['{SERVE_TAG}']."
    )


def read_signatures(meta_graph: Any) -> Mapping[str, Signature]:
    """Every signature that clients can call, in the order of the names. Raises PackagingError if there is none."""
    signatures = {
        name: Signature(
            inputs=read_specs(name, definition.inputs, _spec),
            outputs=read_specs(name, definition.outputs, _spec),
            method_name=definition.method_name or PREDICT_METHOD,
            defaults={key: read_tensor(_content(value)) for key, value in sorted(definition.defaults.items())},
        )
        for name, definition in sorted(meta_graph.signature_def.items())
        if name != INIT_SIGNATURE and definition.outputs
    }
    if not signatures:
        raise PackagingError(
            "the SavedModel has no signature to call. Save it with tf.saved_model.save(…, signatures={…}), "
            "or export a Keras model with model.export(…)."
        )
    return signatures


def _content(message: Any) -> memoryview:
    return memoryview(message.SerializeToString())


def _spec(where: str, definition: Any) -> TensorSpec:
    if definition.WhichOneof("encoding") != "name":
        raise PackagingError(
            f"{where} is a sparse or composite tensor; a signature takes and returns dense tensors. Return its parts "
            "(of a tf.SparseTensor the indices, values and dense_shape), or what tf.sparse.to_dense makes of it."
        )
    shape = definition.tensor_shape
    return TensorSpec(
        dtype=supported_dtype(where, tf.dtypes.as_dtype(definition.dtype).name),
        shape=None if shape.unknown_rank else tuple(dimension.size for dimension in shape.dim),
        tensor=definition.name,
    )
