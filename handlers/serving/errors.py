"""The errors that a request is answered with. Each class has a code, and each code has an HTTP status. A dialect words
the message as the servers do that its clients know."""

from collections.abc import Mapping, Sequence
from json import JSONEncoder
from typing import Any, ClassVar, Literal

Code = Literal[
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "METHOD_NOT_ALLOWED",
    "NOT_ACCEPTABLE",
    "TOO_LARGE",
    "UNSUPPORTED_MEDIA_TYPE",
    "UNIMPLEMENTED",
    "UNAVAILABLE",
    "DEADLINE_EXCEEDED",
    "INTERNAL",
]
"""gRPC's names, and four that only HTTP has."""

STATUS: Mapping[Code, int] = {
    "INVALID_ARGUMENT": 400,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "NOT_ACCEPTABLE": 406,
    "TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "INTERNAL": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
"""The HTTP status of each code, in every dialect."""


_SHOWN_CHARACTERS = 256
"""The most characters of a value that an error message shows."""


def show(value: Any) -> str:
    """A value that a caller sent, for an error message: as JSON, and cut off if it is long.

    It takes no longer for a large value than for a small one, except for one large string.
    """
    shown = ""
    try:
        for piece in JSONEncoder(ensure_ascii=False, default=str).iterencode(value):
            shown += piece[:_SHOWN_CHARACTERS]
            if len(shown) >= _SHOWN_CHARACTERS:
                break
    except (RecursionError, ValueError):  # ValueError: an integer of thousands of digits
        return shown[:_SHOWN_CHARACTERS] or f"a value of type {type(value).__name__}"
    return shown[:_SHOWN_CHARACTERS]


class ServingError(Exception):
    """A request cannot be answered. The message goes to the caller, so it holds nothing internal."""

    code: ClassVar[Code] = "INTERNAL"
    is_fault: bool = True
    """Whether we caused it, and not the caller: it counts as one of `ServerErrors`, whatever its status is."""
    retry_after_seconds: int | None = None
    """When to try again, if that can help."""
    inference_id: str | None = None
    """The id that the body gave the request, where the error was raised after it was read."""


class RefusedRequest(ServingError):
    """The caller can change the request so that it is answered."""

    is_fault = False


class InvalidRequest(RefusedRequest):
    """The dialect or the signature does not allow the request."""

    code = "INVALID_ARGUMENT"


class InvalidJson(InvalidRequest):
    """The body is not JSON.

    Args:
        reason: what is wrong, in RapidJSON's words.
        offset: where, in bytes; None if nowhere.
    """

    def __init__(self, reason: str, offset: int | None = None) -> None:
        super().__init__(
            f"JSON Parse error: {reason}" if offset is None else f"JSON Parse error: {reason} at offset: {offset}"
        )
        self.reason, self.offset = reason, offset or 0


class NotServed(RefusedRequest):
    """The request names something that does not exist here."""

    code = "NOT_FOUND"


class UnknownModel(NotServed):
    """No model of this name is served.

    Args:
        model: the name.
        reason: why, if more can be said than that.
    """

    version: int | None = None
    """The version that the request names, if it names one."""

    def __init__(self, model: str, reason: str = "") -> None:
        super().__init__(f"Model {model!r} is not served here{reason and f': {reason}'}")
        self.model, self.reason = model, reason


class UnknownVersion(NotServed):
    """The model has no such version."""

    def __init__(self, model: str, version: int) -> None:
        super().__init__(f"Model {model!r} has no version {version}")
        self.model, self.version = model, version


class MissingModel(UnknownModel):
    """The store lacks a model that this function should serve."""

    is_fault = True


class MissingVersion(UnknownVersion):
    """The store lacks a version that the model's pointer names."""

    is_fault = True


class UnknownLabel(InvalidRequest):
    """No version of the model has this label."""

    def __init__(self, model: str, label: str) -> None:
        super().__init__(f"Unrecognized servable version label: {label}")
        self.model, self.label = model, label


class UnknownSignature(InvalidRequest):
    """The version has no such signature."""

    def __init__(self, signature: str, available: Sequence[str]) -> None:
        super().__init__(f"There is no signature {signature!r}; the signatures are {sorted(available)}")
        self.signature, self.available = signature, tuple(available)


class MethodNotAllowed(RefusedRequest):
    """The path exists, but not with this method."""

    code = "METHOD_NOT_ALLOWED"

    def __init__(self, method: str, path: str, allowed: Sequence[str]) -> None:
        super().__init__(f"{method} is not allowed for {path}; allowed is {', '.join(allowed)}")
        self.allowed = tuple(allowed)


class UnsupportedMediaType(RefusedRequest):
    """The body is of a type that is not read here. The message says which ones are."""

    code = "UNSUPPORTED_MEDIA_TYPE"


class NotAcceptable(RefusedRequest):
    """The request accepts no type that the answer can have. The message says which ones there are."""

    code = "NOT_ACCEPTABLE"


class Unsupported(RefusedRequest):
    """The dialect has this feature, but this server does not. The message says what to use instead."""

    code = "UNIMPLEMENTED"


class ModelUnavailable(ServingError):
    """The model cannot answer now: it is being loaded, or its last load failed and the next one is not due yet."""

    code = "UNAVAILABLE"

    def __init__(self, message: str, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ModelLoading(ModelUnavailable):
    """The model is still being loaded."""


class ModelTooLarge(ServingError):
    """The model needs more memory than this function has for models. To wait or to try again cannot help."""


class TookTooLong(ServingError):
    """The prediction did not end in the time that the function has."""

    code = "DEADLINE_EXCEEDED"

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The prediction did not end within {seconds:.3g} seconds, which is all that this function has: send fewer "
            "instances in one request, or give the function more time or memory"
        )


class RequestTooLarge(RefusedRequest):
    """Reading the request would take more memory than this function has for requests."""

    code = "TOO_LARGE"

    def __init__(self, room: int) -> None:
        super().__init__(
            f"Reading the request would take more than the {room} bytes of memory that this function has for it: "
            "send fewer instances in one request, send binary tensors instead of JSON, or give the function more memory"
        )


class CallTooLarge(RefusedRequest):
    """Computing the answer would take more memory than this function has for the model and a call."""

    code = "TOO_LARGE"

    def __init__(self, elements: int, needed: int, room: int) -> None:
        super().__init__(
            f"To compute an answer for {elements} input elements the model would need about {needed} bytes of memory, "
            f"and this function has {room}: send fewer instances in one request, or give the function more memory"
        )


class InflatedTooLarge(RefusedRequest):
    """A compressed body is larger than the most that is inflated."""

    code = "TOO_LARGE"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The body inflates to more than {limit} bytes, the most allowed: send fewer instances in one request"
        )


class AnswerTooLarge(RefusedRequest):
    """The answer is larger than Lambda can return."""

    code = "TOO_LARGE"
