"""Tensors of the Open Inference Protocol: in the JSON, or as raw bytes after it.

https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
The array of a binary input uses the bytes of the request; they are not copied. A tensor with the parameter `s3_uri` is
in S3, in the same binary form.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from handlers.manifest import Manifest, Signature, TensorSpec
from handlers.serving.dialects import Inference
from handlers.serving.dialects.datatypes import DATATYPES
from handlers.serving.dialects.defaults import required, with_defaults
from handlers.serving.dialects.json_text import is_json, parse_object
from handlers.serving.dialects.open_inference import HEADER_LENGTH
from handlers.serving.dialects.tensors import (
    MAX_RANK,
    Ragged,
    dump,
    element_count,
    elements,
    fits,
    flatten,
    jsonable,
    nested_strings,
    refuse_large,
    show_shape,
    text,
)
from handlers.serving.engines import array_dtype
from handlers.serving.errors import (
    InvalidRequest,
    RequestTooLarge,
    ServingError,
    UnknownSignature,
    Unsupported,
    show,
)
from handlers.serving.events import Request, Response
from handlers.serving.tensor_objects import TensorObject, read, tensor_object, write

S3_URI = "s3_uri"
"""The parameter of an input or output that names the object in S3 which holds it."""

_LARGEST_SIZE = 2**31 - 1
"""The largest dimension that every engine takes."""

_STRING_BYTES = 80
"""What a string of a binary tensor takes besides its text: as a Python object, and in the engine."""

_ONLY_BINARY = ("float16", "bfloat16")
_ARRAY_TYPES = {name: np.dtype(array_dtype(name)) for name in DATATYPES if name != "string"}
"""The arrays' dtypes, by the name of the element type."""


class AnswerForm(NamedTuple):
    """The form of the answer that a request asks for."""

    binary: frozenset[str]
    """The outputs to answer as raw bytes."""
    written: Mapping[str, TensorObject] = MappingProxyType({})
    """The outputs to write to S3."""


def decode(request: Request, manifest: Manifest) -> Inference[AnswerForm]:
    """The inputs of an `infer` request. Raises InvalidRequest, UnknownSignature or Unsupported."""
    length = _header_length(request)
    if length == 0:
        return _raw(request, manifest)
    if length is None and not is_json(request):
        from handlers.serving.dialects import whole_body  # late: few bodies are no JSON

        name, inputs, *_ = whole_body.decode(request, manifest)
        return Inference(name, inputs, AnswerForm(frozenset()))
    document = parse_object(request.body if length is None else request.body[:length], request.room, whole=True)
    try:
        return _inference(document, length, request, manifest)
    except ServingError as error:
        error.inference_id = given if type(given := document.get("id")) is str else None
        raise


def _inference(
    document: Mapping[str, Any], length: int | None, request: Request, manifest: Manifest
) -> Inference[AnswerForm]:
    parameters = _parameters(document)
    name = _text(parameters, "signature_name") or manifest.default_signature()
    if name not in manifest.signatures:
        raise UnknownSignature(name, tuple(manifest.signatures))
    signature = manifest.signatures[name]
    payload = memoryview(request.body)[length:] if length is not None else memoryview(b"")
    inputs = _inputs(document, payload, signature, manifest.model, request)
    outputs, binary, written = _outputs(document, parameters, signature, manifest.model, request.tensor_places)
    return Inference(name, inputs, AnswerForm(binary, written), outputs, _text(document, "id"))


def encode(inference: Inference[AnswerForm], outputs: Mapping[str, np.ndarray], manifest: Manifest) -> Response:
    """The answer: JSON, and after it the outputs that the request wants in binary form."""
    signature = manifest.signatures[inference.signature]
    raw: list[bytes] = []
    described: list[dict[str, Any]] = []
    for name, array in outputs.items():
        dtype = signature.outputs[name].dtype
        if dtype not in DATATYPES:
            raise Unsupported(f"output '{name}' is of type {dtype}, which the protocol has no datatype for")
        entry: dict[str, Any] = {"name": name, "datatype": DATATYPES[dtype], "shape": array.shape}
        is_binary = name in inference.form.binary
        if (place := inference.form.written.get(name)) is not None:
            write(place, content := _to_bytes(array))
            entry["parameters"] = {S3_URI: str(place), "s3_size": len(content)}
            described.append(entry)
            continue
        refuse_large(array, binary=is_binary)
        if is_binary:
            raw.append(_to_bytes(array))
            entry["parameters"] = {"binary_data_size": len(raw[-1])}
        else:
            entry["data"] = _to_json(array, name, dtype)
        described.append(entry)
    document: dict[str, Any] = {"model_name": manifest.model, "model_version": str(manifest.version)}
    if inference.id is not None:
        document["id"] = inference.id
    header = dump(document | {"outputs": described})
    if not inference.form.binary:
        return Response(200, header)
    headers = {"content-type": "application/octet-stream", HEADER_LENGTH: str(len(header))}
    return Response(200, b"".join((header, *raw)), headers)


