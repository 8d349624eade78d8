"""Stacks of many small models: how long Pulumi's engine takes for them in the emulated AWS, and which models answer."""

import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.requests import event_for
from benchmarks.subjects import Subject, prepare, repository
from local.api_client import ApiClient
from local.engine.results import Result
from local.engine.running import EngineRun, engine_run
from local.publishing import copy_model, current_version, publish
from local.stack import SETTINGS

MODEL = "iris"
"""The model that all models of a stack are copies of."""

CONCURRENCY = 1000
"""How many environments the account may run at a time: AWS's usual quota."""

ROUTES = 2000
"""More routes than any of these stacks needs. An account has them on request."""


class StackFailed(Exception):
    """The engine could not do what was measured; the message has its errors."""


@dataclass(frozen=True, kw_only=True)
class StackCase:
    """A stack to measure."""

    mode: str
    storage: str
    models: int
    born_empty: bool = False
    """Whether the models are published after the deployment and not part of it."""
    deployed: bool = True
    """Whether it is more than previewed."""


def measure_stack(case: StackCase) -> dict[str, Any]:
    """Preview a stack, make it, ask each model, and update it again. Returns the case, with counts and seconds.

    Raises StackFailed; EngineError where there is no `pulumi`.
    """
    (subject,) = prepare([MODEL])
    with tempfile.TemporaryDirectory(prefix="tensorflow-lambda-growth-") as name:
        models = _models(Path(name) / "repository", case.models)
        settings = {
            **SETTINGS,
            "mode": case.mode,
            "storage": case.storage,
            "modelRepository": str(models),
            "seedModels": not case.born_empty,
            "apiRoutesQuota": ROUTES,
            "deleteModelsOnDestroy": True,
        }
        with engine_run(Path(name) / "state", concurrency=CONCURRENCY) as run:
            run.account.quotas.routes = run.account.quotas.integrations = ROUTES
            preview = _succeeded(run.stack.preview(settings))
            found = {"resources": sum(preview.changes.values()), "preview_seconds": preview.seconds}
            if case.deployed:
                found |= _deploy(run, case, models, subject)
    return {**asdict(case), **found}


def _deploy(run: EngineRun, case: StackCase, models: Path, subject: Subject) -> Mapping[str, Any]:
    made = _succeeded(run.stack.up())
    found: dict[str, Any] = {"up_seconds": made.seconds}
    if case.born_empty:
        with _timed(found, "publish_seconds"):
            for model in sorted(models.iterdir()):
                publish(run.account.client("s3"), str(made.outputs["bucketName"]), model, current_version(model))
    with _timed(found, "ask_seconds"):
        found["answered"] = _ask(str(made.outputs["apiUrl"]), subject, sorted(path.name for path in models.iterdir()))
    refreshed, again = _succeeded(run.stack.refresh()), _succeeded(run.stack.up())
    changed = sum(count for result in (refreshed, again) for kind, count in result.changes.items() if kind != "same")
    return {**found, "again_seconds": again.seconds, "changed_again": changed}


def _ask(url: str, subject: Subject, models: Sequence[str]) -> int:
    """How many models answer a prediction with status 200."""
    answered = 0
    with ApiClient(url) as client:
        for model in models:
            event = event_for(subject, plain=False, model=model)
            status, _ = client.exchange("POST", event["rawPath"], event["body"])
            answered += status == 200
    return answered


def _models(directory: Path, count: int) -> Path:
    """A repository with copies of one model."""
    source = repository("tflite") / MODEL
    for number in range(count):
        copy_model(source, f"model-{number:04}", directory)
    return directory


def _succeeded(result: Result) -> Result:
    if not result.succeeded:
        raise StackFailed("\n".join([f"{result.operation} failed:", *result.errors]))
    return result


@contextmanager
def _timed(found: dict[str, Any], key: str) -> Generator[None]:
    began = time.monotonic()
    yield
    found[key] = time.monotonic() - began
