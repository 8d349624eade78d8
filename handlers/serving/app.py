"""A request becomes an answer: one Lambda event in, one answer out."""

import os
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, cast

from handlers.contract import COLD_START_HEADER
from handlers.manifest import Manifest
from handlers.serving.dialects import Call, Dialect, Inference, open_inference, tensorflow_serving
from handlers.serving.dialects.json_text import of_version
from handlers.serving.engines import EngineError
from handlers.serving.errors import InvalidRequest, NotServed, ServingError, TookTooLong
from handlers.serving.events import ROOM_BYTES, Request, Response, is_warmup, recognise
from handlers.serving.repository import Repository
from handlers.serving.request_ids import ASYNCHRONOUS_ID, INFERENCE_ID, ids_of, loggable
from handlers.serving.request_time import LimitedTo
from handlers.serving.telemetry import Record, traceback_of, write_event, write_record
from handlers.serving.timed_work import TimedWork, TimeIsUp

if TYPE_CHECKING:
    from handlers.serving.code.dialect import CodedDialect

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

QUICK_SHARE = 1 / 20
"""The part of a request's time within which a version answers that nobody needs to watch."""

KNOWN_ROUTES, USUAL_PATH = 256, 256
"""How many methods and paths are remembered with what they ask for. A path of more characters is not."""

