"""The ids by which the caller of a request may name it: what the log has to be searched for."""

from collections.abc import Mapping

from handlers.serving.events import Request

HEADERS: Mapping[str, str] = {"x-request-id": "callerRequestId", "traceparent": "traceparent"}
"""What the log calls the ids that a caller sends, by the header."""

API_REQUEST_ID = "apiRequestId"
"""What the log calls the id that API Gateway or a function URL gave the request: its answer has it as `apigw-requestid`
or `x-amzn-requestid`."""

INFERENCE_ID = "inferenceId"
"""What the log calls the `id` in the body of an Open Inference request."""

_MOST_CHARACTERS = 128


def ids_of(request: Request) -> dict[str, str]:
    """The ids that a request has outside of its body, by their names in the log."""
    given = {API_REQUEST_ID: request.api_id, **{name: request.headers.get(key) for key, name in HEADERS.items()}}
    return {name: loggable(value) for name, value in given.items() if value}


def loggable(value: str) -> str:
    """An id as the log holds it: cut off if it is long, and without characters that no id needs."""
    shown = value[:_MOST_CHARACTERS]
    return shown if shown.isprintable() else "".join(each if each.isprintable() else "?" for each in shown)
