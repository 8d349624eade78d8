"""Invocations: runs functions on events, with an execution environment for each concurrent request."""

import threading
from collections.abc import Callable
from pathlib import Path

from local.environments import ExecutionEnvironment
from local.functions import (
    ACCOUNT_CONCURRENCY,
    PAYLOAD_BYTES,
    Function,
    Outcome,
    Report,
    request_too_large,
    throttled,
    unknown_function,
)
from local.logs import FunctionLogs
from local.workers import StartWorker


class _Pool:
    """One function's environments."""

    def __init__(self, function: Function, logs: FunctionLogs) -> None:
        self.function = function
        self.logs = logs
        self.warm: list[ExecutionEnvironment] = []
        self.busy: set[ExecutionEnvironment] = set()


class Invocations:
    """All functions of the stack, and the environments that run them.

    An invocation uses the warm environment that was used last, or starts a new one. An environment runs one invocation
    at a time. An invocation over the function's reserved concurrency, or over the account's, is refused.
    """

    def __init__(self, start: StartWorker, directory: Path, concurrency: int = ACCOUNT_CONCURRENCY) -> None:
        """`directory` gets the functions' logs. `concurrency` is the account's."""
        self._start = start
        self._directory = directory
        self._concurrency = concurrency
        self._pools: dict[str, _Pool] = {}
        self._lock = threading.Lock()
        self._given_back = threading.Condition(self._lock)
        self._listeners: list[Callable[[str, Report], None]] = []

    def register(self, function: Function) -> None:
        """Add a function or change its configuration. A change ends the environments of the old configuration."""
        with self._lock:
            old = self._pools.pop(function.name, None)
            logs = old.logs if old else FunctionLogs(self._directory / f"{function.name}.log")
            self._pools[function.name] = _Pool(function, logs)
            idle = old.warm if old else []
        for environment in idle:
            environment.close()

    def function(self, name: str) -> Function:
        """A function's configuration. Raises InvokeError for an unknown name."""
        return self._pool(name).function

    def functions(self) -> list[Function]:
        """Every function."""
        with self._lock:
            return [pool.function for pool in self._pools.values()]

    def logs(self, name: str) -> FunctionLogs:
        """A function's log. Raises InvokeError for an unknown name."""
        return self._pool(name).logs

    def on_report(self, listener: Callable[[str, Report], None]) -> None:
        """Call `listener(function name, report)` after every invocation."""
        self._listeners.append(listener)

    def invoke(
        self,
        name: str,
        event: bytes,
        request_id: str | None = None,
        trace_id: str | None = None,
        *,
        patient: bool = False,
    ) -> Outcome:
        """Run a function on an event. Raises InvokeError where Lambda refuses an invocation.

        A `patient` call is not throttled: it waits for a free environment, like an asynchronous event in its queue.
        """
        self._pool(name)
        if len(event) > PAYLOAD_BYTES:
            raise request_too_large(len(event))
        pool, environment = self._take(name, patient)
        try:
            outcome = environment.invoke(event, request_id, trace_id)
        finally:
            self._give_back(pool, environment)
        for listener in self._listeners:
            listener(name, outcome.report)
        return outcome

    def stop(self) -> None:
        """End every environment, even a busy one, and close the logs."""
        with self._lock:
            pools = list(self._pools.values())
            self._pools.clear()
            environments = [environment for pool in pools for environment in (*pool.warm, *pool.busy)]
            self._given_back.notify_all()
        for environment in environments:
            environment.close()
        for pool in pools:
            pool.logs.close()

    def recycle(self, name: str) -> None:
        """End a function's idle environments, so that its next invocation is a cold start."""
        pool = self._pool(name)
        with self._lock:
            idle, pool.warm = pool.warm, []
        for environment in idle:
            environment.close()

    def _pool(self, name: str) -> _Pool:
        with self._lock:
            pool = self._pools.get(name)
        if pool is None:
            raise unknown_function(name)
        return pool

    def _take(self, name: str, patient: bool) -> tuple[_Pool, ExecutionEnvironment]:
        with self._lock:
            while True:
                pool = self._pools.get(name)
                if pool is None:
                    raise unknown_function(name)
                refusal = self._refusal(pool)
                if refusal is None:
                    break
                if not patient or pool.function.reserved_concurrency == 0:
                    raise throttled(refusal)
                self._given_back.wait()
            environment = pool.warm.pop() if pool.warm else ExecutionEnvironment(pool.function, self._start, pool.logs)
            pool.busy.add(environment)
        return pool, environment

    def _refusal(self, pool: _Pool) -> str | None:
        """Lambda's reason to throttle this function now; None if an environment is free."""
        reserved = pool.function.reserved_concurrency
        if reserved is not None and len(pool.busy) >= reserved:
            return "ReservedFunctionConcurrentInvocationLimitExceeded"
        if sum(len(each.busy) for each in self._pools.values()) >= self._concurrency:
            return "ConcurrentInvocationLimitExceeded"
        return None

    def _give_back(self, pool: _Pool, environment: ExecutionEnvironment) -> None:
        with self._lock:
            pool.busy.discard(environment)
            current = self._pools.get(pool.function.name) is pool
            kept = current and environment.alive
            if kept:
                pool.warm.append(environment)
            self._given_back.notify_all()
        if kept:
            return
        environment.close()
