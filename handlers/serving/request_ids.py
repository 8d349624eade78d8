"""The ids by which the caller of a request may name it: what the log has to be searched for."""

from collections.abc import Mapping

from handlers.serving.events import Request

API_REQUEST_ID = "apiRequestId"
"""What the log calls the id that API Gateway or a function URL gave the request: its answer has it as `apigw-requestid`
or `x-amzn-requestid`."""

ASYNCHRONOUS_ID = "asynchronousId"
"""What the log calls the id of a request that is answered later: the last part of the path of its answer."""

ASYNCHRONOUS_HEADER = "x-asynchronous-id"
"""The header by which such a request has its id when it is answered."""

INFERENCE_ID = "inferenceId"
"""What the log calls the `id` in the body of an Open Inference request."""

HEADERS: Mapping[str, str] = {
    "x-request-id": "callerRequestId",
    "traceparent": "traceparent",
    ASYNCHRONOUS_HEADER: ASYNCHRONOUS_ID,
}
"""What the log calls the ids that a request brings in its headers."""

_MOST_CHARACTERS = 128


def ids_of(request: Request) -> dict[str, str]:
    """The ids that a request has outside of its body, by their names in the log."""
    found = {API_REQUEST_ID: loggable(request.api_id)} if request.api_id else {}
    for key, name in HEADERS.items():
        if value := request.headers.get(key):
            found[name] = loggable(value)
    return found


def loggable(value: str) -> str:
    """An id as the log holds it: cut off if it is long, and without characters that no id needs."""
    shown = value[:_MOST_CHARACTERS]
    return shown if shown.isprintable() else "".join(each if each.isprintable() else "?" for each in shown)
