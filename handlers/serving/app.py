"""A request becomes an answer: one Lambda event in, one answer out."""

import time
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, cast

from handlers.manifest import Manifest
from handlers.serving.dialects import Call, Dialect, Inference, open_inference, tensorflow_serving
from handlers.serving.engines import EngineError
from handlers.serving.errors import InvalidRequest, NotServed, ServingError
from handlers.serving.events import ROOM_BYTES, Request, Response, is_warmup, recognise
from handlers.serving.repository import Repository
from handlers.serving.request_time import limited_to
from handlers.serving.telemetry import Record, traceback_of, write_event, write_record

DIALECTS: Mapping[str, Dialect] = {"/v1": tensorflow_serving, "/v2": open_inference}
"""The dialect of all paths at and below a root."""

PAGE_PATH = "/"
"""Where the page for people is."""

LATE_DIALECTS: Mapping[str, str] = {
    "/invocations": "sagemaker",
    "/ping": "sagemaker",
    "/openapi.json": "openapi",
    PAGE_PATH: "page",
}
"""The module of each other path. It is imported when it is first asked for."""

ENDPOINTS = "/endpoints/"
"""The root of paths that belong to `sagemaker`, too."""

COMPRESSED_BYTES = 32 * 1024
"""A smaller answer is not compressed: it would take longer, and travel as base64."""

ANSWER_SECONDS = 0.5
"""Seconds kept back to answer "the model is loading"."""


class Context(Protocol):
    """What Lambda says about an invocation."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int: ...


class App:
    """The handler: `app.handle(event, context)`. Safe to use from several threads."""

    def __init__(
        self,
        repository: Repository,
        room: int = ROOM_BYTES,
        *,
        has_page: bool = True,
        tensor_places: tuple[str, ...] = (),
    ) -> None:
        """Serve these models. Reading one request may take `room` bytes of memory."""
        self.repository, self._room = repository, room
        self._has_page, self._tensor_places = has_page, tensor_places
        self._is_cold = True

    def handle(self, event: Any, context: Context) -> dict[str, Any]:
        """Answer a Lambda event. A failure is an answer too: nothing is raised."""
        if is_warmup(event):
            return {"warmup": True}
        began = time.perf_counter()
        record = Record(request_id=context.aws_request_id, cold_start=self._is_cold)
        self._is_cold = False
        sent = recognise(event)
        dialect: Dialect = tensorflow_serving
        try:
            request = sent.request(self._room)._replace(tensor_places=self._tensor_places)
            record.method, record.request_bytes = request.method, len(request.body)
            dialect = _dialect_of(request.path, has_page=self._has_page)
            response = _fitted(self._respond(dialect, request, record, context), request)
            answer = sent.answer(response)
            record.is_fault = response.status >= 500
        except Exception as error:
            failure = _for_the_caller(error, record)
            record.is_fault = failure.is_fault
            response = dialect.fail(failure)
            answer = sent.answer(response)
        record.dialect, record.status, record.response_bytes = dialect.NAME, response.status, len(response.body)
        record.duration_ms = _milliseconds_since(began)
        self.repository.note(record)
        write_record(record)
        return answer

    def preload(self, *, whole: bool = False) -> None:
        """Load the served models, and run the warm-up requests of each.

        Until it returns, the models count as loading. A failure is logged and not raised: requests are answered with
        it, and try the load again.

        Args:
            whole: load the artifacts of all signatures. Else load only the artifact of the default signature: most
                callers ask for that one, and none of them should wait for another.
        """
        for name in self.repository.names:
            try:
                with self.repository.preparing(name):
                    manifest = self.repository.find(name)
                    self._warm(manifest, manifest.default_signature())
                    self.repository.answered(manifest)
            except Exception as error:
                write_event("ERROR", "model not ready after init", model=name, reason=str(error))
                continue
            self._warm_others(manifest, whole=whole)

    def _warm_others(self, manifest: Manifest, *, whole: bool) -> None:
        default = manifest.default_signature()
        for signature in manifest.signatures:
            if signature == default or not (whole or signature in manifest.artifact_for(default).signatures):
                continue
            try:
                self._warm(manifest, signature)
            except Exception as error:
                reason = f"{signature}: {error}"
                write_event("ERROR", "model not ready after init", model=manifest.model, reason=reason)

    def _warm(self, manifest: Manifest, signature: str) -> None:
        with self.repository.lease(manifest, manifest.artifact_for(signature)) as model:
            if signature not in manifest.warmup:
                return
            from handlers.serving.warmup import warmup_inputs  # late: it needs numpy

            model.run(signature, warmup_inputs(manifest.signatures[signature], manifest.warmup[signature]))

    def _respond(self, dialect: Dialect, request: Request, record: Record, context: Context) -> Response:
        if request.method == "OPTIONS" and "access-control-request-method" in request.headers:
            return Response(200, headers={"allow": "GET, HEAD, POST, OPTIONS"})
        call = dialect.route("GET" if request.method == "HEAD" else request.method, request.path)
        record.operation = call.operation
        try:
            with limited_to(_seconds_left(context)):
                if call.operation != "predict":
                    return dialect.describe(call, request, self.repository)
                call = call if call.model else call._replace(model=self.repository.only_model())
                return self._predict(dialect, call, _inflated(request), record, context)
        finally:
            # Last: which models there are may only be known once the store was asked.
            record.model = call.model if self.repository.serves(call.model) else None

    def _predict(self, dialect: Dialect, call: Call, request: Request, record: Record, context: Context) -> Response:
        def attempt(manifest: Manifest, may_load: bool, label: str | None) -> Response:
            record.version, record.label, began = manifest.version, label, time.perf_counter()
            inference = dialect.decode(request, manifest)
            record.decode_ms, began = _milliseconds_since(began), time.perf_counter()
            artifact = manifest.artifact_for(inference.signature)
            lease = self.repository.lease(manifest, artifact, _seconds_left(context), may_load=may_load)
            record.cache_hit, record.load = lease.hit, lease.took
            with lease as model:
                record.wait_ms, began = _milliseconds_since(began), time.perf_counter()
                try:
                    outputs = model.run(inference.signature, inference.inputs, inference.outputs)
                except EngineError as error:
                    if not error.refuses_inputs:
                        raise
                    raise InvalidRequest(_refusal(inference, error)) from error
                record.predict_ms, began = _milliseconds_since(began), time.perf_counter()
            response = dialect.encode(inference, outputs, manifest)
            record.encode_ms = _milliseconds_since(began)
            return response

        return self.repository.answer(call.model, call.version, call.label, attempt, lambda: _share(request, call))


class _Unforeseen(ServingError):
    """An error of the server's own."""

    code: ClassVar[Any] = "INTERNAL"


