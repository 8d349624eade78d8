"""Converts a signature of a SavedModel to ONNX, as ONNX Runtime loads it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tf2onnx
from onnx import defs
from tf2onnx import utils

from handlers.manifest import Signature, TensorSpec
from handlers.serving.engines.onnxruntime import INPUT, NEEDS_ELEMENTS, OUTPUT, PROVIDERS, SILENT, native, refuse_types
from models.packaging.errors import PackagingError
from models.packaging.freezing import freeze_variables
from models.packaging.meta_graph import read_meta_graph
from models.packaging.state import operations_of

OPSET = 18
"""The version of ONNX's operations that is written. Each version of ONNX Runtime reads all earlier ones."""

RECURRENT = frozenset({"GRU", "LSTM", "RNN"})
"""Operations on which ONNX Runtime ends the process if a batch is empty."""

CHOOSING = frozenset({"NonZero", "Compress"})
"""Operations that leave out rows by their values: a batch may be empty behind them, though the request was not."""

CHECKS = frozenset({"Assert", "CheckNumerics"})
"""Operations of TensorFlow that refuse an input, and that the converter leaves out."""


def convert(saved_model: Path, name: str, signature: Signature) -> bytes:
    """A serialized, optimized ModelProto. Its inputs and outputs are numbered in the signature's order.

    Raises PackagingError or EngineError if ONNX Runtime cannot do what the model does, or what the converter raises.
    """
    native()  # before the converter may import ONNX Runtime: it switches the telemetry off
    refuse_types(name, signature)
    if checks := CHECKS & operations_of(read_meta_graph(saved_model), signature):
        raise PackagingError(f"the model checks its input ({', '.join(sorted(checks))}), and ONNX would leave that out")
    if not signature.inputs:
        raise PackagingError("it takes no input, and the converter to ONNX wants one")
    model, _ = tf2onnx.convert.from_function(
        _function(saved_model, signature),
        [_input(number, spec) for number, spec in enumerate(signature.inputs.values())],
        opset=OPSET,
        custom_op_handlers={"Erfc": (write_erfc, [])},
    )
    found = {(node.op_type, node.domain) for node in nodes(model.graph)}
    if missing := sorted({name for name, domain in found if not defs.has(name, domain)}):
        raise PackagingError(f"ONNX has no {', '.join(missing)}")
    names = {name for name, _ in found}
    if names & RECURRENT and names & CHOOSING:
        raise PackagingError(
            "it leaves out rows by their values, and ONNX Runtime takes no empty batch in a recurrent layer"
        )
    if names & RECURRENT:
        model.metadata_props.add(key=NEEDS_ELEMENTS, value="true")
    return optimize(model.SerializeToString(deterministic=True))


def _input(number: int, spec: TensorSpec) -> Any:
    shape: Any = None if spec.shape is None else [None if size == -1 else size for size in spec.shape]
    return tf.TensorSpec(shape, spec.dtype, f"{INPUT}{number}")


def _function(saved_model: Path, signature: Signature) -> Any:
    """The signature as a function of its inputs, with variables that are constants."""
    inputs, outputs = ([spec.tensor for spec in specs.values()] for specs in (signature.inputs, signature.outputs))
    graph = freeze_variables(saved_model, sorted({tensor.split(":")[0] for tensor in outputs}))

    def compute(*given: Any) -> dict[str, Any]:
        found = tf.graph_util.import_graph_def(graph, dict(zip(inputs, given, strict=True)), outputs, name="")
        return {f"{OUTPUT}{number}": tensor for number, tensor in enumerate(found)}

    return tf.function(compute, autograph=False)


def nodes(graph: Any) -> Iterator[Any]:
    """All nodes of a GraphProto, those of its branches and loops included."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from nodes(inner)


def optimize(model: bytes) -> bytes:
    """The model after the optimizers of ONNX Runtime that fit every processor, so that no cold start runs them."""
    with tempfile.TemporaryDirectory(prefix="onnx-") as directory:
        optimized = Path(directory) / "optimized.onnx"
        options = native().SessionOptions()
        options.graph_optimization_level = native().GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        options.optimized_model_filepath = str(optimized)
        options.log_severity_level = SILENT
        native().InferenceSession(options, model, False, False).initialize_session(*PROVIDERS)
        return optimized.read_bytes()


def write_erfc(context: Any, node: Any, *_: Any, **__: Any) -> None:
    """Write TensorFlow's Erfc in operations of ONNX, which has only Erf. Keras writes GELU by erfc(x), which is
    1 - erf(x)."""
    shapes, dtypes = node.output_shapes, node.output_dtypes
    element = utils.map_onnx_to_numpy_type(context.get_dtype(node.input[0]))
    one = context.make_const(utils.make_name("one"), np.array(1, element))
    context.remove_node(node.name)
    erf = context.make_node("Erf", node.input, shapes=shapes, dtypes=dtypes)
    difference = [one.output[0], erf.output[0]]
    context.make_node("Sub", difference, outputs=node.output, name=node.name, shapes=shapes, dtypes=dtypes)
