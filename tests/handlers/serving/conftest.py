"""An App whose models are formulas instead of files."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handlers.manifest import (
    POINTER_FILE,
    Artifact,
    CallMemory,
    Default,
    FileEntry,
    Manifest,
    Pointer,
    Signature,
    TensorSpec,
)
from handlers.serving import aws_clients
from handlers.serving.app import App
from handlers.serving.budget import Shared
from handlers.serving.cache import ModelCache
from handlers.serving.engines import EngineError, LoadedModel
from handlers.serving.repository import Repository, log_load_failure
from handlers.serving.stores import NotInStore
from local.emulator import CREDENTIALS, REGION, Emulator
from local.guard import Guard

Formula = Callable[..., Mapping[str, Any]]


@dataclass
class Context:
    aws_request_id: str = "request-1"
    milliseconds: int = 30_000

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


@dataclass
class Model:
    """A signature and the formula that answers it."""

    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]
    formula: Formula
    memory_bytes: int = 10
    defaults: Mapping[str, Default] = field(default_factory=dict[str, Default])
    call_memory: CallMemory | None = None
    closed: int = 0

    def run(
        self, signature: str, inputs: Mapping[str, np.ndarray], outputs: Sequence[str] | None = None
    ) -> dict[str, np.ndarray]:
        answers = self.formula(**inputs)
        return {name: np.asarray(answers[name]) for name in (self.outputs if outputs is None else outputs)}

    def close(self) -> None:
        self.closed += 1


LISTING = "every model"
"""What a store was asked for when it listed its models."""


@dataclass
class FormulaStore:
    """A store whose versions are models in memory."""

    models: dict[str, dict[int, Model]]
    pointers: dict[str, Pointer] = field(default_factory=dict[str, Pointer])
    asked: list[str] = field(default_factory=list[str])
    broken: Exception | None = None

    def names(self) -> frozenset[str]:
        self.asked.append(LISTING)
        if self.broken is not None:
            raise self.broken
        return frozenset(self.models)

    def pointer(self, model: str) -> Pointer:
        self.asked.append(model)
        if self.broken is not None:
            raise self.broken
        if model not in self.models:
            raise NotInStore(model)
        return self.pointers.get(model) or Pointer(version=max(self.models[model]))

    def manifest(self, model: str, version: int) -> Manifest:
        self.asked.append(model)
        if version not in self.models.get(model, {}):
            raise NotInStore(f"{model}/{version}")
        found = self.models[model][version]
        artifact = Artifact(
            engine="litert",
            form="tflite",
            signatures=("serving_default",),
            files=("model.tflite",),
            memory_bytes=found.memory_bytes,
            reason="",
            call_memory={"serving_default": found.call_memory} if found.call_memory else {},
        )
        return Manifest(
            model=model,
            version=version,
            signatures={
                "serving_default": Signature(inputs=found.inputs, outputs=found.outputs, defaults=found.defaults)
            },
            artifacts=(artifact,),
            files=(FileEntry(path="model.tflite", size=0, sha256=""),),
            fingerprint="packaged",
        )

    def fetch(self, model: str, version: int, files: Sequence[FileEntry]) -> Path:
        return Path(model) / str(version)

    def close(self) -> None:
        pass

    def keep(self, model: str, version: int) -> AbstractContextManager[None]:
        return nullcontext()


@dataclass
class Server:
    """An App with its store and cache. `ask` sends what API Gateway sends."""

    app: App
    store: FormulaStore
    cache: ModelCache[LoadedModel]
    now: list[float]
    loads: list[str]
    failing: dict[str, Exception]

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        milliseconds: int = 30_000,
    ) -> dict[str, Any]:
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        event = {
            "version": "2.0",
            "rawPath": path,
            "headers": dict(headers or {}),
            "requestContext": {"http": {"method": method}, "stage": "$default"},
            "body": text,
            "isBase64Encoded": False,
        }
        return self.app.handle(event, Context(milliseconds=milliseconds))

    def predict(self, body: Any, model: str = "half_plus_two") -> tuple[int, Any]:
        answer = self.ask("POST", f"/v1/models/{model}:predict", body)
        return answer["statusCode"], json.loads(answer["body"])


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Server]:
    """Make a server of these models. Each name has one model, or models by version. With `listed`, the server is not
    told their names; with `awaited`, it is told that they may be published later."""
    return partial(make_server, monkeypatch)


def make_server(
    patch: pytest.MonkeyPatch,
    models: Mapping[str, Model | dict[int, Model]],
    budget: int = 1 << 30,
    room: int = 1 << 26,
    *,
    listed: bool = False,
    awaited: bool = False,
    call_room: int = 1 << 31,
) -> Server:
    versions = {name: {1: found} if isinstance(found, Model) else found for name, found in models.items()}
    store, now, loads, failing = FormulaStore(versions), [0.0], [], {}

    def load(directory: Path, *arguments: Any) -> Model:
        loads.append(str(directory))
        if (error := failing.get(str(directory))) is not None:
            raise error
        return store.models[directory.parent.name][int(directory.name)]

    patch.setattr("handlers.serving.loading.load", load)
    patch.setattr("handlers.serving.repository._SHARED", {"litert": Shared("litert")})
    cache: ModelCache[LoadedModel] = ModelCache(budget, clock=lambda: now[0], on_failure=log_load_failure)
    names = None if listed else tuple(versions)
    repository = Repository(store, names, cache, awaited=awaited, room=call_room, clock=lambda: now[0])
    app = App(repository, room)
    return Server(app, store, cache, now, loads, failing)


BUCKET = "acme-models"
"""In the emulated AWS."""


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with Guard() as guard, Emulator(guard) as emulator:
        emulator.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield emulator


@pytest.fixture
def aws(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """An emulated AWS that the handlers' clients find, by the environment. They are made anew for each test."""
    found_by = {**CREDENTIALS, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": emulator.url}
    for name, value in found_by.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(aws_clients, "_clients", {})
    return emulator


def tensor(dtype: str, *shape: int) -> TensorSpec:
    return TensorSpec(dtype=dtype, shape=shape)


def half_plus(addend: float) -> Model:
    return Model(
        {"x": tensor("float32", *(-1,))},
        {"y": tensor("float32", *(-1,))},
        lambda x: {"y": (x * np.float32(0.5) + np.float32(addend)).astype(np.float32)},
    )


def any_shape(dtype: str) -> TensorSpec:
    return TensorSpec(dtype=dtype, shape=None)


def echo(dtype: str, output: str = "y") -> Model:
    """Answers with its input, of any shape."""
    return Model({"x": any_shape(dtype)}, {output: any_shape(dtype)}, lambda x: {output: x})


def refusing() -> Model:
    def refuse(**inputs: np.ndarray) -> Mapping[str, Any]:
        raise EngineError("the model does not take this.", refuses_inputs=True)

    return Model({"x": any_shape("float32")}, {"y": any_shape("float32")}, refuse)


def copy_first_version(repository: Path, model: str, root: Path) -> None:
    """Copy version 1 of a sample model, and have the pointer of the copy name it."""
    shutil.copytree(repository / model / "1", root / model / "1")
    (root / model / POINTER_FILE).write_text(Pointer(version=1).to_json())
