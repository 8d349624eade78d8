"""InvokeApi: Lambda's Invoke operation over HTTP, for clients and for the emulator.

POST /2015-03-31/functions/NAME/invocations                    as in AWS: errors in the payload and in
                                                               X-Amz-Function-Error
POST /gateway/functions/NAME/invocations                       for the emulator, in the format that it expects
POST /gateway/functions/NAME/revisions/REVISION/invocations    the same, for one revision of the function
POST /followers/NAME                                           for the emulator: a bucket changed that this process
                                                               follows
"""

import json
import threading
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import unquote

from local.functions import InvokeError, Outcome, not_granted, not_permitted
from local.gateway_permissions import GatewayPermissions
from local.http_server import JsonHandler, LoopbackServer
from local.invocations import Invocations
from local.role_permissions import RolePermissions

GATEWAY_SECONDS = 30.0
"""How long an HTTP API waits for its integration.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""

HEARTBEAT_SECONDS = 0.5
"""How often the emulator is told to keep waiting: by itself it allows the function's timeout, without the init."""


class InvokeApi:
    """The server. It runs from construction until `stop`."""

    def __init__(self, invocations: Invocations) -> None:

        class Handler(JsonHandler):
            def do_POST(self) -> None:  # noqa: N802 the standard library's name
                body = self.read_body()
                match unquote(self.path).strip("/").split("/"):
                    case ["2015-03-31", "functions", name, "invocations"]:
                        _invoke(self, lambda: _call(invocations, admit, self, name, body))
                    case ["gateway", "functions", name, "invocations"]:
                        _invoke_for_gateway(self, lambda: _call(invocations, admit, self, name, body), body)
                    case ["gateway", "functions", name, "revisions", revision, "invocations"]:
                        call = partial(_call, invocations, admit, self, name, body, revision)
                        _invoke_for_gateway(self, call, body)
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
    admit: Callable[[str, bytes, str | None], None],
    request: JsonHandler,
    name: str,
    event: bytes,
    revision: str | None = None,
) -> Outcome:
    headers, source = request.headers, _source(event)
    if source in ("gateway", "balancer"):
        admit(name, event, revision)
    request_id, trace_id = headers.get("X-Amzn-Lambda-Request-Id"), headers.get("X-Amzn-Trace-Id")
    patient = source in ("notification", "queue")  # asynchronous: Lambda queues it, or tries again
    return invocations.invoke(name, event, request_id, trace_id, patient=patient, revision=revision)


def _admit(
    invocations: Invocations,
    permissions: GatewayPermissions,
    roles: RolePermissions,
    name: str,
    event: bytes,
    revision: str | None,
) -> None:
    """Raise InvokeError if API Gateway may not invoke a function, or if its role lacks what it needs."""
    if not permissions.admit(name, json.loads(event)):
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


def _invoke_for_gateway(request: JsonHandler, call: Callable[[], Outcome], event: bytes) -> None:
    """Answer the emulator, which reads only the status and the body.

    An HTTP API hides a function's errors from its clients: it answers 500, or 503 if the function did not answer. It
    answers 500, too, if it may not invoke the function.
    """
    from_gateway = _source(event) == "gateway"
    outcome = _while_the_emulator_waits(request, call, GATEWAY_SECONDS if from_gateway else None)
    if isinstance(outcome, Outcome) and not outcome.failed:
        request.answer(200, outcome.payload)
    elif not from_gateway:
        refused = isinstance(outcome, InvokeError)
        request.answer(outcome.status if refused else 500, outcome.body if refused else _payload(outcome))
    elif isinstance(outcome, Outcome) or (outcome and outcome.status == HTTPStatus.FORBIDDEN):
        request.answer(200, _gateway_answer(500, "Internal Server Error"))
    else:
        request.answer(200, _gateway_answer(503, "Service Unavailable"))


def _payload(outcome: Outcome | InvokeError | None) -> bytes:
    return outcome.payload if isinstance(outcome, Outcome) else b""


def _while_the_emulator_waits(
    request: JsonHandler, call: Callable[[], Outcome], seconds: float | None
) -> Outcome | InvokeError | None:
    """The outcome, or None if it takes longer than `seconds`. Sends "100 Continue" meanwhile, so the emulator waits."""
    done = threading.Event()
    result: list[Outcome | InvokeError] = []

    def work() -> None:
        try:
            result.append(call())
        except InvokeError as error:
            result.append(error)
        finally:
            done.set()

    threading.Thread(target=work, daemon=True).start()
    waited = 0.0
    while not done.wait(HEARTBEAT_SECONDS):
        waited += HEARTBEAT_SECONDS
        if seconds is not None and waited >= seconds:
            return None
        request.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.wfile.flush()
    return result[0] if result else None


def _source(event: bytes) -> Literal["gateway", "balancer", "notification", "queue", "caller"]:
    """The sender of an event: API Gateway, a load balancer, a bucket's notifications, a queue's mapping, or a caller of
    the Invoke operation."""
    try:
        document: Any = json.loads(event)
    except ValueError:
        return "caller"
    match document:
        case {"requestContext": {"apiId": _}}:
            return "gateway"
        case {"requestContext": {"elb": _}}:
            return "balancer"
        case {"Records": [{"eventSource": "aws:s3"}, *_]}:
            return "notification"
        case {"Records": [{"eventSource": "aws:sqs"}, *_]}:
            return "queue"
        case _:
            return "caller"


def _gateway_answer(status: int, message: str) -> bytes:
    return json.dumps(
        {
            "statusCode": status,
            "headers": {"content-type": "application/json"},
            "body": json.dumps({"message": message}),
        }
    ).encode()
