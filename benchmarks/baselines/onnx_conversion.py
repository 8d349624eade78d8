"""Converts a SavedModel to ONNX: tf2onnx's own command, with an operation that it lacks.

    python onnx_conversion.py --saved-model DIRECTORY --opset 18 --output FILE

It runs in the environment of the conversion, so it imports nothing of this project.
"""

from typing import Any

import numpy as np
from tf2onnx import convert, utils  # pyright: ignore[reportMissingImports]
from tf2onnx.handler import tf_op  # pyright: ignore[reportMissingImports]


@tf_op("Erfc")  # pyright: ignore[reportUntypedClassDecorator]
class Erfc:
    """Keras writes GELU by erfc(x), which is 1 - erf(x). ONNX has only the latter."""

    @classmethod
    def version_9(cls, ctx: Any, node: Any, **_: Any) -> None:
        shapes, dtypes = node.output_shapes, node.output_dtypes
        element = utils.map_onnx_to_numpy_type(ctx.get_dtype(node.input[0]))
        one = ctx.make_const(utils.make_name("one"), np.array(1, element))
        ctx.remove_node(node.name)
        erf = ctx.make_node("Erf", node.input, shapes=shapes, dtypes=dtypes)
        difference = [one.output[0], erf.output[0]]
        ctx.make_node("Sub", difference, outputs=node.output, name=node.name, shapes=shapes, dtypes=dtypes)


if __name__ == "__main__":
    convert.main()
