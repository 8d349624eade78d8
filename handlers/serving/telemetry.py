"""One line for each request: a structured log entry and a CloudWatch metric record at once.

In the embedded metric format a record may hold other members beside its metrics, so one line is both.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
Nothing from a payload is logged but the id that a caller gave the request. A new field is an attribute of `Record` and
an entry in `write_record`.
"""

import os
import sys
import time
from functools import cache
from typing import Any

import orjson

from handlers import timestamps
from handlers.contract import METRIC_NAMESPACE, METRICS, METRICS_BY, Metric
from handlers.serving.lease import LoadTime

_TRACEBACK_CHARACTERS = 16_384
"""The most characters of a traceback that are logged: CloudWatch takes no line of any length."""

_METHODS = frozenset({"", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
"""The methods that are logged as they are."""


_OF_EVERY_REQUEST: tuple[Metric, ...] = ("Requests", "ServerErrors", "ColdStarts")


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
        self.ids: dict[str, str] = {}
        """The ids by which the caller may name the request, by their names in the log."""


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
    load, metrics = record.load, _OF_EVERY_REQUEST
    line: dict[str, Any] = {
        "timestamp": timestamps.now(),
        "level": "ERROR" if record.is_fault else "INFO",
        "message": "request",
        "requestId": record.request_id,
        **record.ids,
        "method": record.method if record.method in _METHODS else "other",
        "dialect": record.dialect,
        "operation": record.operation,
        "status": record.status,
        "version": record.version,
        "label": record.label,
        "coldStart": record.cold_start,
        "cacheHit": record.cache_hit,
        "fetchMs": _rounded(load and load.fetch_ms),
        "loadMs": _rounded(load and load.load_ms),
        "predictMs": _rounded(record.predict_ms),
        "codeMs": _rounded(record.code_ms),
        "durationMs": _rounded(record.duration_ms),
        "requestBytes": record.request_bytes,
        "responseBytes": record.response_bytes,
        "Requests": 1,
        "ServerErrors": int(record.is_fault),
        "ColdStarts": int(record.cold_start),
    }
    if record.label is not None:
        line |= {"Label": record.label, "Version": str(record.version)}
    if load is not None:
        line["LoadTime"] = round(sum(load), 3)
        metrics = (*metrics, "LoadTime")
    if record.predict_ms is not None:
        line["PredictTime"] = line["predictMs"]
        metrics = (*metrics, "PredictTime")
    _write(line, record.model, metrics)


def write_event(
    level: str, message: str, *, model: str | None = None, metric: Metric | None = None, **facts: Any
) -> None:
    """Write a line about something other than a request. `metric` is counted once."""
    counted: tuple[Metric, ...] = () if metric is None else (metric,)
    line = {"timestamp": timestamps.now(), "level": level, "message": message, **facts, **dict.fromkeys(counted, 1)}
    _write(line, model, counted)


def traceback_of(error: BaseException) -> str:
    """The end of an error's traceback, for the log."""
    import traceback  # late: only failures need it

    text = "".join(traceback.format_exception(error))[-_TRACEBACK_CHARACTERS:]
    return text.encode(errors="replace").decode()  # the message may hold half of a surrogate pair


def _write(line: dict[str, Any], model: str | None, metrics: tuple[Metric, ...]) -> None:
    """Write a line, which has these metrics."""
    if model is not None:
        line["Model"] = model
    if metrics:
        line["FunctionName"], line["FunctionVersion"] = _function_of_lambda()
        has_label = "Label" in line and "Version" in line
        if declared := _declaration(_written_sets(), metrics, model is not None, has_label):
            line["_aws"] = {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": declared}
    sys.stdout.write(orjson.dumps(line).decode() + "\n")
    sys.stdout.flush()


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 3)


@cache
def _function_of_lambda() -> tuple[str, str]:
    """The function's name and version: no environment changes them."""
    name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "local")
    return name, os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "local")


@cache
def _written_sets() -> str:
    """The sets of dimensions that this function's configuration names."""
    return os.environ.get(METRICS, "")


@cache
def _declaration(written: str, metrics: tuple[Metric, ...], has_model: bool, has_label: bool) -> orjson.Fragment | None:
    """What CloudWatch makes metrics of, as JSON: for each set that is written, those of a line's metrics that it has.

    Few lines differ in it.
    """
    present = {"FunctionName", "FunctionVersion"}
    present |= {"Model"} if has_model else set()
    present |= {"Label", "Version"} if has_label else set()
    wanted = {*written.split(","), "label"}
    sets = [each for name, each in METRICS_BY.items() if name in wanted and present.issuperset(each[0])]
    declared = [
        {"Namespace": METRIC_NAMESPACE, "Dimensions": [list(dimensions)], "Metrics": found}
        for dimensions, names in sets
        if (found := [_metric(name) for name in names if name in metrics])
    ]
    return orjson.Fragment(orjson.dumps(declared)) if declared else None


def _metric(name: Metric) -> dict[str, str]:
    return {"Name": name, "Unit": "Milliseconds" if name.endswith("Time") else "Count"}
