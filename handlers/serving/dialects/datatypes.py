"""The element types of the Open Inference Protocol."""

from collections.abc import Mapping

DATATYPES: Mapping[str, str] = {
    **{f"{kind}{bits}": f"{kind.upper()}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)},
    "bool": "BOOL",
    "float16": "FP16",
    "bfloat16": "BF16",
    "float32": "FP32",
    "float64": "FP64",
    "string": "BYTES",
}
"""The protocol's name of each of TensorFlow's element types; a type that is not here has none."""
