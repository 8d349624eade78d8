"""InvokeApi: Lambda's Invoke operation over HTTP, for clients and for the emulator.

POST /2015-03-31/functions/NAME/invocations                    as in AWS: errors in the payload and in
                                                               X-Amz-Function-Error
POST /gateway/functions/NAME/invocations                       for the emulator, in the format that it expects
POST /gateway/functions/NAME/revisions/REVISION/invocations    the same, for one revision of the function
POST /followers/NAME                                           for the emulator: a bucket changed that this process
                                                               follows
"""

import json
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import unquote

from local.forwarding import gateway_answer, is_from_gateway
from local.functions import InvokeError, Outcome, not_granted, not_permitted
from local.gateway_permissions import GatewayPermissions
from local.http_server import JsonHandler, LoopbackServer
from local.invocations import Invocations
from local.role_permissions import RolePermissions


class InvokeApi:
    """The server. It runs from construction until `stop`."""

    def __init__(self, invocations: Invocations) -> None:

        class Handler(JsonHandler):
            def do_POST(self) -> None:  # noqa: N802 the standard library's name
                event = Sent(self.read_body())
                match unquote(self.path).strip("/").split("/"):
                    case ["2015-03-31", "functions", name, "invocations"]:
                        _invoke(self, lambda: _call(invocations, admit, self, name, event))
                    case ["gateway", "functions", name, "invocations"]:
                        _invoke_for_gateway(self, lambda: _call(invocations, admit, self, name, event), event)
                    case ["gateway", "functions", name, "revisions", revision, "invocations"]:
                        call = partial(_call, invocations, admit, self, name, event, revision)
                        _invoke_for_gateway(self, call, event)
                    case ["followers", name] if name in followers:
                        followers[name]()
                        self.answer(200, b"{}")
                    case _:
                        self.answer(404, b'{"message": "Not Found"}')

        self.permissions = GatewayPermissions()
        """What API Gateway may invoke."""
        self.roles = RolePermissions()
        """What functions may do."""
        self._invocations = invocations
        admit = partial(_admit, invocations, self.permissions, self.roles)
        followers = self._followers = dict[str, Callable[[], None]]()
        self._server = LoopbackServer(Handler)

    @property
    def url(self) -> str:
        """The server's base URL."""
        return f"http://{self._server.address}"

    def gateway_url(self, function: str, revision: str = "") -> str:
        """The URL by which the emulator invokes a function, or one revision of it."""
        place = f"{function}/revisions/{revision}" if revision else function
        return f"{self.url}/gateway/functions/{place}/invocations"

    def revision_in(self, url: str) -> str | None:
        """The revision that a URL from `gateway_url` names; None if it names none."""
        before, _, rest = url.partition("/revisions/")
        return rest.split("/")[0] if rest and before.startswith(self.url) else None

    def follower_url(self, name: str, changed: Callable[[], None]) -> str:
        """A URL for the emulator in place of a function's; each event calls `changed`."""
        self._followers[name] = changed
        return f"{self.url}/followers/{name}"

    def refuse_lacking(self, name: str, revision: str | None) -> None:
        """Raise InvokeError if a function's role lacks what the revision needs."""
        _refuse_lacking(self._invocations, self.roles, name, revision)

    def stop(self) -> None:
        """Stop the server and free the port."""
        self._server.stop()


def _call(
    invocations: Invocations,
    admit: Callable[[str, Any, str | None], None],
    request: JsonHandler,
    name: str,
    event: "Sent",
    revision: str | None = None,
) -> Outcome:
    headers = request.headers
    if event.source in ("gateway", "balancer"):
        admit(name, event.document, revision)
    request_id, trace_id = headers.get("X-Amzn-Lambda-Request-Id"), headers.get("X-Amzn-Trace-Id")
    patient = event.source in ("notification", "queue")  # asynchronous: Lambda queues it, or tries again
    return invocations.invoke(name, event.body, request_id, trace_id, patient=patient, revision=revision)


def _admit(
    invocations: Invocations,
    permissions: GatewayPermissions,
    roles: RolePermissions,
    name: str,
    event: Any,
    revision: str | None,
) -> None:
    """Raise InvokeError if API Gateway may not invoke a function, or if its role lacks what it needs."""
    if not permissions.admit(name, event):
        raise not_permitted(name)
    _refuse_lacking(invocations, roles, name, revision)


def _refuse_lacking(invocations: Invocations, roles: RolePermissions, name: str, revision: str | None) -> None:
    """AWS is not as strict: an environment goes on with what it has mounted or loaded. A new one cannot. So the
    function's log has the reason."""
    function = invocations.function(name, revision)
    lacking = roles.lacking(function.role, function.needs)
    if lacking is not None:
        error = not_granted(function.role, lacking)
        invocations.logs(name).write(f"{error}, which version {function.version} needs")
        raise error


def _invoke(request: JsonHandler, call: Callable[[], Outcome]) -> None:
    try:
        outcome = call()
    except InvokeError as error:
        request.answer(error.status, error.body, {"X-Amzn-ErrorType": error.code})
        return
    headers = {"X-Amz-Executed-Version": "$LATEST", "X-Amzn-RequestId": outcome.report.request_id}
    if outcome.failed:
        headers["X-Amz-Function-Error"] = "Unhandled"
    request.answer(200, outcome.payload, headers)


def _invoke_for_gateway(request: JsonHandler, call: Callable[[], Outcome], event: "Sent") -> None:
    """Answer the emulator, which reads only the status and the body.

    An HTTP API hides a function's errors from its clients: it answers 500, or 503 if the function did not answer. It
    answers 500, too, if it may not invoke the function.
    """
    from_gateway = event.source == "gateway"
    try:
        outcome: Outcome | InvokeError = call()
    except InvokeError as error:
        outcome = error
    if isinstance(outcome, Outcome) and not outcome.failed:
        request.answer(200, outcome.payload)
    elif not from_gateway:
        refused = isinstance(outcome, InvokeError)
        request.answer(outcome.status if refused else 500, outcome.body if refused else outcome.payload)
    elif isinstance(outcome, Outcome) or outcome.status == HTTPStatus.FORBIDDEN:
        _answer_as_gateway(request, 500, "Internal Server Error")
    else:
        _answer_as_gateway(request, 503, "Service Unavailable")


def _answer_as_gateway(request: JsonHandler, status: int, message: str) -> None:
    request.answer(200, json.dumps(gateway_answer(status, message)).encode())


class Sent:
    """An event, and who sent it."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        try:
            self.document: Any = json.loads(body)
        except ValueError:
            self.document = None
        self.source = _source(self.document)


def _source(event: Any) -> Literal["gateway", "balancer", "notification", "queue", "caller"]:
    """The sender: API Gateway, a load balancer, a bucket's notifications, a queue's mapping, or a caller of the Invoke
    operation."""
    if is_from_gateway(event):
        return "gateway"
    match event:
        case {"requestContext": {"elb": _}}:
            return "balancer"
        case {"Records": [{"eventSource": "aws:s3"}, *_]}:
            return "notification"
        case {"Records": [{"eventSource": "aws:sqs"}, *_]}:
            return "queue"
        case _:
            return "caller"
