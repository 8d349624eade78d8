"""The schemas of requests, written from the default signature of a model."""

from collections.abc import Mapping
from typing import Any

from handlers.manifest import DEFAULT_SIGNATURE, Manifest, TensorSpec

_JSON_TYPES = {"bool": "boolean", **dict.fromkeys(("float16", "bfloat16", "float32", "float64"), "number")}
"""The JSON type of each element type that is no integer and no string."""


def predict_schema(manifest: Manifest) -> dict[str, Any]:
    """Of `:predict`. If there are several signatures, whose inputs differ, it tells only the outline."""
    signature = manifest.signatures.get(DEFAULT_SIGNATURE)
    others = sorted(manifest.signatures.keys() - {DEFAULT_SIGNATURE})
    name = {"type": "string", "description": f"The signature; {DEFAULT_SIGNATURE} by default. Others: {others}"}
    if signature is None or others:
        rows: dict[str, Any] = {"type": "array", "minItems": 1}
        return {"type": "object", "properties": {"signature_name": name, "instances": rows, "inputs": {}}}
    needed = [key for key in signature.inputs if key not in signature.defaults]
    row = _object({key: _values(spec, instance=True) for key, spec in signature.inputs.items()}, needed)
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
    tensor = {
        "type": "object",
        "required": ["name", "datatype", "shape", "data"],
        "properties": {
            "name": {"enum": [*signature.inputs]},
            "datatype": {"type": "string"},
            "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
            "data": {"type": "array"},
        },
    }
    return {
        "type": "object",
        "required": ["inputs"],
        "properties": {
            "id": {"type": "string"},
            "inputs": {"type": "array", "items": tensor},
            "outputs": {"type": "array", "items": _object({"name": {"enum": [*signature.outputs]}}, ["name"])},
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
    if dtype != "string":
        return {"type": _JSON_TYPES.get(dtype, "integer")}
    encoded = {"type": "object", "required": ["b64"], "properties": {"b64": {"type": "string"}}}
    return {"anyOf": [{"type": "string"}, encoded]}
