"""Bodies that are no JSON: one value, such as an image, as it is or as the file of a form."""

import re

import numpy as np

from handlers.manifest import Manifest, TensorSpec
from handlers.serving.dialects import Inference
from handlers.serving.dialects.defaults import required, with_defaults
from handlers.serving.dialects.json_text import FORM
from handlers.serving.dialects.rows_and_columns import Layout
from handlers.serving.errors import InvalidRequest, UnsupportedMediaType
from handlers.serving.events import Request

_BOUNDARY = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)
_NAME = re.compile(rb'\bname="?([^";\r\n]*)"?', re.IGNORECASE)


def decode(request: Request, manifest: Manifest) -> Inference[Layout]:
    """A prediction for the value that a body is, by a signature that takes one string of bytes.

    That is the default one, or the only other such signature.

    Raises:
        UnsupportedMediaType: there is no such signature, or the body is of a type that says nothing about it.
        InvalidRequest: a form is damaged, or has several files.
    """
    given = request.headers["content-type"]
    kind = given.partition(";")[0].strip().lower()
    if kind == FORM:
        raise UnsupportedMediaType(
            f"The body is {FORM}, which is read as JSON, and it is none. Send a JSON object, or bytes with a type of "
            "their own, such as image/png"
        )
    name = _signature(manifest, kind)
    signature = manifest.signatures[name]
    (key,) = required(signature)
    array = _alone(_file(request.body, given) if kind == "multipart/form-data" else request.body, signature.inputs[key])
    inputs = with_defaults({key: array}, signature) if signature.defaults else {key: array}
    return Inference(name, inputs, "rows" if array.ndim else "columns")


def _signature(manifest: Manifest, kind: str) -> str:
    able = [
        name
        for name, signature in manifest.signatures.items()
        if [signature.inputs[key].dtype for key in required(signature)] == ["string"]
    ]
    default = manifest.default_signature()
    if default in able or len(able) == 1:
        return default if default in able else able[0]
    found = f"the signatures {', '.join(able)} of {manifest.model!r} do" if able else f"{manifest.model!r} has none"
    raise UnsupportedMediaType(
        f"The body is {kind}. Bytes as they are go to the only signature that takes one string, and {found}. Send "
        'application/json; in it, {"b64": "..."} stands for bytes'
    )


def _alone(value: bytes, spec: TensorSpec) -> np.ndarray:
    """A tensor of one string."""
    array = np.empty(1, dtype=object)
    array[0] = value
    return array.reshape((1,) * len((1,) if spec.shape is None else spec.shape))


def _file(body: bytes, content_type: str) -> bytes:
    """The only file of a form; the only field, if it has no file."""
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise InvalidRequest("The Content-Type multipart/form-data names no boundary")
    _, *parts = (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode("utf-8", "surrogatepass"))
    if len(parts) < 2 or not parts.pop().startswith(b"--"):
        raise InvalidRequest("The body is not the whole form that its Content-Type says")
    fields = [part.removeprefix(b"\r\n").partition(b"\r\n\r\n") for part in parts]
    files = [field for field in fields if b"filename=" in field[0].lower()] or fields
    if len(files) != 1:
        names = [found[1].decode(errors="replace") if (found := _NAME.search(head)) else "?" for head, _, _ in files]
        raise InvalidRequest(f"The form has {len(files)} values ({', '.join(names)[:200]}); send one file")
    return files[0][2]
