"""The schemas of requests, written from the default signature of a model."""

from collections.abc import Mapping
from typing import Any

from handlers.manifest import DEFAULT_SIGNATURE, Manifest, TensorSpec, element_bytes
from handlers.serving.dialects.datatypes import DATATYPES

_JSON_TYPES = {"bool": "boolean", "float64": "number", **dict.fromkeys(("complex64", "complex128"), "array")}
"""The JSON type of each element type that is no integer and no string, and has every value of JSON's type."""

_LARGEST = {"float16": 65504.0, "bfloat16": 3.3895313892515355e38, "float32": 3.4028235e38}
"""The largest number of each element type that has not every number of JSON, as it is usually written."""


def predict_schema(manifest: Manifest) -> dict[str, Any]:
    """Of `:predict`. If there are several signatures, whose inputs differ, it tells only the outline."""
    signature = manifest.signatures.get(DEFAULT_SIGNATURE)
    others = sorted(manifest.signatures.keys() - {DEFAULT_SIGNATURE})
    name = {"enum": [*manifest.signatures], "description": f"The signature; {DEFAULT_SIGNATURE} by default."}
    if signature is None or others:
        rows: dict[str, Any] = {"type": "array", "minItems": 1}
        return {"type": "object", "properties": {"signature_name": name, "instances": rows, "inputs": {}}}
    needed = [key for key in signature.inputs if key not in signature.defaults]
    row = _object({key: _values(spec, instance=True) for key, spec in signature.inputs.items()}, needed)
    row["additionalProperties"] = False
    columns = _object({key: _values(spec) for key, spec in signature.inputs.items()}, needed)
    if len(signature.inputs) == 1:
        (spec,) = signature.inputs.values()
        row, columns = {"anyOf": [row, _values(spec, instance=True)]}, {"anyOf": [columns, _values(spec)]}
    return {
        "type": "object",
        "properties": {
            "signature_name": name,
            "instances": {"type": "array", "minItems": 1, "items": row, "description": "A value for each row."},
            "inputs": {**columns, "description": "All rows of each input together."},
        },
        "oneOf": [{"required": ["instances"]}, {"required": ["inputs"]}],
    }


def infer_schema(manifest: Manifest) -> dict[str, Any]:
    """Of `/infer` with JSON tensors."""
    signature = manifest.signatures[manifest.default_signature()]
    tensors = [_tensor(name, spec) for name, spec in signature.inputs.items()]
    needed = len(tensors) - len(signature.defaults)
    inputs = {"type": "array", "minItems": needed, "maxItems": len(tensors)}
    return {
        "type": "object",
        "required": ["inputs"],
        "properties": {
            "id": {"type": "string"},
            "inputs": inputs | ({"items": {"anyOf": tensors}} if tensors else {}),
            "outputs": {"type": "array", "items": _object({"name": {"enum": [*signature.outputs]}}, ["name"])},
        },
    }


def _tensor(name: str, spec: TensorSpec) -> dict[str, Any]:
    datatype = DATATYPES.get(spec.dtype)
    size = {"type": "integer", "minimum": 0}
    shape: dict[str, Any] = {"type": "array", "items": size}
    if spec.shape is not None:
        sizes = [size if each == -1 else {"const": each} for each in spec.shape]
        shape = {"type": "array", "minItems": len(sizes), "maxItems": len(sizes)}
        shape |= {"prefixItems": sizes} if sizes else {}
    return {
        "type": "object",
        "required": ["name", "datatype", "shape", "data"],
        "properties": {
            "name": {"const": name},
            "datatype": {"const": datatype} if datatype else {"type": "string"},
            "shape": shape,
            "data": {"type": "array", "description": "The elements in one list, or in nested ones."},
        },
    }


def _object(properties: Mapping[str, Any], needed: list[str]) -> dict[str, Any]:
    return {"type": "object", "required": needed, "properties": properties}


def _values(spec: TensorSpec, *, instance: bool = False) -> dict[str, Any]:
    """The nested lists of a tensor, or of a row of it."""
    if spec.shape is None:
        return {}
    schema = _element(spec.dtype)
    for size in reversed(spec.shape[1:] if instance else spec.shape):
        schema = {"type": "array", "items": schema} | ({} if size == -1 else {"minItems": size, "maxItems": size})
    return schema


def _element(dtype: str) -> dict[str, Any]:
    if dtype == "string":
        encoded = {"type": "object", "required": ["b64"], "properties": {"b64": {"type": "string"}}}
        return {"anyOf": [{"type": "string"}, encoded]}
    if dtype in _LARGEST:
        return {"type": "number", "minimum": -_LARGEST[dtype], "maximum": _LARGEST[dtype]}
    if dtype not in _JSON_TYPES:
        bits, signed = 8 * element_bytes(dtype), not dtype.startswith("uint")
        least, most = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
        return {"type": "integer", "minimum": least, "maximum": most}
    return {"type": _JSON_TYPES[dtype]}
