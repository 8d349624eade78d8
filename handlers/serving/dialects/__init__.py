"""Dialects: bytes of a request ⇄ named arrays. What answers without a model imports no numpy here."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, Protocol, TypeVar

from handlers.manifest import Manifest
from handlers.serving.errors import ServingError
from handlers.serving.events import Request, Response

if TYPE_CHECKING:
    import numpy as np

Operation = Literal["predict", "status", "metadata", "server", "live", "ready", "model_ready"]


class Call(NamedTuple):
    """What a request asks for, read from its method and path alone."""

    operation: Operation
    model: str = ""
    version: int | None = None
    label: str | None = None


Form = TypeVar("Form")


class Inference(NamedTuple, Generic[Form]):
    """What a request gives to a model, and what it wants back."""

    signature: str
    inputs: "Mapping[str, np.ndarray]"
    form: Form
    """The form of the answer that the request asks for. Each dialect has a type of its own for it."""
    outputs: Sequence[str] | None = None
    """Public names, in the order of the answer; None for all."""


class Models(Protocol):
    """What a dialect may ask about models; nothing here loads one."""

    def find(self, model: str, version: int | None = None, label: str | None = None) -> Manifest: ...
    def versions(self, model: str) -> list[int]: ...
    def manifest(self, model: str, version: int) -> Manifest: ...
    def state(self, manifest: Manifest) -> str: ...
    def is_ready(self) -> bool: ...


class Dialect(Protocol):
    """One way to ask. Modules of this package are dialects."""

    @property
    def NAME(self) -> str: ...  # noqa: N802 - a module's constant

    def route(self, method: str, path: str) -> Call:
        """What is asked for. Raises NotServed, InvalidRequest, MethodNotAllowed or Unsupported."""
        ...

    def describe(self, call: Call, models: Models) -> Response:
        """Answer every operation but `predict`."""
        ...

    def decode(self, request: Request, manifest: Manifest) -> Inference[Any]:
        """Read the inputs of a `predict`, of the dtypes and shapes that the signature allows."""
        ...

    def encode(self, inference: Inference[Any], outputs: "Mapping[str, np.ndarray]", manifest: Manifest) -> Response:
        """Answer a `predict`."""
        ...

    def fail(self, error: ServingError) -> Response:
        """Answer with an error, worded and numbered as the dialect's own servers do."""
        ...
