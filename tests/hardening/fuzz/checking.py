"""What must hold of every answer, and what servers are asked."""

import contextlib
import io
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handlers.manifest import DEFAULT_SIGNATURE
from handlers.serving.app import App
from handlers.serving.engines import load
from handlers.serving.events import MAX_ANSWER_BYTES
from handlers.serving.start import open_app
from tests.handlers.serving.conftest import Context, make_server
from tests.hardening.fuzz.requests import Arrays, Request, decode
from tests.hardening.fuzz.strategies import Target
from tests.hardening.models import ECHOED, formula_models
from tests.hardening.orders import environment, events_of, read_manifest

SECONDS, SECONDS_PER_BYTE = 1.0, 2e-6
"""The most processor time of an answer. The slowest valid requests take a tenth of it."""

ERROR_CHARACTERS = 1100
STATUSES = frozenset({200, 400, 404, 405, 413, 415, 501})


class Wrong(AssertionError):
    """An answer that must not be."""


class Servers:
    """The apps that are asked, by model: formulas, and packaged models."""

    def __init__(self, patch: pytest.MonkeyPatch, repository: Path, models: Sequence[str]) -> None:
        self._packaged = {model: open_app(environment(repository.as_uri(), model)) for model in models}
        for model, app in self._packaged.items():  # loads every signature's artifact before the formulas take its place
            for event in events_of(read_manifest(repository, model)):
                _ask(app, event)
        self._formulas = make_server(patch, formula_models()).app
        self.formulas = [*_echoes(), _pair(), _half_plus_two()]
        self.packaged = [_packaged(repository, model) for model in models]

    def check(self, event: Any, model: str = "") -> Any:
        """Ask, and return the answer. Raises Wrong if it is none that may be."""
        app = self._packaged.get(model, self._formulas)
        before = time.process_time()
        answer, record = _ask(app, event)
        seconds = time.process_time() - before
        written = len(json.dumps(answer))
        status = answer.get("statusCode", answer.get("status", 200))
        if status not in STATUSES or record["ServerErrors"] or record["status"] != status:
            raise Wrong(f"status {status}: {answer}\n{record}")
        if written > MAX_ANSWER_BYTES:
            raise Wrong(f"the answer takes {written} bytes")
        if status != 200 and len(_error(answer)) > ERROR_CHARACTERS:
            raise Wrong(f"the error is long: {answer}")
        if seconds > SECONDS + SECONDS_PER_BYTE * record["requestBytes"]:
            raise Wrong(f"{seconds:.1f} s for {record['requestBytes']} bytes")
        return answer

    def check_valid(self, request: Request, expected: Arrays) -> None:
        """Ask a valid request. Raises Wrong if it is not answered as expected."""
        answer = self.check(request.event(), request.model)
        status = answer.get("statusCode", answer.get("status", 200))
        if status != 200:
            raise Wrong(f"a valid request is refused: {answer}")
        found = decode(request, answer, expected)
        for name, array in expected.items():
            if not _same(found[name], array):
                raise Wrong(f"{name} is {found[name].tolist()}, not {array.tolist()}: {answer}")


def _ask(app: App, event: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    log = io.StringIO()
    with contextlib.redirect_stdout(log):
        answer = app.handle(event, Context())
    return answer, json.loads(log.getvalue().splitlines()[-1])


def _error(answer: Mapping[str, Any]) -> str:
    document = json.loads(answer["body"]) if "body" in answer else answer
    return document["error"]


def _same(found: np.ndarray, expected: np.ndarray) -> bool:
    if found.shape != expected.shape or found.dtype != expected.dtype:
        return False
    if expected.dtype == object:
        return found.tolist() == expected.tolist()
    kind = expected.dtype.kind
    return bool(np.array_equal(found, expected, equal_nan=kind == "f") and (kind != "f" or _signs(found, expected)))


def _signs(found: np.ndarray, expected: np.ndarray) -> bool:
    """Whether zeros have the same signs."""
    return np.array_equal(np.signbit(found), np.signbit(expected)) or bool(np.isnan(expected).any())


def _echoes() -> list[Target]:
    return [
        Target(model=name, inputs={"x": name}, rank=None, answer=lambda given: {"y": given["x"]}) for name in ECHOED
    ]


def _pair() -> Target:
    def answer(given: Arrays) -> Arrays:
        return {"sum": (given["a"] + given["b"]).astype(np.float32), "twice": (given["b"] * 2).astype(np.int32)}

    return Target(model="pair", inputs={"a": "float32", "b": "int32"}, rank=1, answer=answer)


def _half_plus_two() -> Target:
    def answer(given: Arrays) -> Arrays:
        return {"y": (given["x"] * np.float32(0.5) + np.float32(2)).astype(np.float32)}

    return Target(model="half_plus_two", inputs={"x": "float32"}, rank=1, answer=answer)


def _packaged(repository: Path, model: str) -> Target:
    """A model with one input and one output; the reference is the same file, loaded for each request."""
    manifest = read_manifest(repository, model)
    signature, artifact = manifest.signatures[DEFAULT_SIGNATURE], manifest.artifact_for(DEFAULT_SIGNATURE)
    ((name, spec),) = signature.inputs.items()
    assert spec.shape is not None

    def answer(given: Arrays) -> Arrays:
        directory = repository / model / str(manifest.version)
        return load(directory, artifact, manifest.signatures, 1, manifest.warmup).run(DEFAULT_SIGNATURE, given)

    sizes = {axis: size for axis, size in enumerate(spec.shape) if size > 0}
    return Target(model=model, inputs={name: spec.dtype}, rank=len(spec.shape), answer=answer, sizes=sizes)
