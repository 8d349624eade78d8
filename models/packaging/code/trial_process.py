"""The process of a code's trial: the handler that functions run, on a repository that holds the version alone.

    python -m models.packaging.code.trial_process DIRECTORY

DIRECTORY holds the task. What an image lacks cannot be imported here, even if this environment has it.
"""

import base64
import hashlib
import io
import json
import statistics
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import redirect_stdout
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from handlers.contract import ALLOW_MODEL_CODE, MODEL_NAMES, MODEL_STORE_URI
from handlers.manifest import CODE_FILE, MANIFEST_FILE, POINTER_FILE, Manifest, Pointer
from handlers.manifest_reading import parse_manifest
from handlers.serving.app import App
from handlers.serving.code.hooks import CodeError, ModelCode
from handlers.serving.start import open_app

SECONDS = 60


class NotInImage(MetaPathFinder):
    """Hides modules that an image lacks, unless the code brings them."""

    def __init__(self, hidden: Collection[str]) -> None:
        self._hidden = frozenset(hidden)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """See `MetaPathFinder`. Raises ModuleNotFoundError for what is hidden."""
        if fullname.partition(".")[0] in self._hidden:
            raise ModuleNotFoundError(
                f"{fullname} is not in a function's image; pin its package in requirements.txt", name=fullname
            )
        return None


class Context:
    """What Lambda says about an invocation."""

    aws_request_id = "trial"

    def get_remaining_time_in_millis(self) -> int:
        """Always the same."""
        return SECONDS * 1000


def main(directory: Path) -> None:
    """Run the trial. Raises CodeError."""
    task = json.loads((directory / "task.json").read_text(encoding="utf-8"))
    manifest, version = parse_manifest(task["manifest"]), Path(task["directory"])
    assert manifest.code is not None  # noqa: S101 - the parent's part
    brought = {Path(path).parts[-1].removesuffix(".py") for path in _top(version)}
    sys.meta_path.insert(0, NotInImage(set(task["hidden"]) - brought))
    hooks = ModelCode(version, manifest._replace(code=manifest.code._replace(hooks=()))).hooks
    if not hooks:
        raise CodeError(
            f"{CODE_FILE} has neither input_handler nor output_handler. A `handler` that calls the model's server by "
            "itself has to be split into them"
        )
    manifest = manifest._replace(code=manifest.code._replace(hooks=hooks))
    app = _app(manifest, version, directory / "repository")
    answers: dict[str, Any] = {}
    times: list[float] = []
    for path, kind in task["requests"].items():
        first, again = (_ask(app, manifest, Path(path), kind, times) for _ in range(2))
        if first != again:
            raise CodeError(f"{Path(path).name} is answered differently each time")
        answers[Path(path).name] = first
    report = {"hooks": hooks, "answers": answers, "median_seconds": round(statistics.median(times), 6)}
    (directory / "report.json").write_text(json.dumps(report), encoding="utf-8")


def _top(version: Path) -> list[Path]:
    return [path for place in ("code", "code/lib") for path in (version / place).glob("*")]


def _app(manifest: Manifest, version: Path, root: Path) -> App:
    """The handler, on a repository with this version."""
    place = root / manifest.model / str(manifest.version)
    place.mkdir(parents=True)
    for child in version.iterdir():
        (place / child.name).symlink_to(child)
    (place / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
    (root / manifest.model / POINTER_FILE).write_text(Pointer(manifest.version).to_json(), encoding="utf-8")
    return open_app({MODEL_STORE_URI: root.as_uri(), MODEL_NAMES: manifest.model, ALLOW_MODEL_CODE: "true"})


def _ask(app: App, manifest: Manifest, path: Path, kind: str, times: list[float]) -> Mapping[str, Any]:
    event = {
        "rawPath": f"/v1/models/{manifest.model}:predict",
        "requestContext": {"http": {"method": "POST"}, "stage": "$default"},
        "headers": {"content-type": kind},
        "body": base64.b64encode(path.read_bytes()).decode(),
        "isBase64Encoded": True,
    }
    log, began = io.StringIO(), time.perf_counter()
    with redirect_stdout(log):
        answer = app.handle(event, Context())
    times.append(time.perf_counter() - began)
    body = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
    if answer["statusCode"] != 200:
        raise CodeError(f"{path.name} is answered with {answer['statusCode']}: {_reason(log.getvalue(), body)}")
    return {
        "content_type": answer["headers"]["content-type"],
        "bytes": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
    }


def _reason(log: str, body: bytes) -> str:
    """Why a request failed: the end of the traceback, or else what the caller is told."""
    for line in map(json.loads, log.splitlines()):
        if reason := line.get("traceback") or (line["level"] == "ERROR" and line.get("reason")):
            return str(reason).strip().splitlines()[-1].partition("CodeError: ")[2] or str(reason).splitlines()[0]
    return body.decode(errors="replace")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
