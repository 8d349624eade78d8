"""Accepting: a request becomes a kept one, and a caller gets the kept answer.

RFC 7240 has the header `Prefer` and its `respond-async`, RFC 9110 the status 202. `Location` is relative, so that it
leads to the same stage and host as the request did, whatever stands in front.
"""

import os
import posixpath
from collections.abc import Mapping

import orjson

from handlers.contract import ASYNCHRONOUS_PLACE
from handlers.serving.asynchronous.kept import Named, Place
from handlers.serving.asynchronous.messages import send
from handlers.serving.dialects import Call
from handlers.serving.errors import NotServed
from handlers.serving.events import JSON_HEADERS, Request, Response

PREFERENCE = "respond-async"

WAIT_SECONDS = "1"
"""When to look for the answer."""


def prefers_later(headers: Mapping[str, str]) -> bool:
    """Whether a caller prefers to be answered later."""
    preferences = headers.get("prefer", "").split(",")
    return any(each.partition(";")[0].strip().lower() == PREFERENCE for each in preferences)


def accept(request: Request, call: Call) -> tuple[str, Response]:
    """Keep a request and send its message. Returns its id, which nobody guesses, and the answer that says where the
    real one will be. Raises ModelUnavailable."""
    named = Named(call.model, os.urandom(16).hex())
    place = Place(os.environ[ASYNCHRONOUS_PLACE])
    place.keep_request(named, request)
    send(named)
    root = "/v2" if request.path.startswith("/v2/") else "/v1"
    at = f"{root}/models/{named.model}/answers/{named.id}"
    headers = {
        **JSON_HEADERS,
        "location": posixpath.relpath(at, posixpath.dirname(request.path)),
        "preference-applied": PREFERENCE,
        "retry-after": WAIT_SECONDS,
    }
    return named.id, Response(202, orjson.dumps({"id": named.id, "state": "accepted"}), headers)


def kept_answer(call: Call) -> Response:
    """The answer to a kept request, or that it is not there yet. Raises NotServed if there is no such request."""
    named, place = Named(call.model, call.answer_id), Place(os.environ[ASYNCHRONOUS_PLACE])
    answer = place.answer(named)
    if answer is not None:
        return answer
    since = place.accepted_at(named)
    if since is None:
        raise NotServed(f"There is no request {named.id} of the model {named.model!r}, or it is not kept any more")
    body = orjson.dumps({"id": named.id, "state": "accepted", "accepted_at": since})
    return Response(202, body, {**JSON_HEADERS, "retry-after": WAIT_SECONDS})
