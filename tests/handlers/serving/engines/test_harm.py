"""The server checks what packaging did not: a SavedModel, or a graph with a manifest that somebody wrote by hand."""

import base64
import hashlib
import json
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from handlers.contract import MODEL_STORE_URI
from handlers.manifest import Artifact, FileEntry, Manifest, Signature, TensorSpec
from handlers.safety.check import HarmfulModel, check_saved_model
from handlers.safety.unpackaged import refuse_harm
from handlers.serving.app import App
from handlers.serving.start import open_app
from handlers.serving.stores import StoreError
from handlers.serving.stores.s3 import S3Store
from tests.handlers.s3_server import BUCKET, S3Server
from tests.handlers.serving.conftest import Context

SECRET = b"AWS_SECRET_ACCESS_KEY=hunter2"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file that no model should read."""
    (tmp_path / "environ").write_bytes(SECRET)
    return tmp_path / "environ"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture
def serve(root: Path) -> App:
    return open_app({MODEL_STORE_URI: root.as_uri()})


def request(path: Path) -> dict[str, Any]:
    return {"instances": [{"b64": base64.b64encode(str(path).encode()).decode()}]}


def ask(app: App, model: str, body: Any) -> tuple[int, str]:
    event = {
        "rawPath": f"/v1/models/{model}:predict",
        "requestContext": {"http": {"method": "POST"}, "stage": "$default"},
        "body": json.dumps(body),
    }
    answer = app.handle(event, Context())
    return answer["statusCode"], answer["body"]


def reasons(capsys: pytest.CaptureFixture[str]) -> list[str]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line["reason"] for line in lines if line["message"] in ("model not loaded", "manifest not read")]


@pytest.mark.parametrize("name", ["files", "decoy"])
def test_an_unpackaged_model_that_reads_files_is_never_loaded(
    models: Path, root: Path, serve: App, secret: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    shutil.copytree(models / name, root / "m" / "1")
    for body in (request(secret), {"instances": [[1.0, 2.0, 3.0]]}):
        status, answer = ask(serve, "m", body)
        assert status == 503
        assert "SECRET" not in answer
        assert "ReadFile" not in answer
    (reason, *_) = reasons(capsys)
    assert "reads or writes files (ReadFile)" in reason
    assert "package it with --allow-op ReadFile" in reason


def test_the_model_reads_files_where_nothing_checks_it(models: Path, loaded: Callable[..., Any], secret: Path) -> None:
    """So it is the check that stops it."""
    import numpy as np

    answer = loaded("files", "tensorflow").run("serving_default", {"paths": np.array([str(secret).encode()], object)})
    assert answer["contents"].tolist() == [SECRET]


def test_the_version_before_answers_in_place_of_a_harmful_one(
    models: Path, root: Path, serve: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.serving.published.POINTER_SECONDS", 0)
    shutil.copytree(models / "arithmetic", root / "m" / "1")
    body = {"instances": [[1.0, 2.0, 3.0]]}
    expected = ask(serve, "m", body)
    assert expected[0] == 200
    shutil.copytree(models / "files", root / "m" / "2")
    assert ask(serve, "m", body) == expected


@pytest.mark.parametrize("name", ["arithmetic", "vocabulary", "memory", "network"])
def test_harmless_models_are_loaded(models: Path, root: Path, serve: App, name: str) -> None:
    shutil.copytree(models / name, root / "m" / "1", ignore=shutil.ignore_patterns("*.tflite", "*.npz"))
    manifest = serve.repository.find("m")
    with serve.repository.lease(manifest, manifest.artifacts[0]):
        pass


def test_the_graph_that_was_checked_is_the_one_that_is_loaded_from_a_bucket(
    models: Path, s3: S3Server, tmp_path: Path
) -> None:
    for path in (models / "arithmetic").rglob("*"):
        if path.is_file():
            s3.objects[f"models/m/1/{path.relative_to(models / 'arithmetic').as_posix()}"] = path.read_bytes()
    with closing(S3Store(BUCKET, "models", directory=tmp_path)) as store:
        manifest = store.manifest("m", 1)
        content = s3.objects["models/m/1/saved_model.pb"]
        s3.objects["models/m/1/saved_model.pb"] = content.replace(b"MatMul", b"RatMul")
        with pytest.raises(StoreError, match=r"saved_model\.pb has the SHA-256"):
            store.fetch("m", 1, manifest.engine_files())


def test_a_directory_is_checked_again_at_each_load(models: Path, tmp_path: Path) -> None:
    artifact = Artifact("tensorflow", "saved_model", (), ("saved_model.pb",), 0, "")
    shutil.copyfile(models / "arithmetic" / "saved_model.pb", tmp_path / "saved_model.pb")
    refuse_harm(tmp_path, artifact)
    shutil.copyfile(models / "files" / "saved_model.pb", tmp_path / "saved_model.pb")
    for _ in range(2):
        with pytest.raises(StoreError, match="ReadFile"):
            refuse_harm(tmp_path, artifact)
    (tmp_path / "saved_model.pb").unlink()
    with pytest.raises(StoreError, match="cannot be checked: No such file"):
        refuse_harm(tmp_path, artifact)


def test_a_frozen_graph_with_a_manifest_that_packaging_did_not_write_is_checked(
    models: Path, root: Path, serve: App, secret: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # A GraphDef with one node: name "reads", operation "ReadFile".
    graph = b"\x0a\x11\x0a\x05reads\x12\x08ReadFile"
    spec = TensorSpec(dtype="string", shape=None, tensor="reads:0")
    manifest = Manifest(
        model="m",
        version=1,
        signatures={"serving_default": Signature(inputs={"paths": spec}, outputs={"contents": spec})},
        artifacts=(Artifact("tensorflow", "frozen_graph", ("serving_default",), ("graph.pb",), 0, "by hand"),),
        files=(FileEntry("graph.pb", len(graph), hashlib.sha256(graph).hexdigest()),),
    )
    (root / "m" / "1").mkdir(parents=True)
    (root / "m" / "1" / "graph.pb").write_bytes(graph)
    (root / "m" / "1" / "manifest.json").write_text(manifest.to_json())
    (root / "m" / "current.json").write_text('{"version": 1}')
    assert ask(serve, "m", request(secret))[0] == 503
    assert "'reads' reads or writes files (ReadFile)" in reasons(capsys)[0]


def test_a_saved_model_cut_short_anywhere_is_refused_and_never_crashes(models: Path) -> None:
    content = (models / "vocabulary" / "saved_model.pb").read_bytes()
    check_saved_model(content)
    for end in range(0, len(content) - 1, 97):
        with pytest.raises(HarmfulModel):
            check_saved_model(content[:end])