MOST_WATCHED = 1024
"""How many versions' times are remembered."""


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
        answers_later: bool = False,
    ) -> None:
        """Serve these models. Reading one request may take `room` bytes of memory. With `answers_later`, requests may
        ask to be answered later."""
        self.repository, self._room, self._answers_later = repository, room, answers_later
        self._has_page, self._tensor_places = has_page, tensor_places
        self._predictions: TimedWork[Response] = TimedWork()
        self._watched: dict[tuple[str, int], _Watched] = {}
        """The last answer of each model and version that was watched."""
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
            request = sent.request(self._room)
            if self._tensor_places:
                request = request._replace(tensor_places=self._tensor_places)
            record.method, record.request_bytes, record.ids = request.method, len(request.body), ids_of(request)
            dialect = _dialect_of(request.path, has_page=self._has_page)
            response = _fitted(self._respond(dialect, request, record, context), request)
            if record.cold_start:
                response = response._replace(headers={**response.headers, COLD_START_HEADER: "1"})
            answer = sent.answer(response)
            record.is_fault = response.status >= 500 and record.operation != "answer"  # its failure was counted
        except Exception as error:
            failure = _for_the_caller(error, record)
            record.is_fault = failure.is_fault
            response = dialect.fail(failure)
            answer = sent.answer(response)
        record.dialect, record.status, record.response_bytes = dialect.NAME, response.status, len(response.body)
        record.duration_ms = _milliseconds_since(began)
        self.repository.note(record)
        write_record(record)
        if self._predictions.unfinished() > 1:
            end_environment(record)
        return answer

    def preload(self, *, whole: bool = False, computes: bool = True) -> None:
        """Load the served models, and prepare each for its warm-up requests.

        Until it returns, the models count as loading. A failure is logged and not raised: requests are answered with
        it, and try the load again.

        Args:
            whole: load the artifacts of all signatures. Else load only the artifact of the default signature: most
                callers ask for that one, and none of them should wait for another.
            computes: answer the warm-up requests. Else only plan for their shapes: where a caller waits, the first
                answer would come one computation later.
        """
        for name in self.repository.names:
            try:
                with self.repository.preparing(name):
                    manifest = self.repository.find(name)
                    self._warm(manifest, manifest.default_signature(), computes=computes)
                    self.repository.answered(manifest)
            except Exception as error:
                write_event("ERROR", "model not ready after init", model=name, reason=str(error))
                continue
            self._warm_others(manifest, whole=whole, computes=computes)

    def _warm_others(self, manifest: Manifest, *, whole: bool, computes: bool) -> None:
        default = manifest.default_signature()
        for signature in manifest.signatures:
            if signature == default or not (whole or signature in manifest.artifact_for(default).signatures):
                continue
            try:
                self._warm(manifest, signature, computes=computes)
            except Exception as error:
                reason = f"{signature}: {error}"
                write_event("ERROR", "model not ready after init", model=manifest.model, reason=reason)

    def _warm(self, manifest: Manifest, signature: str, *, computes: bool) -> None:
        self.repository.code(manifest)
        with self.repository.lease(manifest, manifest.artifact_for(signature)) as model:
            if signature not in manifest.warmup:
                return
            from handlers.serving.warmup import warmup_inputs  # late: it needs numpy

            inputs = warmup_inputs(manifest.signatures[signature], manifest.warmup[signature])
            if computes:
                model.run(signature, inputs)
            else:
                model.plan(signature, inputs)

    def _respond(self, dialect: Dialect, request: Request, record: Record, context: Context) -> Response:
        if request.method == "OPTIONS" and "access-control-request-method" in request.headers:
            return Response(200, headers={"allow": "GET, HEAD, POST, OPTIONS"})
        method = "GET" if request.method == "HEAD" else request.method
        is_usual = len(request.path) <= USUAL_PATH
        call = _routed(dialect, method, request.path) if is_usual else dialect.route(method, request.path)
        record.operation = call.operation
        try:
            with LimitedTo(_seconds_left(context)):
                if call.operation == "answer":
                    return self._kept_answer(call)
                if call.operation != "predict":
                    return dialect.describe(call, request, self.repository)
                call = call if call.model else call._replace(model=self.repository.only_model())
                if self._answers_later and "prefer" in request.headers:
                    accepted = self._accept(call, request, record)
                    if accepted is not None:
                        return accepted
                return self._predict(dialect, call, _inflated(request), record, context)
        finally:
            # Last: which models there are may only be known once the store was asked.
            record.model = call.model if self.repository.serves(call.model) else None

    def _accept(self, call: Call, request: Request, record: Record) -> Response | None:
        """The answer to a request that prefers to be answered later; None if it does not."""
        from handlers.serving.asynchronous.accepting import accept, prefers_later  # late: few stacks do

        if not prefers_later(request.headers):
            return None
        self.repository.find(call.model, call.version, call.label)
        record.ids[ASYNCHRONOUS_ID], response = accept(request, call)
        return response

    def _kept_answer(self, call: Call) -> Response:
        if not self._answers_later:
            raise NotServed("This server keeps no answers: it answers every request at once")
        from handlers.serving.asynchronous.accepting import kept_answer

        return kept_answer(call)

    def _predict(self, dialect: Dialect, call: Call, request: Request, record: Record, context: Context) -> Response:
        def predict(manifest: Manifest, patience: float, label: str | None) -> Response:
            record.version, record.label, record.code_ms, began = manifest.version, label, None, time.perf_counter()
            spoken = dialect if manifest.code is None else self._coded(dialect, manifest, record, patience)
            inference = spoken.decode(request, manifest)
            if inference.id is not None:
                record.ids[INFERENCE_ID] = loggable(inference.id)
            record.decode_ms, began = _milliseconds_since(began), time.perf_counter()
            artifact = manifest.artifact_for(inference.signature)
            seconds = min(_seconds_left(context), patience)
            lease = self.repository.lease(manifest, artifact, seconds, may_load=patience > 0)
            record.cache_hit, record.load = lease.hit, lease.took
            with lease as model:
                record.wait_ms, began = _milliseconds_since(began), time.perf_counter()
                self.repository.make_room(lease, manifest, artifact, inference.signature, inference.inputs)
                try:
                    outputs = model.run(inference.signature, inference.inputs, inference.outputs)
                except EngineError as error:
                    if not error.refuses_inputs:
                        raise
                    raise InvalidRequest(_refusal(inference, error)) from error
                record.predict_ms, began = _milliseconds_since(began), time.perf_counter()
            response = of_version(manifest, spoken.encode(inference, outputs, manifest))
            record.encode_ms = _milliseconds_since(began)
            return response

        def attempt(manifest: Manifest, patience: float, label: str | None) -> Response:
            return self._in_time(manifest, request, context, lambda: predict(manifest, patience, label))

        return self.repository.answer(call.model, call.version, call.label, attempt, lambda: _share(request, call))

    def _in_time(
        self, manifest: Manifest, request: Request, context: Context, work: Callable[[], Response]
    ) -> Response:
        """What `work` returns, which answers a request.

        It runs in a thread of its own, unless this version was seen to be quick: handing work over takes longer than
        a small model. Raises TookTooLong just before Lambda would end the environment.
        """
        left, size = context.get_remaining_time_in_millis() / 1e3, len(request.body)
        seconds = left - min(request.last_seconds, left / 2)
        version = manifest.model, manifest.version
        before = self._watched.get(version)
        if before is not None and size <= before.size and before.seconds < seconds * QUICK_SHARE:
            return work()

        def limited() -> Response:
            with LimitedTo(_seconds_left(context)):
                return work()

        began = time.perf_counter()
        try:
            response = self._predictions.run(limited, seconds)
        except TimeIsUp:
            raise TookTooLong(seconds) from None
        if len(self._watched) >= MOST_WATCHED:
            self._watched.clear()
        self._watched[version] = _Watched(size, time.perf_counter() - began)
        return response

    def _coded(self, dialect: Dialect, manifest: Manifest, record: Record, patience: float) -> "Dialect | CodedDialect":
        """A dialect with the code of a version around it. The code is loaded for every dialect: a version whose code
        does not load is not served."""
        from handlers.serving.code.dialect import DIALECTS, CodedDialect  # late: few versions bring code

        began = time.perf_counter()
        with LimitedTo(patience):
            code = self.repository.code(manifest)
        record.code_ms = _milliseconds_since(began)
        return CodedDialect(code, dialect, record) if code is not None and dialect.NAME in DIALECTS else dialect


def end_environment(record: Record) -> None:
    """End this process, so that Lambda replaces the environment: a second prediction does not end here, and would keep
    every later one from its model. The caller gets the API's own error."""
    write_event("ERROR", "predictions do not end; the environment ends", model=record.model)
    os._exit(1)


class _Watched(NamedTuple):
    """How long an answer took."""

    size: int
    """Bytes of the request."""
    seconds: float


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


@lru_cache(maxsize=KNOWN_ROUTES)
def _routed(dialect: Dialect, method: str, path: str) -> Call:
    """See `Dialect.route`. Most requests are to few paths."""
    return dialect.route(method, path)


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
        if error.inference_id is not None:
            record.ids[INFERENCE_ID] = loggable(error.inference_id)
        return error
    write_event(
        "ERROR", "request failed", model=record.model, requestId=record.request_id, traceback=traceback_of(error)
    )
    return _Unforeseen(f"The request failed inside the server. Its id is {record.request_id}.")
