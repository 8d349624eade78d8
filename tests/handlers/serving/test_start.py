"""Init: what is loaded before the first request and what in the background, and what a restored snapshot reads."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import snapshot_restore_py

from handlers.contract import MODEL_NAMES, MODEL_STORE_URI
from handlers.manifest import Manifest, Signature, TensorSpec
from handlers.serving import loading, start
from handlers.serving.app import App
from handlers.serving.engines import LoadedModel
from handlers.serving.engines.litert import LiteRTModel
from handlers.serving.errors import InvalidRequest
from handlers.serving.footprint import MIB, request_room
from handlers.serving.loading import ArtifactLoad
from handlers.serving.start import cache_budget, function_memory, open_app, open_single_model_app
from handlers.serving.stores.s3 import S3Store
from handlers.serving.warmup import warmup_inputs
from tests.handlers import versions
from tests.handlers.s3_server import BUCKET, S3Server
from tests.handlers.serving.conftest import Context

ONE = {"instances": [1.0]}


def test_a_load_that_init_has_no_time_for_goes_on_in_the_background_and_readiness_says_so(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    go_on, load = threading.Event(), loading.load

    def slow_load(*arguments: Any) -> LoadedModel:
        go_on.wait(30)
        return load(*arguments)

    monkeypatch.setattr(loading, "load", slow_load)
    monkeypatch.setattr(start, "INIT_SECONDS", 0.01)
    app = open_single_model_app({MODEL_STORE_URI: repository.as_uri(), MODEL_NAMES: "iris"})
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (line["message"], line["Model"]) == ("model not ready after init; loading goes on", "iris")
    ready = ("/v2/health/ready", "/v2/models/iris/ready")
    assert [ask(app, "GET", path)["statusCode"] for path in ready] == [503, 503]
    go_on.set()
    assert ask(app, "POST", "/v1/models/iris:predict", {"instances": [[5.1, 3.5, 1.4, 0.2]]})["statusCode"] == 200
    until = time.monotonic() + 30
    while app.repository.is_ready() is False and time.monotonic() < until:
        time.sleep(0.01)
    assert [ask(app, "GET", path)["statusCode"] for path in ready] == [200, 200]


def test_a_bucket_that_does_not_answer_is_not_waited_for_at_init(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setattr(start, "INIT_SECONDS", 0.2)
        began = time.monotonic()
        app = open_single_model_app({MODEL_STORE_URI: f"s3://{BUCKET}/models", MODEL_NAMES: "iris"})
        assert time.monotonic() - began < 5
        assert ask(app, "GET", "/v2/health/ready")["statusCode"] == 503


@pytest.mark.parametrize(
    ("initialization", "loaded"),
    [
        ("on-demand", ["litert"]),
        ("provisioned-concurrency", ["litert", "tensorflow"]),
        ("snap-start", ["litert", "tensorflow"]),
    ],
)
def test_every_signature_is_loaded_only_where_no_caller_waits_for_init(
    repository: Path, hooks: list[Any], initialization: str, loaded: list[str]
) -> None:
    environment = {
        MODEL_STORE_URI: repository.as_uri(),
        MODEL_NAMES: "digits",
        "AWS_LAMBDA_INITIALIZATION_TYPE": initialization,
    }
    app = open_single_model_app(environment)
    manifest = app.repository.find("digits")
    assert [each.engine for each in manifest.artifacts if app.repository.is_loaded(manifest, each)] == loaded


@pytest.mark.parametrize(
    ("initialization", "memory", "expected"),
    [
        ("on-demand", "1769", ["planned"]),
        ("on-demand", "1024", ["computed"]),
        ("provisioned-concurrency", "1769", ["computed"]),
        ("snap-start", "1769", ["computed"]),
    ],
)
def test_init_computes_only_where_no_caller_waits_or_where_it_has_more_processor_than_a_call(
    repository: Path, monkeypatch: pytest.MonkeyPatch, initialization: str, memory: str, expected: list[str]
) -> None:
    done: list[str] = []
    run, plan = LiteRTModel.run, LiteRTModel.plan
    monkeypatch.setattr(LiteRTModel, "run", lambda *given: (done.append("computed"), run(*given))[1])
    monkeypatch.setattr(LiteRTModel, "plan", lambda *given: (done.append("planned"), plan(*given))[1])
    app = open_single_model_app(
        {
            MODEL_STORE_URI: repository.as_uri(),
            MODEL_NAMES: "iris",
            "AWS_LAMBDA_INITIALIZATION_TYPE": initialization,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": memory,
        }
    )
    assert done == expected
    assert ask(app, "POST", "/v1/models/iris:predict", {"instances": [[5.1, 3.5, 1.4, 0.2]]})["statusCode"] == 200


def test_a_model_that_is_not_there_is_not_ready(tmp_path: Path) -> None:
    app = open_single_model_app({MODEL_STORE_URI: tmp_path.as_uri(), MODEL_NAMES: "absent"})
    assert ask(app, "GET", "/v2/health/live")["statusCode"] == 200
    assert ask(app, "GET", "/v2/health/ready")["statusCode"] == 503


def ask(app: App, method: str, path: str, body: Any = None) -> dict[str, Any]:
    event = {
        "rawPath": path,
        "requestContext": {"http": {"method": method}, "stage": "$default"},
        "body": None if body is None else json.dumps(body),
    }
    return app.handle(event, Context())


@pytest.fixture
def two_versions(repository: Path, tmp_path: Path) -> Path:
    """A repository of the model iris, whose versions 1 and 2 differ only in their numbers."""
    versions.two_versions(repository, tmp_path)
    return tmp_path


@pytest.fixture
def hooks() -> Iterator[list[Any]]:
    """The functions that Lambda calls after a restore: empty before the test, and emptied after it."""
    registry = snapshot_restore_py._after_restore_registry
    registry.clear()
    yield registry
    registry.clear()


def test_a_function_restored_from_a_snapshot_reads_its_pointer_again(two_versions: Path, hooks: list[Any]) -> None:
    environment = {
        MODEL_STORE_URI: two_versions.as_uri(),
        MODEL_NAMES: "iris",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
    }
    app = open_single_model_app(environment)
    (two_versions / "iris" / "current.json").write_text('{"version": 2, "labels": {}}')
    assert _answering_version(app.handle) == "1"
    for function, arguments, keywords in snapshot_restore_py.get_after_restore():
        function(*arguments, **keywords)
    assert _answering_version(app.handle) == "2"


def test_a_function_without_snapshots_registers_no_hook(two_versions: Path, hooks: list[Any]) -> None:
    open_single_model_app({MODEL_STORE_URI: two_versions.as_uri(), MODEL_NAMES: "iris"})
    assert hooks == []


def _answering_version(handle: Callable[[Mapping[str, Any], Context], Mapping[str, Any]]) -> str:
    features = {"name": "features", "datatype": "FP32", "shape": [1, 4], "data": [5.1, 3.5, 1.4, 0.2]}
    event = {
        "rawPath": "/v2/models/iris/infer",
        "requestContext": {"http": {"method": "POST"}},
        "body": json.dumps({"inputs": [features]}),
    }
    return json.loads(handle(event, Context())["body"])["model_version"]


def test_files_stay_on_disk_until_the_engine_has_them(
    repository: Path, two_versions: Path, s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in two_versions.rglob("*"):
        if path.is_file():
            s3.objects[f"models/{path.relative_to(two_versions).as_posix()}"] = path.read_bytes()
    size = (two_versions / "iris" / "1" / "model.tflite").stat().st_size
    store = S3Store(BUCKET, "models", directory=tmp_path / "disk", limit=size + 1)
    first, second = (_load_of(store, store.manifest("iris", version)) for version in (1, 2))
    first.fetch()
    with pytest.raises(Exception, match="does not fit on the function's disk"):
        second.fetch()
    model = first.open()
    second.fetch()
    assert not (tmp_path / "disk" / "iris" / "1").exists()
    # What is mapped lives on without a name.
    assert model.run("serving_default", {"features": np.zeros((1, 4), np.float32)})
    model.close()
    second.open().close()
    store.close()


def _load_of(store: S3Store, manifest: Manifest) -> ArtifactLoad:
    return ArtifactLoad(store, manifest, manifest.artifacts[0], 1)


def test_warm_up_requests_are_read_as_the_manifest_writes_them() -> None:
    def spec(dtype: str) -> TensorSpec:
        return TensorSpec(dtype=dtype, shape=None)

    signature = Signature(
        inputs={"image": spec("float32"), "bits": spec("bfloat16"), "word": spec("string")}, outputs={}
    )
    values = {"image": {"zeros": [1, 2, 3]}, "bits": {"zeros": [4]}, "word": [{"b64": "aGk="}]}
    inputs = warmup_inputs(signature, values)
    assert {name: (array.shape, array.dtype.name) for name, array in inputs.items()} == {
        "image": ((1, 2, 3), "float32"),
        "bits": ((4,), "uint16"),
        "word": ((1,), "object"),
    }
    assert inputs["word"].tolist() == [b"hi"]
    with pytest.raises(InvalidRequest, match="is not of expected type: float"):
        warmup_inputs(Signature(inputs={"x": spec("float32")}, outputs={}), {"x": ["a"]})


@pytest.mark.parametrize(
    ("memory", "room", "budget"),
    [("128", 16, 28), ("512", 64, 364), ("1769", 221.125, 1463.875), ("10240", 1280, 8876)],
)
def test_a_function_sets_aside_an_eighth_of_its_memory_for_requests(memory: str, room: float, budget: float) -> None:
    environment = {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": memory}
    assert request_room(function_memory(environment)) == room * MIB
    assert cache_budget(environment) == budget * MIB


def test_a_request_that_has_no_room_is_refused_before_it_is_read(repository: Path) -> None:
    environment = {MODEL_STORE_URI: repository.as_uri(), MODEL_NAMES: "iris", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128"}
    answer = ask(open_app(environment), "POST", "/v1/models/iris:predict", {"instances": [[1.5] * 4] * 100_000})
    assert answer["statusCode"] == 413
    assert "more than the 16777216 bytes of memory that this function has for it" in answer["body"]
