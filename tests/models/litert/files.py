"""Small LiteRT files for the tests, and what they answer."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

NAMES = {number: name for name, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)}

Function = Callable[[Any], Any]


def weights(*shape: int) -> Any:
    return np.random.default_rng(len(shape)).normal(size=shape).astype(np.float32)


def converted(function: Function, sizes: Sequence[int | None], batch: int | None = None) -> bytes:
    """A function of one tensor as a LiteRT file."""
    traced: Any = tf.function(function).get_concrete_function(tf.TensorSpec((batch, *sizes), tf.float32))
    converter: Any = tf.lite.TFLiteConverter.from_concrete_functions([traced], tf.Module())
    return converter.convert()


def answer(content: bytes, data: Any) -> Any:
    interpreter: Any = Interpreter(model_content=content, num_threads=1)
    (given,), (made,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.resize_tensor_input(given["index"], data.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(given["index"], data)
    interpreter.invoke()
    return interpreter.get_tensor(made["index"])


def operators(content: bytes) -> list[list[str]]:
    """The names of the operators of each graph."""
    model: Any = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    return [
        [NAMES[model.operatorCodes[each.opcodeIndex].builtinCode] for each in graph.operators]
        for graph in model.subgraphs
    ]
