"""ExecutionEnvironment: the life of one environment of a function, as Lambda runs it.

It starts, runs its init (10 s, then once more inside the first invocation), runs one invocation after the other, and
ends: by the function's timeout, by its memory limit, by its own exit, or because the stack closes it.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

import queue
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from local.functions import RESPONSE_TOO_LARGE, Function, Outcome, Report, error_payload
from local.logs import FunctionLogs, LogWriter
from local.runtime_api import (
    Answered,
    Event,
    Exited,
    InitFailed,
    Invocation,
    Ready,
    RuntimeApi,
)
from local.workers import StartWorker, Worker

INIT_SECONDS = 10.0
"""How long the init phase may take. A longer one runs again inside the first invocation.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html"""

SAMPLE_SECONDS = 0.02
"""How often the memory of a busy worker is measured."""


@dataclass(frozen=True)
class TimedOut:
    """No event came before the deadline."""


@dataclass(frozen=True)
class OutOfMemory:
    """The worker held more than the function's memory, and was killed."""


Failure = InitFailed | Exited | TimedOut | OutOfMemory
"""The ways in which an init fails."""


class ExecutionEnvironment:
    """One environment. Only one thread may call `invoke` at a time. After a failure, a new worker starts."""

    def __init__(self, function: Function, start: StartWorker, logs: FunctionLogs) -> None:
        self._function = function
        self._start = start
        self._logs = LogWriter(logs, function.log_levels)
        self._log_stream = f"{time.strftime('%Y/%m/%d', time.gmtime())}/[{function.version}]{uuid.uuid4().hex}"
        self._worker: Worker | None = None
        self._api: RuntimeApi | None = None
        self._peak_bytes = 0
        self._lock = threading.Lock()
        self._closed = False
        self.idle_since = time.monotonic()
        """When its last invocation ended, by the monotonic clock."""

    @property
    def alive(self) -> bool:
        """Whether the next invocation needs no init."""
        worker = self._worker
        return worker is not None and worker.running()

    def invoke(
        self,
        event: bytes,
        request_id: str | None = None,
        trace_id: str | None = None,
        started: Callable[[], None] | None = None,
    ) -> Outcome:
        """Run the handler on one event. If no worker is running, a cold start comes first; `started` is called after
        it."""
        request_id = request_id or str(uuid.uuid4())
        init_ms = None
        spent = 0.0
        failure: Failure | None = None
        if not self.alive:
            self._end_worker()
            failure, init_ms = self._init(INIT_SECONDS)
            if failure is not None:
                self._logs.write_of_lambda(
                    f"INIT_REPORT Init Duration: {init_ms:.2f} ms\tPhase: init\tStatus: {_word(failure)}"
                )
                failure, again_ms = self._init(self._function.timeout_seconds)
                spent = again_ms / 1000
        if started is not None:
            started()
        self._logs.write_of_lambda(f"START RequestId: {request_id} Version: {self._function.version}")
        began = time.monotonic()
        if failure is None:
            ended = self._run(event, request_id, trace_id, self._function.timeout_seconds - spent)
        else:
            ended = failure
        duration_ms = (time.monotonic() - began + spent) * 1000
        outcome = self._outcome(ended, request_id, duration_ms, init_ms)
        self.idle_since = time.monotonic()
        self._logs.write_of_lambda(f"END RequestId: {request_id}")
        self._logs.write_of_lambda(outcome.report.line())
        return outcome

    def close(self) -> None:
        """End the environment, even during an invocation. Safe in any thread, and to repeat."""
        self._closed = True
        self._end_worker()

    def _end_worker(self) -> None:
        with self._lock:
            worker, self._worker = self._worker, None
            api, self._api = self._api, None
            if worker is not None:
                worker.kill()
            if api is not None:
                api.stop()

    def _init(self, seconds: float) -> tuple[Failure | None, float]:
        """Start a worker and wait until it is ready.

        Returns the failure, if there is one, and the duration in milliseconds. As in Lambda, the duration does not
        include the creation of the process or the container.
        """
        self._peak_bytes = 0
        with self._lock:
            if self._closed:
                return Exited("signal: killed"), 0.0
            api = self._api = RuntimeApi()
            worker = self._worker = self._start(
                self._function, api.address, self._log_stream, self._logs, lambda status: api.events.put(Exited(status))
            )
        started = time.monotonic()
        event = self._wait(api, worker, started + seconds)
        milliseconds = (time.monotonic() - started) * 1000
        if not isinstance(event, Failure):
            return None, milliseconds
        self._end_worker()
        return event, milliseconds

    def _run(
        self, event: bytes, request_id: str, trace_id: str | None, seconds: float
    ) -> Event | TimedOut | OutOfMemory:
        with self._lock:
            api, worker = self._api, self._worker
        if api is None or worker is None:
            return Exited("signal: killed")
        api.hand_out(
            Invocation(
                request_id=request_id,
                event=event,
                deadline_ms=int((time.time() + seconds) * 1000),
                function_arn=self._function.arn,
                trace_id=trace_id or _trace_id(),
            )
        )
        ended = self._wait(api, worker, time.monotonic() + seconds)
        if not isinstance(ended, Answered) or ended.error_type == RESPONSE_TOO_LARGE:
            self._end_worker()  # a runtime client ends itself when its answer is refused
        else:
            worker.settle()
        return ended

    def _wait(self, api: RuntimeApi, worker: Worker, deadline: float) -> Event | TimedOut | OutOfMemory:
        """The next event. Measures the worker's memory until it comes."""
        while True:
            left = deadline - time.monotonic()
            try:
                event: Event | TimedOut | None = api.events.get(timeout=max(0.0, min(left, SAMPLE_SECONDS)))
            except queue.Empty:
                event = TimedOut() if left <= 0 else None
            held = worker.memory_bytes()
            self._peak_bytes = max(self._peak_bytes, held)
            if held > self._function.memory_mib * 2**20:
                return OutOfMemory()
            if event is not None:
                return event

    def _outcome(
        self, ended: Event | TimedOut | OutOfMemory, request_id: str, duration_ms: float, init_ms: float | None
    ) -> Outcome:
        error_type: str | None
        match ended:
            case Answered(payload=payload, error_type=error_type):
                pass
            case InitFailed(payload=payload):
                error_type = "Runtime.InitError"
            case TimedOut():
                error_type = "Sandbox.Timedout"
                message = f"Task timed out after {self._function.timeout_seconds:.2f} seconds"
                payload = error_payload(error_type, f"RequestId: {request_id} Error: {message}")
            case OutOfMemory():
                error_type = "Runtime.OutOfMemory"
                payload = _exit_payload(request_id, "signal: killed")
            case Exited(status=status):
                error_type = "Runtime.ExitError"
                payload = _exit_payload(request_id, status)
            case Ready():
                raise AssertionError("a worker is ready once")
        report = Report(
            request_id=request_id,
            duration_ms=duration_ms,
            max_memory_bytes=self._peak_bytes,
            memory_mib=self._function.memory_mib,
            init_ms=init_ms,
            error_type=error_type,
        )
        return Outcome(payload=payload, report=report, failed=error_type is not None)


def _exit_payload(request_id: str, status: str) -> bytes:
    if status == "exit status 0":
        message = "Runtime exited without providing a reason"
    else:
        message = f"Runtime exited with error: {status}"
    return error_payload("Runtime.ExitError", f"RequestId: {request_id} Error: {message}")


def _word(failure: Failure) -> str:
    return "timeout" if isinstance(failure, TimedOut) else "error"


def _trace_id() -> str:
    return f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]};Parent={uuid.uuid4().hex[:16]};Sampled=0"
