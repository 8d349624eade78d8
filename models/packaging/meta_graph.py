"""Reads a SavedModel's MetaGraphDef and its signatures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import saved_model_pb2

from handlers.manifest import PREDICT_METHOD, Signature, TensorSpec
from models.packaging.errors import PackagingError
from models.packaging.sources import GRAPH_FILE
from models.packaging.tensor_specs import read_specs, supported_dtype

SERVE_TAG = "serve"
INIT_SIGNATURE = "__saved_model_init_op"
"""TensorFlow's name for the initialisation; clients cannot call it."""


def read_meta_graph(saved_model: Path) -> Any:
    """The MetaGraphDef tagged for serving. Raises PackagingError."""
    document = saved_model_pb2.SavedModel()
    try:
        document.ParseFromString((saved_model / GRAPH_FILE).read_bytes())
    except (OSError, DecodeError) as error:
        raise PackagingError(f"{saved_model / GRAPH_FILE} is not a SavedModel: {error}") from None
    for meta_graph in document.meta_graphs:
        if SERVE_TAG in meta_graph.meta_info_def.tags:
            return meta_graph
    tags = [sorted(meta_graph.meta_info_def.tags) for meta_graph in document.meta_graphs]
    raise PackagingError(
        f"{saved_model} has no graph tagged {SERVE_TAG!r}; its tags are {tags}. Export it for serving."
    )


def read_signatures(meta_graph: Any) -> Mapping[str, Signature]:
    """Every signature that clients can call, in the order of the names. Raises PackagingError if there is none."""
    signatures = {
        name: Signature(
            inputs=read_specs(name, definition.inputs, _spec),
            outputs=read_specs(name, definition.outputs, _spec),
            method_name=definition.method_name or PREDICT_METHOD,
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


def _spec(where: str, definition: Any) -> TensorSpec:
    if definition.WhichOneof("encoding") != "name":
        raise PackagingError(f"{where} is a sparse or composite tensor; a signature takes and returns dense tensors")
    shape = definition.tensor_shape
    return TensorSpec(
        dtype=supported_dtype(where, tf.dtypes.as_dtype(definition.dtype).name),
        shape=None if shape.unknown_rank else tuple(dimension.size for dimension in shape.dim),
        tensor=definition.name,
    )
