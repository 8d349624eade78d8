"""Invocations: runs functions on events, with an execution environment for each concurrent request."""

import os
import threading
import time
from collections.abc import Callable, Collection, Iterable
from functools import partial
from math import inf
from pathlib import Path

from local.environment_pool import EnvironmentPool
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

STARTS_AT_A_TIME = max(2, os.cpu_count() or 1)
"""How many environments start at a time. Lambda gives each start processors of its own; here they share this
machine's."""


class Invocations:
    """All functions of the stack, and the environments that run them.

    An invocation uses the warm environment that was used last, or starts a new one. Where this machine starts as many
    as it can, the invocation waits until it may start one or a warm one is free. An environment runs one invocation at
    a time. An invocation over the function's reserved concurrency, or over the account's, is refused.
    """

    def __init__(
        self,
        start: StartWorker,
        directory: Path,
        concurrency: int = ACCOUNT_CONCURRENCY,
        on_line: Callable[[str, str], None] | None = None,
        keep_seconds: float = inf,
    ) -> None:
        """`directory` gets the functions' logs, and `on_line` a log group's name and each line. `concurrency` is the
        account's. An environment that is idle for `keep_seconds` is not used again."""
        self._on_line = on_line
        self._start = start
        self._directory = directory
        self._concurrency = concurrency
        self._keep_seconds = keep_seconds
        self._pools: dict[tuple[str, str], EnvironmentPool] = {}
        self._current: dict[str, str] = {}
        self._lock = threading.Lock()
        self._given_back = threading.Condition(self._lock)
        self._starting: set[ExecutionEnvironment] = set()
        self._listeners: list[Callable[[str, Report], None]] = []

    def register(self, function: Function) -> None:
        """Add a revision of a function, which then answers where a call names none.

        A registration of the same revision again ends its idle environments; those of other revisions stay.
        """
        key = function.name, function.revision
        with self._lock:
            old = self._pools.pop(key, None)
            known = old or self._pools.get((function.name, self._current.get(function.name, "")))
            on_line = self._on_line and partial(self._on_line, function.log_group_name)
            logs = known.logs if known else FunctionLogs(self._directory / f"{function.name}.log", on_line)
            self._pools[key] = EnvironmentPool(function, logs)
            self._current[function.name] = function.revision
            idle = old.take_warm() if old else []
        for environment in idle:
            environment.close()

    def remove(self, name: str) -> None:
        """Forget a function; its idle environments end now, the busy ones after their invocation.

        A call that names a revision is still answered: API Gateway had accepted its request before.
        """
        with self._lock:
            self._current.pop(name, None)
            pools = [pool for key, pool in self._pools.items() if key[0] == name]
            idle = _left(pools)
        for environment in idle:
            environment.close()
        for pool in pools:
            pool.logs.close()

    def lead(self, name: str, revisions: Collection[str]) -> None:
        """Note which revisions a function's alias stands for. The newest revision stays too.

        The environments of all other revisions end: the idle ones now, the busy ones after their invocation.
        """
        with self._lock:
            pools = [pool for key, pool in self._pools.items() if key[0] == name]
            for pool in pools:
                pool.is_left = pool.function.revision not in {*revisions, self._current.get(name)}
            idle = _left([pool for pool in pools if pool.is_left])
        for environment in idle:
            environment.close()

    def function(self, name: str, revision: str | None = None) -> Function:
        """A function's configuration, that of the revision registered last if none is named. Raises InvokeError for an
        unknown name."""
        return self._pool(name, revision).function

    def functions(self) -> list[Function]:
        """Every function."""
        with self._lock:
            return [self._pools[key].function for key in self._current.items()]

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
        revision: str | None = None,
    ) -> Outcome:
        """Run a revision of a function on an event: the one registered last, unless `revision` names another.

        Raises InvokeError where Lambda refuses an invocation.

        A `patient` call is not throttled: it waits for a free environment, like an asynchronous event in its queue.
        """
        self._pool(name, revision)
        if len(event) > PAYLOAD_BYTES:
            raise request_too_large(len(event))
        pool, environment = self._take(name, revision, patient)
        try:
            outcome = environment.invoke(event, request_id, trace_id, lambda: self._has_started(environment))
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
            self._current.clear()
            environments = [environment for pool in pools for environment in (*pool.warm, *pool.busy)]
            self._given_back.notify_all()
        for environment in environments:
            environment.close()
        for pool in pools:
            pool.logs.close()

    def recycle(self, name: str) -> None:
        """End a function's idle environments, so that its next invocation is a cold start."""
        self._pool(name)
        with self._lock:
            pools = [pool for key, pool in self._pools.items() if key[0] == name]
            idle = [environment for pool in pools for environment in pool.take_warm()]
        for environment in idle:
            environment.close()

    def _pool(self, name: str, revision: str | None = None) -> EnvironmentPool:
        with self._lock:
            return self._found(name, revision)

    def _found(self, name: str, revision: str | None) -> EnvironmentPool:
        wanted = self._current.get(name) if revision is None else revision
        pool = None if wanted is None else self._pools.get((name, wanted))
        if pool is None:
            raise unknown_function(name)
        return pool

    def _take(self, name: str, revision: str | None, patient: bool) -> tuple[EnvironmentPool, ExecutionEnvironment]:
        ended: list[ExecutionEnvironment] = []
        try:
            return self._taken(name, revision, patient, ended)
        finally:
            for environment in ended:
                environment.close()

    def _taken(
        self, name: str, revision: str | None, patient: bool, ended: list[ExecutionEnvironment]
    ) -> tuple[EnvironmentPool, ExecutionEnvironment]:
        """An environment for an invocation. Adds those to `ended` that were idle for too long."""
        with self._lock:
            while True:
                pool = self._found(name, revision)
                ended += pool.take_idle(time.monotonic() - self._keep_seconds)
                refusal = self._refusal(pool)
                if refusal is not None and (not patient or self._reserved(name) == 0):
                    raise throttled(refusal)
                if refusal is None and (pool.warm or len(self._starting) < STARTS_AT_A_TIME):
                    break
                pool.waiting += refusal is None
                self._given_back.wait()
                pool.waiting -= refusal is None
            if pool.warm:
                environment = pool.warm.pop()
            else:
                environment = ExecutionEnvironment(pool.function, self._start, pool.logs)
                self._starting.add(environment)
            pool.busy.add(environment)
        return pool, environment

    def _refusal(self, pool: EnvironmentPool) -> str | None:
        """Lambda's reason to throttle this function now; None if an environment is free."""
        name = pool.function.name
        reserved = self._reserved(name)
        busy = sum(each.in_use for key, each in self._pools.items() if key[0] == name)
        if reserved is not None and busy >= reserved:
            return "ReservedFunctionConcurrentInvocationLimitExceeded"
        if sum(each.in_use for each in self._pools.values()) >= self._concurrency:
            return "ConcurrentInvocationLimitExceeded"
        return None

    def _reserved(self, name: str) -> int | None:
        """A function's reserved concurrency; None for one that has been removed."""
        return self._found(name, None).function.reserved_concurrency if name in self._current else None

    def _has_started(self, environment: ExecutionEnvironment) -> None:
        with self._lock:
            self._starting.discard(environment)
            self._given_back.notify_all()

    def _give_back(self, pool: EnvironmentPool, environment: ExecutionEnvironment) -> None:
        with self._lock:
            pool.busy.discard(environment)
            self._starting.discard(environment)
            current = self._pools.get((pool.function.name, pool.function.revision)) is pool
            kept = current and not pool.is_left and environment.alive
            if kept:
                pool.warm.append(environment)
            self._given_back.notify_all()
        if kept:
            return
        environment.close()


def _left(pools: Iterable[EnvironmentPool]) -> list[ExecutionEnvironment]:
    """Mark pools as left; returns their idle environments."""
    idle: list[ExecutionEnvironment] = []
    for pool in pools:
        pool.is_left = True
        idle += pool.take_warm()
    return idle