def _header_length(request: Request) -> int | None:
    given = request.headers.get(HEADER_LENGTH)
    if given is None:
        return None
    size = len(request.body)
    if not (given.isascii() and given.isdigit() and len(given) < 19 and int(given) <= size):
        raise InvalidRequest(f"inference header size should be in range (0, {size}), got: {given}")
    return int(given)


def _parameters(part: Mapping[str, Any]) -> Mapping[str, Any]:
    parameters = part.get("parameters")
    if parameters is None:  # some clients write null for what they leave out
        return {}
    if type(parameters) is not dict:
        raise InvalidRequest(f"'parameters' is {show(parameters)}; it must be an object")
    return parameters


def _text(part: Mapping[str, Any], key: str) -> str | None:
    value = part.get(key)
    if value is not None and type(value) is not str:
        raise InvalidRequest(f"Unable to parse '{key}': it is {show(value)}, and must be a string")
    return value


def _flag(parameters: Mapping[str, Any], key: str, *, default: bool) -> bool:
    value = parameters.get(key)
    if value is not None and type(value) is not bool:
        raise InvalidRequest(f"Unable to parse '{key}': it is {show(value)}, and must be true or false")
    return default if value is None else value


def _objects(document: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    parts = document.get(key)
    if type(parts) is not list or not all(type(part) is dict and type(part.get("name")) is str for part in parts):
        raise InvalidRequest(f"'{key}' must be a list of objects, each with a 'name'")
    return parts


def _inputs(
    document: Mapping[str, Any], payload: memoryview, signature: Signature, model: str, request: Request
) -> dict[str, np.ndarray]:
    inputs: dict[str, np.ndarray] = {}
    offset = 0
    for part in _objects(document, "inputs"):
        name = part["name"]
        if name not in signature.inputs:
            raise InvalidRequest(f"unexpected inference input '{name}' for model '{model}'")
        if name in inputs:
            raise InvalidRequest(f"input '{name}' already exists in request")
        spec = signature.inputs[name]
        shape = _shape(part, spec, model, len(request.body))
        size = _parameters(part).get("binary_data_size")
        data, uri = part.get("data"), _parameters(part).get(S3_URI)
        if uri is not None and size is None and data is None:
            inputs[name] = _from_s3(uri, name, shape, spec, request)
            continue
        if (size is None) == (data is None) or uri is not None:
            raise InvalidRequest(
                f"Input '{name}' must set only one of the following fields: 'data', 'binary_data_size' in 'parameters'"
                + (f", '{S3_URI}' in 'parameters'" if request.tensor_places else "")
            )
        if size is None:
            inputs[name] = _from_json(data, name, shape, spec)
            continue
        if type(size) is not int or not 0 <= size <= len(payload) - offset:
            raise InvalidRequest(
                f"unexpected size for input '{name}', expecting {show(size)} bytes but {len(payload) - offset} remain"
            )
        inputs[name] = _from_bytes(payload[offset : offset + size], name, shape, spec, request.room)
        offset += size
    if offset != len(payload):
        raise InvalidRequest(
            f"unexpected additional input data for model '{model}': {len(payload) - offset} bytes belong to no input"
        )
    if missing := [name for name in required(signature) if name not in inputs]:
        raise InvalidRequest(
            f"expected {len(signature.inputs)} inputs but got {len(inputs)} inputs for model '{model}'. Got input(s) "
            f"{list(inputs)}, but missing required input(s) {missing}. Please provide all required input(s)."
        )
    return with_defaults(inputs, signature) if signature.defaults else inputs


def _shape(part: Mapping[str, Any], spec: TensorSpec, model: str, received: int) -> tuple[int, ...]:
    name, datatype, shape = part["name"], part.get("datatype"), part.get("shape")
    expected = DATATYPES.get(spec.dtype)
    if expected is None:
        raise Unsupported(f"input '{name}' is of type {spec.dtype}, which the protocol has no datatype for")
    if datatype != expected:
        raise InvalidRequest(
            f"inference input '{name}' data-type is '{datatype if type(datatype) is str else show(datatype)}', "
            f"but model '{model}' expects '{expected}'"
        )
    if type(shape) is not list or not all(type(size) is int and 0 <= size <= _LARGEST_SIZE for size in shape):
        raise InvalidRequest(
            f"Unable to parse 'shape' of input '{name}': it must be a list of sizes, each at most {_LARGEST_SIZE}"
        )
    if len(shape) > MAX_RANK:
        raise InvalidRequest(
            f"Unable to parse 'shape' of input '{name}': it has {len(shape)} dimensions, and at most {MAX_RANK} can be"
        )
    if not fits(shape, spec):
        raise InvalidRequest(
            f"unexpected shape for input '{name}' for model '{model}'. "
            f"Expected {show_shape(spec.shape)}, got {show_shape(shape)}. "
        )
    if 0 in shape and _chosen_sizes(shape, spec) > received:
        # A model may answer an empty tensor with a large one.
        raise InvalidRequest(
            f"unexpected shape for input '{name}' for model '{model}': a tensor of shape {show_shape(shape)} is empty, "
            f"so the product of its other sizes must be at most the size of the request, {received}"
        )
    return tuple(shape)


def _chosen_sizes(shape: Sequence[int], spec: TensorSpec) -> int:
    """The product of the sizes, except for zeros and for those that the signature demands."""
    demanded = spec.shape or (-1,) * len(shape)
    return element_count([size for size, wanted in zip(shape, demanded, strict=True) if size and wanted == -1])


def _from_json(data: Any, name: str, shape: tuple[int, ...], spec: TensorSpec) -> np.ndarray:
    if spec.dtype in _ONLY_BINARY:
        raise InvalidRequest(
            f"receiving {DATATYPES[spec.dtype]} data via JSON is not supported. "
            f"Please use the binary data format for input {name}"
        )
    try:
        flat, nested = flatten(data)
    except Ragged as error:
        raise _unreadable(name, error) from None
    # Lists of empty lists do not show the sizes behind a zero.
    is_like = len(nested) < 2 or nested == (shape[: len(nested)] if 0 in nested else shape)
    if type(data) is not list or len(flat) != element_count(shape) or not is_like:
        raise InvalidRequest(
            f"Unable to parse 'data' of input '{name}': its shape {show_shape(nested)} is not {show_shape(shape)}"
        )
    try:
        return elements(flat, spec.dtype, len(nested)).reshape(shape)
    except InvalidRequest as error:
        raise _unreadable(name, error) from None


def _unreadable(name: str, error: InvalidRequest) -> InvalidRequest:
    return InvalidRequest(f"Unable to parse 'data' of input '{name}': {error}")


def _from_bytes(data: memoryview, name: str, shape: tuple[int, ...], spec: TensorSpec, room: int) -> np.ndarray:
    count = element_count(shape)
    if spec.dtype == "string":
        if min(count, len(data) // 4) * _STRING_BYTES + len(data) > room:
            raise RequestTooLarge(room)
        return _split(data, name, count).reshape(shape)
    dtype = _ARRAY_TYPES[spec.dtype]
    if len(data) != count * dtype.itemsize:
        raise InvalidRequest(
            f"input byte size mismatch for input '{name}': expected {count * dtype.itemsize}, got {len(data)}"
        )
    array = np.frombuffer(data, dtype).reshape(shape)
    return array.view(np.uint8) != 0 if spec.dtype == "bool" else array  # any byte but zero is true


def _from_s3(uri: Any, name: str, shape: tuple[int, ...], spec: TensorSpec, request: Request) -> np.ndarray:
    place = tensor_object(uri, request.tensor_places, f"input '{name}'")
    size = None if spec.dtype == "string" else element_count(shape) * _ARRAY_TYPES[spec.dtype].itemsize
    return _from_bytes(read(place, size, request.room), name, shape, spec, request.room)


def _split(data: memoryview, name: str, count: int) -> np.ndarray:
    """The elements of a BYTES tensor. Each is a little-endian length of four bytes, and that many bytes."""
    if count * 4 > len(data):
        raise InvalidRequest(
            f"incorrect number of string elements for input '{name}': {len(data)} bytes hold fewer than {count}"
        )
    array = np.empty(count, dtype=object)
    offset = 0
    for index in range(count):
        start = offset + 4
        offset = start + int.from_bytes(data[offset:start], "little")
        if start > len(data) or offset > len(data):
            raise InvalidRequest(f"incorrect number of string elements for input '{name}': {index} of {count}")
        array[index] = bytes(data[start:offset])
    if offset != len(data):
        raise InvalidRequest(f"unexpected bytes after the {count} string elements of input '{name}'")
    return array


def _outputs(
    document: Mapping[str, Any],
    parameters: Mapping[str, Any],
    signature: Signature,
    model: str,
    places: Sequence[str],
) -> tuple[Sequence[str] | None, frozenset[str], Mapping[str, TensorObject]]:
    """The outputs to compute, those of them to answer in binary form, and those to write to S3."""
    by_default = _flag(parameters, "binary_data_output", default=False)
    if not document.get("outputs"):
        return None, frozenset(signature.outputs) if by_default else frozenset(), {}
    names: list[str] = []
    binary: set[str] = set()
    written: dict[str, TensorObject] = {}
    for part in _objects(document, "outputs"):
        name, wishes = part["name"], _parameters(part)
        if name not in signature.outputs:
            raise InvalidRequest(f"unexpected inference output '{name}' for model '{model}'")
        if wishes.get("classification"):
            raise Unsupported(f"output '{name}': classification is not served; take the output itself")
        names.append(name)
        if wishes.get(S3_URI) is not None:
            written[name] = tensor_object(wishes[S3_URI], places, f"output '{name}'")
        elif _flag(wishes, "binary_data", default=by_default):
            binary.add(name)
    return list(dict.fromkeys(names)), frozenset(binary), written


def _raw(request: Request, manifest: Manifest) -> Inference[AnswerForm]:
    """A request that consists of the bytes of the only input."""
    name = manifest.default_signature()
    signature = manifest.signatures[name]
    if len(signature.inputs) != 1:
        raise InvalidRequest(
            f"Raw request must only have 1 input, but model '{manifest.model}' has {len(signature.inputs)}"
        )
    ((key, spec),) = signature.inputs.items()
    data = memoryview(request.body)
    if spec.dtype == "string":
        one = np.empty(1, dtype=object)
        one[0] = request.body
        array = one.reshape((1,) * len(spec.shape or (1,)))
    else:
        shape = _raw_shape(spec, len(data), key)
        array = _from_bytes(data, key, shape, spec, request.room)
    return Inference(name, {key: array}, AnswerForm(frozenset(signature.outputs)))


def _raw_shape(spec: TensorSpec, size: int, name: str) -> tuple[int, ...]:
    if spec.shape is None or spec.shape.count(-1) > 1:
        raise InvalidRequest(
            f"The shape of raw input '{name}' cannot be told from its size; use a JSON header with its shape"
        )
    fixed = element_count([size for size in spec.shape if size != -1]) * _ARRAY_TYPES[spec.dtype].itemsize
    return tuple(size // fixed if dimension == -1 and fixed else dimension for dimension in spec.shape)


def _to_bytes(array: np.ndarray) -> bytes:
    if array.dtype.kind == "O":
        return b"".join(len(value).to_bytes(4, "little") + value for value in array.ravel())
    return np.ascontiguousarray(array).tobytes()


def _to_json(array: np.ndarray, name: str, dtype: str) -> Any:
    if dtype in _ONLY_BINARY:
        raise InvalidRequest(
            f"sending {DATATYPES[dtype]} data via JSON is not supported. "
            f"Please use the binary data format for output {name}"
        )
    flat = array.reshape(-1)
    return nested_strings(flat, lambda value: text(value, name)) if flat.dtype.kind == "O" else jsonable(flat, name)
