"""A runtime client for machines that AWS's own, awslambdaric, has no build for: `python -u runtime_client.py HANDLER`.

Speaks the same Runtime API, https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, with the standard library
alone. What a handler returns is bytes, or what `json` writes.
"""

import importlib
import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from decimal import Decimal
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

RUNTIME = "/2018-06-01/runtime"
NO_BREAK_SPACE = "\u00a0"
"""Indents tracebacks, whose lines a log would strip."""

Handler = Callable[[Any, Any], Any]


class Fault(Exception):
    """The handler, its event or its answer is not what it should be, in Lambda's words."""

    def __init__(self, error_type: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.trace = trace or []


class Invocation(NamedTuple):
    """One event."""

    event: bytes
    content_type: str
    request_id: str
    deadline_ms: int
    function_arn: str
    trace_id: str | None


class Context:
    """What a handler is told of its function and its invocation; there is no client context behind an API."""

    def __init__(self, invocation: Invocation) -> None:
        self.aws_request_id = invocation.request_id
        self.invoked_function_arn = invocation.function_arn
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.client_context = None
        self.identity = SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)
        self.tenant_id = None
        self._deadline_ms = invocation.deadline_ms

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's time is up."""
        return max(self._deadline_ms - int(time.time() * 1000), 0)


class RuntimeClient:
    """One connection to the Runtime API."""

    def __init__(self, address: str) -> None:
        self._connection = HTTPConnection(address)

    def next(self) -> Invocation:
        """Wait for the next invocation."""
        headers, event = self._exchange("GET", "/invocation/next")
        return Invocation(
            event=event,
            content_type=headers["Content-Type"],
            request_id=headers["Lambda-Runtime-Aws-Request-Id"],
            deadline_ms=int(headers["Lambda-Runtime-Deadline-Ms"]),
            function_arn=headers["Lambda-Runtime-Invoked-Function-Arn"],
            trace_id=headers["Lambda-Runtime-Trace-Id"],
        )

    def post(self, path: str, body: bytes, content_type: str = "application/json", error_type: str = "") -> None:
        """Say what became of an invocation, or of the init. Raises RuntimeError if that is refused."""
        more = {"Lambda-Runtime-Function-Error-Type": error_type} if error_type else {}
        self._exchange("POST", path, body, {"Content-Type": content_type, **more})

    def _exchange(self, verb: str, path: str, body: bytes | None = None, headers: Any = None) -> tuple[Any, bytes]:
        self._connection.request(verb, RUNTIME + path, body, headers or {})
        response = self._connection.getresponse()
        content = response.read()
        if not 200 <= response.status < 300:
            raise RuntimeError(f"{verb} {path} was answered with {response.status}: {content.decode(errors='replace')}")
        return response.headers, content


def load_handler(name: str) -> Handler:
    """The function that `module.function` names. Raises Fault, and what the module raises."""
    module, _, function = name.rpartition(".")
    if not module:
        raise Fault("Runtime.MalformedHandlerName", f"Bad handler '{name}': it names no module")
    try:
        found = importlib.import_module(module.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", f"Unable to import module '{module}': {error}") from None
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        raise Fault("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module}': {error}", trace) from None
    if not hasattr(found, function):
        raise Fault("Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{module}'")
    return getattr(found, function)


def answer(handler: Handler, invocation: Invocation) -> tuple[bytes, str]:
    """What the handler returns for an event, and its media type. Raises Fault, and what the handler raises."""
    event: Any = invocation.event
    if invocation.content_type == "application/json":
        try:
            event = json.loads(event, parse_constant=_refuse)
        except Exception as error:
            raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from None
    returned = handler(event, Context(invocation))
    if isinstance(returned, bytes):
        return returned, "application/unknown"
    try:
        return json.dumps(returned, default=_number).encode(), "application/json"
    except Exception as error:
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from None


def report(error: Exception, request_id: str = "") -> tuple[bytes, str]:
    """Log what went wrong; its description, which is the answer, and its type."""
    if isinstance(error, Fault):
        error_type, trace = error.error_type, error.trace
    else:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
        places = [(frame.filename, frame.lineno or 0, frame.name, frame.line) for frame in frames]
        error_type, trace = type(error).__name__, traceback.format_list(places)
    said = f"[ERROR] {error_type}: {error}" if str(error) else f"[ERROR] {error_type}"
    lines = [_indented(line) for text in trace for line in text.splitlines()]
    sys.stdout.write("\r".join([said, "Traceback (most recent call last):", *lines]) + "\n")
    description = {"errorMessage": str(error), "errorType": error_type, "requestId": request_id, "stackTrace": trace}
    return json.dumps(description).encode(), error_type


def run(name: str, client: RuntimeClient) -> None:
    """Answer invocations until the process is killed. Where the handler cannot be loaded, end with status 1."""
    current = SimpleNamespace(request_id="")
    _set_up_logging(current)
    try:
        handler = load_handler(name)
    except Exception as error:
        description, error_type = report(error)
        client.post("/init/error", description, error_type=error_type)
        sys.exit(1)
    while True:
        invocation = client.next()
        current.request_id = invocation.request_id
        os.environ.pop("_X_AMZN_TRACE_ID", None)
        if invocation.trace_id is not None:
            os.environ["_X_AMZN_TRACE_ID"] = invocation.trace_id
        path = f"/invocation/{invocation.request_id}"
        try:
            returned, content_type = answer(handler, invocation)
        except Exception as error:
            description, _ = report(error, invocation.request_id)
            client.post(f"{path}/error", description, error_type="Unhandled")
        else:
            client.post(f"{path}/response", returned, content_type)


def _set_up_logging(current: SimpleNamespace) -> None:
    def add_request_id(record: logging.LogRecord) -> bool:
        record.aws_request_id = current.request_id
        return True

    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(add_request_id)
    line = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
    handler.setFormatter(logging.Formatter(line, "%Y-%m-%dT%H:%M:%S"))
    logging.Formatter.converter = time.gmtime
    logging.getLogger().addHandler(handler)


def _indented(line: str) -> str:
    words = line.lstrip(" ")
    return NO_BREAK_SPACE * (len(line) - len(words)) + words


def _refuse(constant: str) -> None:
    raise ValueError(f"Out of range float values are not JSON compliant: {constant}")


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


if __name__ == "__main__":
    sys.path[0] = str(Path.cwd())  # as Lambda does: handlers are found in the task root, not beside this file
    run(sys.argv[1], RuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"]))