def _dialect_of(path: str, *, has_page: bool) -> Dialect:
    for root, dialect in DIALECTS.items():
        if path == root or path.startswith(f"{root}/"):
            return dialect
    late = "sagemaker" if path.startswith(ENDPOINTS) else LATE_DIALECTS.get(path)
    if late is not None and (has_page or path != PAGE_PATH):
        from importlib import import_module

        return cast("Dialect", import_module(f"handlers.serving.dialects.{late}"))
    raise NotServed(f"Nothing is at {path}; models answer under /v1/models/ and /v2/models/")


def _refusal(inference: Inference[Any], error: EngineError) -> str:
    """Why the model refused its inputs, with their names and shapes: an engine names only a node of its graph."""
    shapes = [f"{name!r} of shape [{','.join(map(str, array.shape))}]" for name, array in inference.inputs.items()]
    return f"The model refused the input{'s' if len(shapes) > 1 else ''} {', '.join(shapes)}: {error}"


def _fitted(response: Response, request: Request) -> Response:
    """The response as the request's method and its `Accept-Encoding` want it."""
    if request.method == "HEAD":
        return response._replace(body=b"")
    if len(response.body) < COMPRESSED_BYTES or "accept-encoding" not in request.headers:
        return response
    from handlers.serving.content_encoding import deflate  # late: few answers are large

    return deflate(response, request.headers["accept-encoding"])


def _milliseconds_since(began: float) -> float:
    return (time.perf_counter() - began) * 1e3


def _share(request: Request, call: Call) -> float:
    from handlers.serving.splits import share_of  # late: few pointers split requests

    return share_of(request, call.model)


def _seconds_left(context: Context) -> float:
    """How long the request may wait."""
    return max(context.get_remaining_time_in_millis() / 1e3 - ANSWER_SECONDS, 0.0)


def _inflated(request: Request) -> Request:
    if "content-encoding" not in request.headers:
        return request
    from handlers.serving.content_encoding import inflate  # late: few requests are compressed

    return inflate(request)


def _for_the_caller(error: Exception, record: Record) -> ServingError:
    """The error that the caller is told. The details of an unforeseen one are logged, not told."""
    if isinstance(error, ServingError):
        return error
    write_event(
        "ERROR", "request failed", model=record.model, requestId=record.request_id, traceback=traceback_of(error)
    )
    return _Unforeseen(f"The request failed inside the server. Its id is {record.request_id}.")
