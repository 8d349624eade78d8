"""What can go wrong between a request and its answer. Each class has a code, and each code an HTTP status; a dialect
words the message as its own servers do."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

Code = Literal[
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "METHOD_NOT_ALLOWED",
    "TOO_LARGE",
    "RESOURCE_EXHAUSTED",
    "UNIMPLEMENTED",
    "UNAVAILABLE",
    "INTERNAL",
]
"""gRPC's names, and two that only HTTP has."""

STATUS: Mapping[Code, int] = {
    "INVALID_ARGUMENT": 400,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "TOO_LARGE": 413,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
}
"""The HTTP status of each code, in every dialect."""


class ServingError(Exception):
    """A request that cannot be answered as it was asked. The message goes to the caller: nothing internal in it."""

    code: ClassVar[Code] = "INTERNAL"
    retry_after_seconds: int | None = None
    """When to ask again, where asking again can help."""


class InvalidRequest(ServingError):
    """The request is not what the dialect or the signature allows."""

    code = "INVALID_ARGUMENT"


class NotServed(ServingError):
    """What the request names is not here."""

    code = "NOT_FOUND"


class UnknownModel(NotServed):
    """No model of this name is served here."""

    def __init__(self, model: str) -> None:
        super().__init__(f"Model {model!r} is not served here")
        self.model = model


class UnknownVersion(NotServed):
    """The model has no such version."""

    def __init__(self, model: str, version: int) -> None:
        super().__init__(f"Model {model!r} has no version {version}")
        self.model, self.version = model, version


class UnknownLabel(InvalidRequest):
    """No version of the model bears this label."""

    def __init__(self, model: str, label: str) -> None:
        super().__init__(f"Unrecognized servable version label: {label}")
        self.model, self.label = model, label


class UnknownSignature(InvalidRequest):
    """The version has no such signature."""

    def __init__(self, signature: str, available: Sequence[str]) -> None:
        super().__init__(f"Signature {signature!r} is none of {sorted(available)}")
        self.signature, self.available = signature, tuple(available)


class MethodNotAllowed(ServingError):
    """The path exists, the method does not."""

    code = "METHOD_NOT_ALLOWED"

    def __init__(self, method: str, path: str, allowed: Sequence[str]) -> None:
        super().__init__(f"{method} is not allowed for {path}; allowed is {', '.join(allowed)}")
        self.allowed = tuple(allowed)


class Unsupported(ServingError):
    """The dialect has it, this server does not; the message says what there is instead."""

    code = "UNIMPLEMENTED"


class ModelUnavailable(ServingError):
    """The model cannot answer now: it is loading, or its last load failed and the next try is not due yet."""

    code = "UNAVAILABLE"

    def __init__(self, message: str, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ModelLoading(ModelUnavailable):
    """The model is not loaded yet, and the load goes on."""


class ModelTooLarge(ServingError):
    """The model needs more memory than this function can ever give it."""

    code = "RESOURCE_EXHAUSTED"


class AnswerTooLarge(ServingError):
    """The answer is larger than Lambda can return."""

    code = "TOO_LARGE"
