"""Requests: the events that Lambda sends to a handler, and the numbers in its answers.

Our handler gets large inputs as raw tensors of the Open Inference Protocol, and small inputs as TensorFlow Serving's
JSON. The handlers that it is compared with get the same numbers as a plain body.
"""

import base64
import json
import random
from array import array
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from benchmarks.subjects import Subject
from benchmarks.ways import KERAS, LITERT
from models.profiling.http_event import Event, http_event


def event_for(subject: Subject, *, plain: bool, model: str | None = None, rows: int = 1) -> Event:
    """A request to predict instances of random numbers, the same at every call.

    Args:
        subject: the model.
        plain: whether the body is plain, for a handler that knows one model and no protocol.
        model: the name that the model is served under; the subject's by default.
        rows: how many instances.
    """
    model = model or subject.name
    numbers = _numbers(subject, rows)
    if not subject.large:
        body = json.dumps({"instances": _nested(numbers.tolist(), (rows, *subject.shape))}).encode()
        return http_event("POST", f"/v1/models/{model}:predict", body, {"content-type": "application/json"})
    if plain:
        return http_event("POST", "/predict", numbers.tobytes(), {"content-type": "application/octet-stream"})
    return raw_event(subject, model=model, rows=rows)


def raw_event(subject: Subject, *, model: str | None = None, rows: int = 1) -> Event:
    """The same request with raw tensors, whatever the size of the model's input."""
    numbers = _numbers(subject, rows)
    header = _infer_header(subject, rows, len(numbers) * numbers.itemsize)
    headers = {"content-type": "application/octet-stream", "inference-header-content-length": str(len(header))}
    return http_event("POST", f"/v2/models/{model or subject.name}/infer", header + numbers.tobytes(), headers)


def _numbers(subject: Subject, rows: int) -> "array[float]":
    steps = [step / 64 for step in range(65)]
    return array("f", random.Random(subject.name).choices(steps, k=rows * prod(subject.shape)))  # noqa: S311


def answered_numbers(answer: Mapping[str, Any]) -> list[float]:
    """The prediction in any handler's answer. Raises ValueError if the answer is an error."""
    if answer.get("statusCode") != 200:
        raise ValueError(f"the handler answered {json.dumps(answer)[:500]}")
    if not answer.get("isBase64Encoded"):
        return _flat(json.loads(answer["body"])["predictions"])
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    raw = base64.b64decode(answer["body"])[int(headers["inference-header-content-length"]) :]
    return array("f", raw).tolist()


def same_answer(one: list[float], other: list[float], tolerance: float = 1e-3) -> bool:
    """Whether two predictions agree within a share of the larger one's scale."""
    scale = max(abs(number) for number in (*one, *other))
    return len(one) == len(other) and all(abs(a - b) <= tolerance * scale for a, b in zip(one, other, strict=True))


def check_answers(subject: Subject, runs: Sequence[Mapping[str, Any]]) -> None:
    """Check that all ways gave the same answer, except where the subject says that they differ.

    Raises ValueError if an answer differs from `litert`'s.
    """
    answers = {run["way"]: run["numbers"] for run in runs if run["subject"] == subject.name}
    for way, numbers in answers.items():
        if way == KERAS.key and subject.keras_differs:
            continue
        if not same_answer(numbers, answers[LITERT.key]):
            raise ValueError(f"{subject.name}: {way} answers {numbers[:5]}, litert {answers[LITERT.key][:5]}")


def _infer_header(subject: Subject, rows: int, size: int) -> bytes:
    document = {
        "inputs": [
            {
                "name": subject.input,
                "shape": [rows, *subject.shape],
                "datatype": "FP32",
                "parameters": {"binary_data_size": size},
            }
        ],
        "outputs": [{"name": subject.output, "parameters": {"binary_data": True}}],
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _nested(numbers: list[float], shape: tuple[int, ...]) -> Any:
    if len(shape) == 1:
        return numbers
    step = len(numbers) // shape[0]
    return [_nested(numbers[start : start + step], shape[1:]) for start in range(0, len(numbers), step)]


def _flat(value: Any) -> list[float]:
    return [number for item in value for number in _flat(item)] if isinstance(value, list) else [float(value)]
