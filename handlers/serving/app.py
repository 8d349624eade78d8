"""A request becomes an answer: the only file that knows all the others."""

import time
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from handlers.manifest import Manifest
from handlers.serving.content_encoding import inflate
from handlers.serving.dialects import Dialect, open_inference, tensorflow_serving
from handlers.serving.engines import EngineError
from handlers.serving.errors import (
    InvalidRequest,
    ModelLoading,
    ModelTooLarge,
    ModelUnavailable,
    NotServed,
    ServingError,
)
from handlers.serving.events import Request, Response, is_warmup, read_event, write_answer
from handlers.serving.loading import Timing
from handlers.serving.repository import Repository
from handlers.serving.telemetry import Record, traceback_of, write_event, write_record

ANSWER_SECONDS = 0.5
"""What is kept of a request's time to say that its model is not loaded yet."""


class Context(Protocol):
    """What Lambda says about an invocation."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int: ...


class App:
    """The handler: `app.handle(event, context)`. Safe to use from several threads."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self._is_cold = True

    def handle(self, event: Mapping[str, Any], context: Context) -> dict[str, Any]:
        """Answer a Lambda event; every failure is an answer too."""
        if is_warmup(event):
            return {"warmup": True}
        began = time.perf_counter()
        record = Record(request_id=context.aws_request_id, cold_start=self._is_cold)
        self._is_cold = False
        request = Request("", "/v1", sender="http" if "requestContext" in event else "direct")
        dialect: Dialect = tensorflow_serving
        try:
            request = read_event(event)
            record.method, record.request_bytes = request.method, len(request.body)
            dialect = _dialect(request.path)
            response = self._respond(dialect, request, record, context)
            answer = write_answer(request, response)
        except Exception as error:
            response = dialect.fail(_explained(error, record))
            answer = write_answer(request, response)
        record.dialect, record.status, record.response_bytes = dialect.NAME, response.status, len(response.body)
        record.duration_ms = (time.perf_counter() - began) * 1e3
        write_record(record)
        return answer

    def preload(self, *, whole: bool = False) -> None:
        """Load the served models, and run each one's warm-up requests.

        Until it returns, the models count as loading. A failure is logged and not raised: requests are answered with
        it, and the load is tried again.

        Args:
            whole: load the artifacts of all signatures; else only that of the default one, which most callers ask for
                and no caller should wait longer for than it takes.
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
        with self.repository.lease(manifest, manifest.artifact_for(signature), Timing()) as model:
            if signature not in manifest.warmup:
                return
            from handlers.serving.warmup import warmup_inputs  # late: it needs numpy

            model.run(signature, warmup_inputs(manifest.signatures[signature], manifest.warmup[signature]))

    def _respond(self, dialect: Dialect, request: Request, record: Record, context: Context) -> Response:
        call = dialect.route(request.method, request.path)
        record.operation = call.operation
        record.model = call.model if self.repository.serves(call.model) else None
        if call.operation != "predict":
            return dialect.describe(call, self.repository)
        request = inflate(request)
        unavailable: ServingError | None = None
        for manifest in self.repository.candidates(call.model, call.version, call.label):
            record.version = manifest.version
            # To load the version before while the new one is being loaded would only push the new one out.
            may_load = not isinstance(unavailable, ModelLoading)
            try:
                response = self._predict(dialect, request, manifest, record, context, may_load=may_load)
            except (ModelUnavailable, ModelTooLarge) as error:
                unavailable = unavailable or error
                continue
            if call.version is None and call.label is None:
                self.repository.answered(manifest)
            return response
        assert unavailable is not None  # noqa: S101 - there is at least one candidate, and it did not answer
        raise unavailable

    def _predict(
        self,
        dialect: Dialect,
        request: Request,
        manifest: Manifest,
        record: Record,
        context: Context,
        *,
        may_load: bool,
    ) -> Response:
        inference = dialect.decode(request, manifest)
        artifact, timing = manifest.artifact_for(inference.signature), Timing()
        if not may_load and not self.repository.is_loaded(manifest, artifact):
            raise ModelUnavailable("The model is not loaded")
        timeout = max(context.get_remaining_time_in_millis() / 1e3 - ANSWER_SECONDS, 0.0)
        lease = self.repository.lease(manifest, artifact, timing, timeout)
        record.cache_hit, record.fetch_ms, record.load_ms = lease.hit, timing.fetch_ms, timing.load_ms
        with lease as model:
            began = time.perf_counter()
            try:
                outputs = model.run(inference.signature, inference.inputs, inference.outputs)
            except EngineError as error:
                raise InvalidRequest(str(error)) from error
            record.predict_ms = (time.perf_counter() - began) * 1e3
        return dialect.encode(inference, outputs, manifest)


class _Failed(ServingError):
    """Something that nobody foresaw."""

    code: ClassVar[Any] = "INTERNAL"


def _dialect(path: str) -> Dialect:
    root = path[:4]
    if root in ("/v1", "/v1/"):
        return tensorflow_serving
    if root in ("/v2", "/v2/"):
        return open_inference
    raise NotServed(f"Nothing is at {path}; models answer under /v1/models/ and /v2/models/")


def _explained(error: Exception, record: Record) -> ServingError:
    """What the caller is told; the log is told the rest."""
    if isinstance(error, ServingError):
        return error
    write_event(
        "ERROR", "request failed", model=record.model, requestId=record.request_id, traceback=traceback_of(error)
    )
    return _Failed(f"The request failed inside the server. Its id is {record.request_id}.")
