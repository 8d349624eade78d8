"""Property values on the wire: Pulumi's protocol has protobuf's Struct, with signatures for what JSON cannot say."""

from collections.abc import Mapping
from typing import Any

from google.protobuf import struct_pb2

from local.resources.values import UNKNOWN, Asset

UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What stands for a value that is not known yet."""

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key whose value says what a struct is."""

ASSET = "c44067f5952c0a294b673a41bacd8c17"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 the protocol's word for "a secret follows"
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


def decode(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Plain properties: `UNKNOWN`, `Asset`, integers where numbers are whole, and nothing for null."""
    return {key: _decoded(value) for key, value in struct.fields.items() if value.WhichOneof("kind") != "null_value"}


def encode(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """Properties for the wire."""
    struct = struct_pb2.Struct()
    for key, value in properties.items():
        if value is not None:
            struct.fields[key].CopyFrom(_encoded(value))
    return struct


def _decoded(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "string_value":
            return UNKNOWN if value.string_value == UNKNOWN_TEXT else value.string_value
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_decoded(item) for item in value.list_value.values]
        case "struct_value":
            return _decoded_struct(value.struct_value)
        case _:
            return None


def _decoded_struct(struct: struct_pb2.Struct) -> Any:
    fields = struct.fields
    signature = fields[SIGNATURE].string_value if SIGNATURE in fields else ""
    if not signature:
        return decode(struct)
    if signature == ASSET:
        path = fields["path"].string_value if "path" in fields else None
        text = fields["text"].string_value if path is None else None
        return Asset(path=path, text=text, hash=fields["hash"].string_value)
    if signature in (SECRET, OUTPUT):
        return _decoded(fields["value"]) if "value" in fields else UNKNOWN
    raise ValueError(f"the local stack takes no archive and no reference to a resource as a property: {signature}")


def _encoded(value: Any) -> struct_pb2.Value:
    if value is UNKNOWN:
        return struct_pb2.Value(string_value=UNKNOWN_TEXT)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, int | float):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if isinstance(value, Asset):
        content = {"text": value.text or ""} if value.path is None else {"path": value.path}
        return struct_pb2.Value(struct_value=encode({SIGNATURE: ASSET, "hash": value.hashed().hash, **content}))
    if isinstance(value, Mapping):
        return struct_pb2.Value(struct_value=encode(value))
    return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[_encoded(item) for item in value]))
