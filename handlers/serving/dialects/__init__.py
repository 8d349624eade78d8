"""Dialects: from the bytes of a request to named arrays, and back. What answers without a model does not import numpy.

A dialect is a module with the functions of `Dialect`. `handlers.serving.app` lists the dialects and their paths.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, Protocol, TypeVar

from handlers.manifest import Manifest
from handlers.serving.errors import ServingError
from handlers.serving.events import Request, Response
from handlers.serving.telemetry import Tally

if TYPE_CHECKING:
    import numpy as np

Operation = Literal[
    "predict",
    "status",
    "metadata",
    "server",
    "live",
    "ready",
    "models",
    "model_ready",
    "config",
    "statistics",
    "index",
    "document",
    "page",
    "answer",
]

ANSWER_PATH = r"/v[12]/models/(?P<model>[^/:]+)/answers/(?P<id>[A-Za-z0-9_-]{1,128})"
"""A regular expression: where the answer to a request is that was accepted to be answered later."""


class Call(NamedTuple):
    """What a request asks for, as its method and path say."""

    operation: Operation
    model: str = ""
    """Empty for the only model that is served, or for an operation that is about no model or about all."""
    version: int | None = None
    label: str | None = None
    answer_id: str = ""
    """Of an answer that is asked for."""


def answer_at(path: str) -> Call | None:
    """The call for a kept answer; None if the path is not that of one."""
    match = re.fullmatch(ANSWER_PATH, path)
    return match and Call("answer", match["model"], answer_id=match["id"])


Form = TypeVar("Form")


class Inference(NamedTuple, Generic[Form]):
    """The inputs of a prediction, and the outputs that it asks for."""

    signature: str
    inputs: "Mapping[str, np.ndarray]"
    form: Form
    """The form of the answer that the request asks for. Each dialect has a type of its own for it."""
    outputs: Sequence[str] | None = None
    """Public names, in the order of the answer; None for all."""
    id: str | None = None
    """What the caller calls the request, if it says so."""


class Models(Protocol):
    """What a dialect may ask about models. None of it loads a model."""

    def models(self) -> list[str]: ...
    def listed(self) -> list[str]: ...
    def find(self, model: str, version: int | None = None, label: str | None = None) -> Manifest: ...
    def versions(self, model: str) -> list[int]: ...
    def manifest(self, model: str, version: int) -> Manifest: ...
    def state(self, manifest: Manifest) -> str: ...
    def reason(self, manifest: Manifest) -> str: ...
    def tally(self, model: str, version: int) -> Tally: ...
    def is_ready(self) -> bool: ...


class Dialect(Protocol):
    """One protocol: its paths, its requests, its answers and its errors."""

    @property
    def NAME(self) -> str: ...  # noqa: N802 - a module's constant

    def route(self, method: str, path: str) -> Call:
        """What the request asks for. Raises NotServed, InvalidRequest, MethodNotAllowed or Unsupported."""
        ...

    def describe(self, call: Call, request: Request, models: Models) -> Response:
        """Answer any operation except `predict` and `answer`."""
        ...

    def decode(self, request: Request, manifest: Manifest) -> Inference[Any]:
        """Read a `predict`. The inputs have the dtypes and shapes that the signature allows."""
        ...

    def encode(self, inference: Inference[Any], outputs: "Mapping[str, np.ndarray]", manifest: Manifest) -> Response:
        """Answer a `predict`."""
        ...

    def fail(self, error: ServingError) -> Response:
        """Answer with an error, in the words of the dialect's own servers."""
        ...
