"""Ask packaged exhibits over HTTP, through the emulated API Gateway and the real handler, and compare every answer.

Each exhibit is asked in three ways: by rows (`instances`), by columns (`inputs`) and in binary form (Open Inference
Protocol), as far as its element types have such a form.
"""

import base64
import http.client
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from handlers.manifest import Manifest, Signature, TensorSpec
from handlers.serving.dialects.datatypes import DATATYPES
from local.stack import local_stack
from models.packaging.arrays import numpy_dtype
from models.packaging.repository import ModelRepository
from tests.models.zoo.answers import Answer, answer_of
from tests.models.zoo.exhibit import ONLY, Arrays, Ask

ALLOWED = {"float16": 1e-2, "bfloat16": 5e-2, "float32": 1e-4, "float64": 1e-4}
"""The largest error, as a share of the largest finite number of the answer; other types must be equal."""
IN_JSON = frozenset("float32 float64 int8 int16 int32 int64 uint8 uint32 uint64 bool string".split())


class Served:
    """A running stack that serves packaged exhibits."""

    def __init__(self, api_url: str, repository: Path) -> None:
        self._url = urlsplit(api_url)
        self._repository = ModelRepository(repository)
        self._content = b""
        """The body of the last answer."""
        self.answers: dict[str, Answer] = {}
        """Every answer so far."""

    def faults(self, name: str, asks: Sequence[Ask]) -> Iterator[str]:
        """Every answer of a model that is not its framework's."""
        manifest = next(iter(self._repository.versions(name).values()))
        for index, ask in enumerate(asks):
            signature = manifest.signatures[ask.signature]
            if unknown := _by_public_name(ask.inputs, signature.inputs).keys() - signature.inputs.keys():
                yield f"{name}, {ask.signature}: its inputs are {sorted(signature.inputs)}, without {sorted(unknown)}"
                continue
            for way in _ways(ask, signature)[index % 3 :][:1]:
                try:
                    wrong = _difference(ask.answer, way(self, manifest, ask))
                    form = manifest.artifact_for(ask.signature).form
                    self.answers[f"{name}, {ask.signature}, request {index}"] = answer_of(form, self._content)
                except _Refused as error:
                    wrong = str(error)
                if wrong:
                    yield f"{name}, {ask.signature}, request {index} ({way.__name__}): {wrong}"

    def by_rows(self, manifest: Manifest, ask: Ask) -> Arrays:
        """Ask for predictions of `instances`."""
        inputs = _by_public_name(ask.inputs, manifest.signatures[ask.signature].inputs)
        (count,) = {len(array) for array in inputs.values()}
        rows = [{name: _in_json(array[row]) for name, array in inputs.items()} for row in range(count)]
        predictions = self._predict(manifest, {"signature_name": ask.signature, "instances": rows})["predictions"]
        if len(ask.answer) == 1:
            return _from_json(ask.answer, {next(iter(ask.answer)): predictions})
        return _from_json(ask.answer, {name: [row[name] for row in predictions] for name in predictions[0]})

    def by_columns(self, manifest: Manifest, ask: Ask) -> Arrays:
        """Ask for predictions of `inputs`."""
        inputs = _by_public_name(ask.inputs, manifest.signatures[ask.signature].inputs)
        columns = {name: _in_json(array) for name, array in inputs.items()}
        outputs = self._predict(manifest, {"signature_name": ask.signature, "inputs": columns})["outputs"]
        return _from_json(ask.answer, outputs if len(ask.answer) > 1 else {next(iter(ask.answer)): outputs})

    def in_binary(self, manifest: Manifest, ask: Ask) -> Arrays:
        """Ask in the Open Inference Protocol, binary both ways."""
        signature = manifest.signatures[ask.signature]
        inputs = _by_public_name(ask.inputs, signature.inputs)
        raw = {name: _to_bytes(array, signature.inputs[name].dtype) for name, array in inputs.items()}
        header = {
            "parameters": {"signature_name": ask.signature, "binary_data_output": True},
            "inputs": [
                {
                    "name": name,
                    "shape": list(array.shape),
                    "datatype": DATATYPES[signature.inputs[name].dtype],
                    "parameters": {"binary_data_size": len(raw[name])},
                }
                for name, array in inputs.items()
            ],
        }
        head = json.dumps(header).encode()
        path, headers = f"/v2/models/{manifest.model}/infer", {"Inference-Header-Content-Length": str(len(head))}
        answer, content = self._exchange(path, head + b"".join(raw.values()), headers)
        length = int(answer["inference-header-content-length"])
        described = json.loads(content[:length])["outputs"]
        return _by_public_name(_split(described, content[length:]), ask.answer)

    def _predict(self, manifest: Manifest, document: Mapping[str, Any]) -> Any:
        path = f"/v1/models/{manifest.model}:predict"
        return json.loads(self._exchange(path, json.dumps(document).encode(), {"Content-Type": "application/json"})[1])

    def _exchange(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[Mapping[str, str], bytes]:
        connection = http.client.HTTPConnection(self._url.hostname or "", self._url.port, timeout=60)
        try:
            connection.request("POST", self._url.path + path, body, dict(headers))
            answer = connection.getresponse()
            self._content = content = answer.read()
            if answer.status != 200:
                raise _Refused(f"{answer.status} {content.decode('utf-8', 'replace')[:300]}")
            return {name.lower(): value for name, value in answer.getheaders()}, content
        finally:
            connection.close()


class _Refused(Exception):
    """The server answered with an error."""


@contextmanager
def served(repository: Path) -> Iterator[Served]:
    """One function that serves every model of a repository, deployed by the real program on this machine."""
    settings = {"storage": "image", "mode": "multi", "modelRepository": str(repository), "memoryMib": "3008"}
    with local_stack(settings) as stack:
        yield Served(stack.api_url, repository)


def _ways(ask: Ask, signature: Signature) -> list[Any]:
    """The ways to ask, in turn; each stands for those that the element types have no form for."""
    specs = [*signature.inputs.values(), *signature.outputs.values()]
    in_json = all(spec.dtype in IN_JSON for spec in specs)
    arrays = [*ask.inputs.values(), *ask.answer.values()]
    in_rows = in_json and ask.inputs and all(array.ndim for array in arrays) and len({len(a) for a in arrays}) == 1
    columns = Served.by_columns if in_json else Served.in_binary
    binary = Served.in_binary if all(spec.dtype in DATATYPES for spec in specs) else Served.by_columns
    return [Served.by_rows if in_rows and len(arrays[0]) else columns, columns, binary]


def _by_public_name(arrays: Arrays, specs: Mapping[str, TensorSpec] | Arrays) -> Arrays:
    """Arrays by the names of `specs`; `ONLY` stands for the only one, on either side."""
    if len(arrays) == 1 and len(specs) == 1 and (ONLY in arrays or ONLY in specs):
        return {next(iter(specs)): next(iter(arrays.values()))}
    return arrays


def _in_json(array: np.ndarray) -> Any:
    if isinstance(array, bytes):
        return {"b64": base64.b64encode(array).decode()}
    if not isinstance(array, np.ndarray) or array.ndim == 0:
        value = array.item() if isinstance(array, np.ndarray | np.generic) else array
        return _in_json(value) if isinstance(value, bytes) else value
    return [_in_json(each) for each in array]


def _from_json(expected: Arrays, found: Mapping[str, Any]) -> Arrays:
    """JSON values as arrays of the expected element types."""
    return {
        name: _array(value, expected[name].dtype) if name in expected else np.array(value)
        for name, value in found.items()
    }


def _array(value: Any, dtype: np.dtype) -> np.ndarray:
    if dtype.kind != "O":
        return np.array(value, dtype)
    array = np.array(value, object)  # texts, or {"b64": …}
    flat = [base64.b64decode(each["b64"]) if isinstance(each, dict) else str(each).encode() for each in array.flat]
    made = np.empty(len(flat), object)
    made[:] = flat
    return made.reshape(array.shape)


def _to_bytes(array: np.ndarray, dtype: str) -> bytes:
    """The elements as this type has them: a framework may take others, and convert them."""
    if array.dtype == object:
        return b"".join(len(value).to_bytes(4, "little") + value for value in array.flat)
    return array.astype(numpy_dtype(dtype)).tobytes()


def _split(described: Sequence[Mapping[str, Any]], content: bytes) -> Arrays:
    found: dict[str, np.ndarray] = {}
    for output in described:
        size, shape = output["parameters"]["binary_data_size"], output["shape"]
        part, content = content[:size], content[size:]
        found[output["name"]] = _of_datatype(output["datatype"], part, shape)
    return found


def _of_datatype(datatype: str, content: bytes, shape: Sequence[int]) -> np.ndarray:
    name = next(key for key, value in DATATYPES.items() if value == datatype)
    if name != "string":
        import ml_dtypes

        return np.frombuffer(content, ml_dtypes.bfloat16 if name == "bfloat16" else name).reshape(shape)
    values: list[bytes] = []
    while content:
        length = int.from_bytes(content[:4], "little")
        values.append(content[4 : 4 + length])
        content = content[4 + length :]
    made = np.empty(len(values), object)
    made[:] = values
    return made.reshape(shape)


def _difference(expected: Arrays, found: Arrays) -> str:
    """How an answer differs from the framework's; empty where it does not."""
    if expected.keys() != found.keys():
        return f"it has the outputs {', '.join(sorted(found))}, not {', '.join(sorted(expected))}"
    return "; ".join(filter(None, (_array_difference(name, expected[name], found[name]) for name in expected)))


def _array_difference(name: str, expected: np.ndarray, found: np.ndarray) -> str:
    if expected.shape != found.shape and not (expected.size == found.size == 0):
        return f"{name} has the shape {found.shape}, not {expected.shape}"
    if expected.dtype != found.dtype:
        return f"{name} is {found.dtype}, not {expected.dtype}"
    if expected.dtype.name not in ALLOWED:
        return "" if np.array_equal(expected, found) else f"{name} is {found.tolist()}, not {expected.tolist()}"
    left, right = expected.astype(np.float64), found.astype(np.float64)
    finite = np.isfinite(left)
    if not np.array_equal(left[~finite], right[~finite], equal_nan=True) or not np.isfinite(right[finite]).all():
        return f"{name} is {found.tolist()}, not {expected.tolist()}"
    scale = np.max(np.abs(left[finite]), initial=0.0) or 1.0
    worst = np.max(np.abs(left[finite] - right[finite]), initial=0.0) / scale
    return f"{name} is off by {worst:.1e} of its scale" if worst > ALLOWED[expected.dtype.name] else ""
