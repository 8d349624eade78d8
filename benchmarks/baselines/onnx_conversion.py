"""Converts a SavedModel to ONNX as a user of ONNX Runtime would: by tf2onnx's own command, with an operation that it
lacks.

    python -m benchmarks.baselines.onnx_conversion --saved-model DIRECTORY --opset 18 --output FILE
"""

from tf2onnx import convert
from tf2onnx.handler import tf_op

from models.packaging.onnx_conversion import write_erfc

tf_op("Erfc").register_compat_handler(write_erfc, 9)

if __name__ == "__main__":
    convert.main()
