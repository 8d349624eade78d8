"""The bodies of SageMaker's invocations: JSON, CSV and npy."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from handlers.manifest import DEFAULT_SIGNATURE, Manifest, Signature, TensorSpec
from handlers.serving.dialects import Inference, npy, rows_and_columns
from handlers.serving.dialects.json_text import parse_object
from handlers.serving.dialects.rows_and_columns import Layout
from handlers.serving.dialects.tensors import dump, fits, jsonable, refuse_large, show_shape, text
from handlers.serving.engines import array_dtype
from handlers.serving.errors import (
    InvalidRequest,
    NotAcceptable,
    RequestTooLarge,
    UnknownSignature,
    UnsupportedMediaType,
    show,
)
from handlers.serving.events import JSON_HEADERS, Request, Response

JSON, CSV, NPY = "application/json", "text/csv", "application/x-npy"
MEDIA_TYPES = (JSON, CSV, NPY)

_UNTYPED = frozenset({"", "application/x-www-form-urlencoded", "application/octet-stream"})
"""What clients say that say nothing of the body. It is JSON then."""

_FIELD_BYTES = 96
"""What reading a field of CSV takes, besides the text."""

_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


class AnswerForm(NamedTuple):
    """The form of the answer that a request asks for."""

    media_type: str
    layout: Layout
    """Of JSON."""


def decode(request: Request, manifest: Manifest) -> Inference[AnswerForm]:
    """The inputs of an invocation.

    Raises InvalidRequest, RequestTooLarge, UnsupportedMediaType, NotAcceptable, UnknownSignature or Unsupported.
    """
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    accepted = _accepted(request.headers.get("accept", ""))
    if given in _UNTYPED or given == JSON:
        inference = _from_json(request, manifest)
        form = AnswerForm(accepted, inference.form)
        return Inference(inference.signature, inference.inputs, form, inference.outputs)
    if given.startswith(("image/", "multipart/")):
        from handlers.serving.dialects import whole_body  # late: few bodies are one value

        inference = whole_body.decode(request, manifest)
        return Inference(inference.signature, inference.inputs, AnswerForm(accepted, inference.form))
    if given not in MEDIA_TYPES:
        raise UnsupportedMediaType(f"Content-Type is {given}; allowed are {', '.join(MEDIA_TYPES)}, and image/*")
    name = manifest.default_signature()
    key, spec = _only(manifest.signatures[name], given)
    array = npy.read(request.body) if given == NPY else _from_csv(request, key, spec)
    return Inference(name, {key: _fitted(array, key, spec, request)}, AnswerForm(accepted, "rows"))


def encode(inference: Inference[AnswerForm], outputs: Mapping[str, np.ndarray]) -> Response:
    """The answer. Raises AnswerTooLarge, InvalidRequest or NotAcceptable."""
    media_type, layout = inference.form
    if media_type == JSON:
        as_asked: Inference[Layout] = Inference(inference.signature, inference.inputs, layout, inference.outputs)
        return Response(200, rows_and_columns.encode(as_asked, outputs), JSON_HEADERS)
    if len(outputs) != 1:
        raise NotAcceptable(f"{media_type} holds one output, and the model has {', '.join(outputs)}: accept {JSON}")
    ((name, array),) = outputs.items()
    refuse_large(array, binary=True)
    body = npy.write(array) if media_type == NPY else _to_csv(array, name)
    return Response(200, body, {"content-type": media_type})


def _accepted(header: str) -> str:
    """The first media type of an `Accept` that an answer can have; JSON if it allows any."""
    choices = [choice.partition(";")[0].strip().lower() for choice in header.split(",")]
    for choice in choices:
        if choice in MEDIA_TYPES:
            return choice
        if choice in ("", "*/*", "application/*"):
            return JSON
    raise NotAcceptable(f"Accept is {header[:80]}; an answer is {', '.join(MEDIA_TYPES)}")


def _from_json(request: Request, manifest: Manifest) -> Inference[Layout]:
    body = request.body
    if body.lstrip()[:1] == b"[":
        body = b'{"instances":%b}' % body
    document = parse_object(body, request.room, whole=True)
    name = document.get("signature_name") or manifest.default_signature()
    if type(name) is not str:
        raise InvalidRequest(f"'signature_name' is {show(name)}; it must be text, such as {DEFAULT_SIGNATURE}")
    if name not in manifest.signatures:
        raise UnknownSignature(name, tuple(manifest.signatures))
    return rows_and_columns.decode(document, name, manifest.signatures[name])


def _only(signature: Signature, media_type: str) -> tuple[str, TensorSpec]:
    if len(signature.inputs) != 1:
        raise UnsupportedMediaType(
            f"{media_type} holds one input, and the model has {', '.join(signature.inputs)}: send {JSON}"
        )
    return next(iter(signature.inputs.items()))


def _from_csv(request: Request, name: str, spec: TensorSpec) -> np.ndarray:
    """The rows of a CSV body without a header: an instance in each line."""
    body = request.body
    fields = body.count(b",") + body.count(b"\n") + 1
    if fields * _FIELD_BYTES + 4 * len(body) > request.room:
        raise RequestTooLarge(request.room)
    try:
        lines = [line for line in body.decode("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"The CSV body is not UTF-8 at byte {error.start}") from None
    if not lines:
        raise InvalidRequest("The CSV body has no line")
    rows = _split(lines, spec)
    width = len(rows[0])
    for number, row in enumerate(rows, 1):
        if len(row) != width:
            raise InvalidRequest(f"Line {number} of the CSV body has {len(row)} fields; line 1 has {width}")
    values = [_value(field, spec.dtype, number, name) for number, row in enumerate(rows, 1) for field in row]
    if spec.dtype == "string":
        array = np.empty(len(values), object)
        array[:] = values
    else:
        array = _numbers(values, spec.dtype)
    return array.reshape(_shape(len(rows), width, spec))


def _split(lines: Sequence[str], spec: TensorSpec) -> list[list[str]]:
    if spec.dtype != "string":
        return [line.split(",") for line in lines]
    import csv  # late: only texts are quoted

    try:
        return [*csv.reader(lines, strict=True)]
    except csv.Error as error:
        raise InvalidRequest(f"The body is not CSV: {error}") from None


def _value(field: str, dtype: str, number: int, name: str) -> object:
    try:
        if dtype == "string":
            return field.encode()
        if dtype == "bool":
            return _TRUTHS[field.strip().lower()]
        return float(field) if "float" in dtype else int(field)
    except (ValueError, KeyError):
        raise InvalidRequest(
            f"Line {number} of the CSV body has {show(field)}; the input {name!r} is of type {dtype}"
        ) from None


def _numbers(values: Sequence[object], dtype: str) -> np.ndarray:
    try:
        with np.errstate(over="ignore"):
            return np.array(values, array_dtype(dtype))
    except OverflowError:
        raise InvalidRequest(f"The CSV body has a number that the type {dtype} cannot hold") from None


def _shape(rows: int, width: int, spec: TensorSpec) -> tuple[int, ...]:
    """The shape of so many rows: their fields in the order of the elements of an instance."""
    if spec.shape is None:
        return rows, width
    instance = spec.shape[1:]
    known = prod(size for size in instance if size != -1)
    if instance.count(-1) > 1 or (-1 not in instance and known != width) or (known and width % known):
        raise InvalidRequest(
            f"A line of the CSV body has {width} fields; an instance has the shape {show_shape(instance)}"
        )
    return rows, *(width // max(known, 1) if size == -1 else size for size in instance)


def _fitted(array: np.ndarray, name: str, spec: TensorSpec, request: Request) -> np.ndarray:
    """The array in the type of the input. Raises InvalidRequest or RequestTooLarge."""
    if not fits(array.shape, spec):
        raise InvalidRequest(
            f"Input {name!r} has the shape {show_shape(array.shape)}; the model takes {show_shape(spec.shape)}"
        )
    if not array.size and prod(size or 1 for size in array.shape) > len(request.body):
        # A model may answer an empty tensor with a large one.
        raise InvalidRequest(f"Input {name!r} has the shape {show_shape(array.shape)}, which is empty and yet large")
    if array.dtype.kind == "O":
        return array
    if spec.dtype == "string" or not np.can_cast(array.dtype, target := np.dtype(array_dtype(spec.dtype)), "same_kind"):
        raise InvalidRequest(f"The body holds {array.dtype.name}; the input {name!r} is of type {spec.dtype}")
    if array.size * target.itemsize > request.room:
        raise RequestTooLarge(request.room)
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, target)


def _to_csv(array: np.ndarray, name: str) -> bytes:
    """A line for each row. Texts that need it are quoted."""
    rows = array.reshape(len(array) if array.ndim else 1, -1)
    if rows.dtype.kind != "O":
        return b"".join(dump(jsonable(row, name))[1:-1] + b"\n" for row in rows)
    lines = [",".join(_quoted(text(value, name)) for value in row) for row in rows.tolist()]
    return "".join(f"{line}\n" for line in lines).encode()


def _quoted(field: str) -> str:
    return '"' + field.replace('"', '""') + '"' if any(each in field for each in ',"\r\n') else field
