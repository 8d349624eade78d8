"""One line for each request: a structured log entry and a CloudWatch metric record at once.

In the embedded metric format a record may hold other members beside its metrics, so one line is both.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
Nothing from a payload is logged. A new field is an attribute of `Record` and an entry in `write_record`.
"""

import os
import sys
import time
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from handlers.contract import FAILURES, METRIC_NAMESPACE, Metric
from handlers.serving.lease import LoadTime

_TRACEBACK_CHARACTERS = 16_384
"""The most characters of a traceback that are logged: CloudWatch takes no line of any length."""

_METHODS = frozenset({"", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
"""The methods that are logged as they are."""


class Record:
    """What is known about one request. Times are in milliseconds; None means that the thing did not happen."""

    method: str = ""
    dialect: str = ""
    operation: str = ""
    model: str | None = None
    """One of the served models. Other names are not recorded, so that no caller can create a metric."""
    version: int | None = None
    label: str | None = None
    """The label by which the version was chosen: the request named it, or the pointer split requests to it."""
    status: int = 500
    is_fault: bool = True
    """Whether we caused the status, and not the caller."""
    cache_hit: bool | None = None
    load: LoadTime | None = None
    """The load that this request began."""
    decode_ms: float | None = None
    wait_ms: float | None = None
    """For the model: to be loaded, or to be free."""
    predict_ms: float | None = None
    encode_ms: float | None = None
    code_ms: float | None = None
    """In the code that the version brings, and for its load: a part of the steps before and after the prediction."""
    duration_ms: float = 0.0
    request_bytes: int = 0
    response_bytes: int = 0

    def __init__(self, request_id: str, *, cold_start: bool) -> None:
        self.request_id, self.cold_start = request_id, cold_start


STEPS = ("decode_ms", "wait_ms", "predict_ms", "encode_ms")
"""The steps of a prediction, by the attribute of a `Record` with its time."""


class Tally:
    """The predictions of one version that this environment answered. Times are in milliseconds."""

    def __init__(self) -> None:
        self.last_unix_ms = 0
        self.succeeded, self.failed = [0, 0.0], [0, 0.0]
        """How many, and how long they took."""
        self.steps: dict[str, list[float]] = {step: [0, 0.0] for step in STEPS}
        """The same of each step."""

    def note(self, record: Record) -> None:
        """Count one prediction."""
        self.last_unix_ms = time.time_ns() // 1_000_000
        _add(self.succeeded if record.status == 200 else self.failed, record.duration_ms)
        for step, tally in self.steps.items():
            if (taken := getattr(record, step)) is not None:
                _add(tally, taken)


def _add(tally: list[float], milliseconds: float) -> None:
    tally[0] += 1
    tally[1] += milliseconds


def write_record(record: Record) -> None:
    """Write the line of one request to standard output: facts in camelCase, metrics under their own names."""
    metrics: dict[Metric, float] = {
        "Requests": 1,
        "ServerErrors": int(record.is_fault),
        "ColdStarts": int(record.cold_start),
    }
    if record.cache_hit is not None:
        metrics["CacheHits"] = int(record.cache_hit)
    if record.load is not None:
        metrics["LoadTime"] = sum(record.load)
    if record.predict_ms is not None:
        metrics["PredictTime"] = record.predict_ms
    facts = {
        "requestId": record.request_id,
        "method": record.method if record.method in _METHODS else "other",
        "dialect": record.dialect,
        "operation": record.operation,
        "status": record.status,
        "version": record.version,
        "label": record.label,
        "coldStart": record.cold_start,
        "cacheHit": record.cache_hit,
        "fetchMs": _rounded(record.load and record.load.fetch_ms),
        "loadMs": _rounded(record.load and record.load.load_ms),
        "predictMs": _rounded(record.predict_ms),
        "codeMs": _rounded(record.code_ms),
        "durationMs": _rounded(record.duration_ms),
        "requestBytes": record.request_bytes,
        "responseBytes": record.response_bytes,
    }
    if record.label is not None:
        facts |= {"Label": record.label, "Version": str(record.version)}
    _write("ERROR" if record.is_fault else "INFO", "request", facts, record.model, metrics)


def write_event(
    level: str, message: str, *, model: str | None = None, metric: Metric | None = None, **facts: Any
) -> None:
    """Write a line about something other than a request. `metric` is counted once."""
    _write(level, message, facts, model, {} if metric is None else {metric: 1})


def traceback_of(error: BaseException) -> str:
    """The end of an error's traceback, for the log."""
    import traceback  # late: only failures need it

    text = "".join(traceback.format_exception(error))[-_TRACEBACK_CHARACTERS:]
    return text.encode(errors="replace").decode()  # the message may hold half of a surrogate pair


def _write(
    level: str, message: str, facts: Mapping[str, Any], model: str | None, metrics: Mapping[Metric, float]
) -> None:
    line: dict[str, Any] = {"level": level, "message": message, **facts}
    if model is not None:
        line["Model"] = model
    if metrics:
        line["FunctionName"] = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "local")
        line["FunctionVersion"] = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "local")
        line.update({name: _rounded(value) for name, value in metrics.items()})
        line["_aws"] = _declaration(metrics, _dimensions(line))
    sys.stdout.write(orjson.dumps(line).decode() + "\n")
    sys.stdout.flush()


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 3)


def _declaration(metrics: Mapping[Metric, float], dimensions: list[list[str]]) -> dict[str, Any]:
    declared = [_metrics(metrics, dimensions)]
    failures: list[Metric] = [name for name in FAILURES if name in metrics]
    if failures:
        declared.append(_metrics(failures, [["FunctionName", "FunctionVersion"]]))
    return {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": declared}


def _metrics(metrics: Iterable[Metric], dimensions: list[list[str]]) -> dict[str, Any]:
    names = [{"Name": name, "Unit": "Milliseconds" if name.endswith("Time") else "Count"} for name in metrics]
    return {"Namespace": METRIC_NAMESPACE, "Dimensions": dimensions, "Metrics": names}


def _dimensions(line: Mapping[str, Any]) -> list[list[str]]:
    """The sets of dimensions of a line's metrics: the function, its model, and what a label chose."""
    names = ["FunctionName"]
    sets = [list(names)]
    for further in (["Model"], ["Label", "Version"]):
        if not all(name in line for name in further):
            break
        names += further
        sets.append(list(names))
    return sets
