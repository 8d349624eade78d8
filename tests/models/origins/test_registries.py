"""MLflow, Hugging Face and Kaggle by their own clients: a real server of MLflow, and servers of ours where a client is
told of another address."""

import json
import os
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.paths import PROJECT

pytestmark = [pytest.mark.index, pytest.mark.timeout(1800)]

PATIENCE = 900
"""How long a server or a client may take, in seconds: on a busy machine their imports alone take minutes."""

REGISTER = """
import sys
from mlflow import MlflowClient

client = MlflowClient()
client.create_registered_model("churn")
for path in sys.argv[1:]:
    run = client.create_run("0")
    client.log_artifacts(run.info.run_id, path, "model")
    version = client.create_model_version("churn", f"runs:/{run.info.run_id}/model", run.info.run_id)
client.set_registered_model_alias("churn", "champion", version.version)
"""
SHOW = """
import sys
from models.origins.opening import opened

with opened(sys.argv[1], lambda what: None) as (model, beside):
    found = sorted(path.relative_to(model.parent).as_posix() for path in model.parent.rglob("*") if path.is_file())
    print(model.name, *(path for path in found if not any(part.startswith(".") for part in path.split("/"))))
"""
REFUSALS = """
import sys
from models.origins.errors import OriginError
from models.origins.opening import opened

for address in sys.argv[1:]:
    try:
        with opened(address, lambda what: None):
            print(address, "is there")
    except OriginError as error:
        print(*str(error).split())
"""

QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def run(python: Path, program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-W", "ignore", "-c", program, *arguments]
    given = {**os.environ, **QUIET, **environment}
    return subprocess.run(command, cwd=PROJECT, env=given, capture_output=True, text=True, timeout=PATIENCE)


# MLflow.


@pytest.fixture(scope="module")
def registry(mlflow_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of MLflow with an empty registry."""
    root = tmp_path_factory.mktemp("registry")
    port = _free_port()
    where = [
        "--backend-store-uri",
        f"sqlite:///{root / 'mlflow.db'}",
        "--artifacts-destination",
        str(root / "artifacts"),
    ]
    with (root / "log").open("w") as log:
        server = subprocess.Popen(
            [str(mlflow_python), "-m", "mlflow", "server", *where, "--port", str(port), "--workers", "1"],
            env={**os.environ, **QUIET},
            stdout=log,
            stderr=log,
        )
    try:
        _await(f"http://127.0.0.1:{port}/health", server, root / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="module")
def churn(registry: str, mlflow_python: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A registry with two versions of the model churn, the second one its champion."""
    root = tmp_path_factory.mktemp("logged")
    for name, content in (("keras", b"keras"), ("tflite", (repository / "iris" / "1" / "model.tflite").read_bytes())):
        (root / name / "data").mkdir(parents=True)
        (root / name / "MLmodel").write_text("flavors:\n  tensorflow:\n    data: data\n")
        (root / name / "data" / f"model.{name}").write_bytes(content)
    registered = run(mlflow_python, REGISTER, str(root / "keras"), str(root / "tflite"), MLFLOW_TRACKING_URI=registry)
    assert registered.returncode == 0, registered.stderr
    return registry


def test_a_model_of_a_registry_is_fetched_by_its_version(churn: str, clients: Path) -> None:
    shown = run(clients, SHOW, "mlflow:models:/churn/1", MLFLOW_TRACKING_URI=churn)
    assert shown.stdout.split()[:2] == ["model.keras", "model.keras"], shown.stderr


def test_the_champion_of_a_registry_is_packaged_and_published_by_one_command(
    churn: str, clients: Path, tmp_path: Path
) -> None:
    command = ["-m", "models", "publish", "churn", "--from", "mlflow:models:/churn@champion", "--json"]
    where = ["--repository", str(tmp_path / "packaged"), "--at", str(tmp_path / "published")]
    done = subprocess.run(
        [str(clients), *command, *where],
        cwd=PROJECT,
        env={**os.environ, **QUIET, "MLFLOW_TRACKING_URI": churn},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["current"] == 1
    assert (tmp_path / "published" / "churn" / "1" / "model.tflite").is_file()


def test_a_model_that_a_registry_lacks_is_named(churn: str, clients: Path) -> None:
    addresses = "mlflow:models:/churn@challenger", "mlflow:models:/absent/1"
    done = run(clients, REFUSALS, *addresses, MLFLOW_TRACKING_URI=churn)
    first, second = done.stdout.splitlines()
    assert first.startswith(f"{addresses[0]} cannot be fetched: "), done.stderr
    assert second.startswith(f"{addresses[1]} cannot be fetched: ")


def test_a_registry_that_does_not_answer_is_named(clients: Path) -> None:
    done = run(
        clients,
        SHOW,
        "mlflow:models:/churn@champion",
        MLFLOW_TRACKING_URI="http://127.0.0.1:9",
        MLFLOW_HTTP_REQUEST_MAX_RETRIES="0",
    )
    assert "OriginError: mlflow:models:/churn@champion cannot be fetched: " in done.stderr


# Hugging Face and Kaggle.

Answer = Callable[[str], "tuple[dict[str, str], bytes] | None"]
"""What a server answers to a path; None for 404."""


@contextmanager
def server(answer: Answer, port: int = 0) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            found = answer(self.path)
            headers, body = ({}, b"") if found is None else found
            self.send_response(404 if found is None else 200)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


JSON = {"Content-Type": "application/json"}
COMMIT = "a" * 40


def hub(path: str) -> tuple[dict[str, str], bytes] | None:
    """A repository `owner/flowers` at the revision v2, in several frameworks."""
    files = {"saved_model.pb": b"graph", "variables/variables.index": b"index", "pytorch_model.bin": b"other"}
    if path.startswith(f"/api/models/owner/flowers/tree/{COMMIT}"):
        entries = [
            {"type": "file", "path": name, "size": len(content), "oid": "b" * 40} for name, content in files.items()
        ]
        return JSON, json.dumps(entries).encode()
    if path == "/api/models/owner/flowers/revision/v2":
        siblings = [{"rfilename": name} for name in files]
        return JSON, json.dumps({"id": "owner/flowers", "sha": COMMIT, "siblings": siblings}).encode()
    for name, content in files.items():
        if path == f"/owner/flowers/resolve/{COMMIT}/{name}":
            return {"ETag": f'"{content.hex()}"', "X-Repo-Commit": COMMIT}, content
    return None


def test_only_tensorflows_files_of_a_repository_of_hugging_face_are_fetched(clients: Path) -> None:
    with server(hub) as url:
        shown = run(clients, SHOW, "hf:owner/flowers@v2", HF_ENDPOINT=url)
        absent = run(clients, SHOW, "hf:owner/flowers@v3", HF_ENDPOINT=url)
    assert shown.stdout.split() == ["model", "model/saved_model.pb", "model/variables/variables.index"], shown.stderr
    assert "OriginError: hf:owner/flowers@v3 cannot be fetched: " in absent.stderr


KAGGLE_PORT = 7777
"""Where Kaggle's client looks for a server of its tests."""


def models_of_kaggle(path: str) -> tuple[dict[str, str], bytes] | None:
    """A model of one file."""
    if path.endswith("/ListModelInstanceVersionFiles"):
        return JSON, json.dumps({"files": [{"name": "model.keras", "totalBytes": 5}]}).encode()
    if path.endswith("/DownloadModelInstanceVersion"):
        return {"Content-Type": "application/octet-stream"}, b"keras"
    return None


def test_a_model_of_kaggle_is_fetched(clients: Path) -> None:
    try:
        with server(models_of_kaggle, KAGGLE_PORT):
            shown = run(clients, SHOW, "kaggle:owner/flowers/keras/small/1", KAGGLE_API_ENVIRONMENT="TEST")
    except OSError as error:
        pytest.skip(f"port {KAGGLE_PORT}: {error}")
    assert shown.stdout.split() == ["model.keras", "model.keras"], shown.stderr


def test_an_answer_of_kaggle_that_is_an_error_is_named(clients: Path) -> None:
    try:
        with server(lambda path: None, KAGGLE_PORT):
            done = run(clients, SHOW, "kaggle:owner/flowers/keras/small/1", KAGGLE_API_ENVIRONMENT="TEST")
    except OSError as error:
        pytest.skip(f"port {KAGGLE_PORT}: {error}")
    assert "OriginError: kaggle:owner/flowers/keras/small/1 cannot be fetched: " in done.stderr


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def _await(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - a server of ours
        except (OSError, urllib.error.URLError):
            time.sleep(0.2)
        else:
            return
