"""Versions that bring code: what hooks are given and give, what callers are told of failures, and who runs no code."""

import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from handlers.contract import ALLOW_MODEL_CODE, MODEL_NAMES, MODEL_STORE_URI
from handlers.serving.app import App
from handlers.serving.start import open_app, open_single_model_app
from tests.handlers.s3_server import BUCKET, S3Server
from tests.handlers.serving.conftest import Context

NAMES = """
import json
from names import NAMES

def input_handler(data, context):
    if context.request_content_type != "text/csv":
        raise ValueError(f"{context.request_content_type} is not read here; send text/csv")
    rows = [[float(each) for each in line.split(",")] for line in data.read().decode().splitlines()]
    return json.dumps({"instances": rows})

def output_handler(data, context):
    predictions = data.json()["predictions"]
    named = [NAMES[row.index(max(row))] for row in predictions]
    return f"{context.model_name} {context.model_version}: {' '.join(named)}", "text/plain"
"""
FLOWERS = {"names.py": 'NAMES = ["setosa", "versicolor", "virginica"]\n'}
CSV = "5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n"

Bring = Callable[..., None]


@pytest.fixture
def root(repository: Path, tmp_path: Path) -> Path:
    """A repository of the model iris; version 1 brings no code."""
    shutil.copytree(repository / "iris" / "1", tmp_path / "root" / "iris" / "1")
    (tmp_path / "root" / "iris" / "current.json").write_text('{"version": 1}')
    return tmp_path / "root"


@pytest.fixture
def bring(root: Path) -> Bring:
    """Give a version code, and make it current."""

    def bring(source: str, files: Mapping[str, str] | None = None, version: int = 1, **changed: Any) -> None:
        directory = root / "iris" / str(version)
        if version != 1:
            shutil.copytree(root / "iris" / "1", directory)
        document = json.loads((directory / "manifest.json").read_text())
        entries, paths = [each for each in document["files"] if not each["path"].startswith("code/")], []
        for name, text in {"inference.py": source, **(files or {})}.items():
            path = f"code/{name}"
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_text(text)
            sha256 = hashlib.sha256(text.encode()).hexdigest()
            entries.append({"path": path, "size": len(text.encode()), "sha256": sha256})
            paths.append(path)
        hooks = [hook for hook in ("input_handler", "output_handler") if f"def {hook}" in source]
        code = {"hooks": hooks, "files": paths, "samples": 1, **changed}
        written = document | {"version": version, "files": entries, "code": code}
        (directory / "manifest.json").write_text(json.dumps(written))
        (root / "iris" / "current.json").write_text(json.dumps({"version": version}))

    return bring


@pytest.fixture(autouse=True)
def modules() -> Any:
    """Code leaves nothing among the modules of the process."""
    before, path = set(sys.modules), list(sys.path)
    yield
    assert [name for name in set(sys.modules) - before if name in ("inference", "names", "helper")] == []
    assert sys.path == path


def app(root: Path, **environment: str) -> App:
    return open_app({MODEL_STORE_URI: root.as_uri(), MODEL_NAMES: "iris", ALLOW_MODEL_CODE: "true", **environment})


def ask(
    app: App, body: str, kind: str = "text/csv", path: str = "/v1/models/iris:predict", **headers: str
) -> tuple[int, str]:
    event = {
        "rawPath": path,
        "requestContext": {"http": {"method": "POST"}, "stage": "$default"},
        "headers": {"content-type": kind, **headers},
        "body": body,
    }
    answer = app.handle(event, Context())
    body = answer["body"]
    if answer["isBase64Encoded"]:
        import base64

        body = base64.b64decode(body).decode()
    return answer["statusCode"], body


IRIS = json.dumps({"instances": [[5.1, 3.5, 1.4, 0.2]]})


@pytest.mark.parametrize("path", ["/v1/models/iris:predict", "/v1/models/iris/versions/1:predict", "/invocations"])
def test_hooks_read_what_callers_send_and_write_what_they_get(root: Path, bring: Bring, path: str) -> None:
    bring(NAMES, FLOWERS)
    assert ask(app(root), CSV, path=path) == (200, "iris 1: setosa virginica")


def test_a_bucket_brings_the_code_as_a_directory_does(
    root: Path, bring: Bring, s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    bring(NAMES, FLOWERS)
    files = (path for path in root.rglob("*") if path.is_file())
    s3.put("models", {path.relative_to(root).as_posix(): path.read_bytes() for path in files})
    served = app(root, **{MODEL_STORE_URI: f"s3://{BUCKET}/models"})
    assert ask(served, CSV) == (200, "iris 1: setosa virginica")
    served.repository.restored()  # closes the connections


def test_tensors_of_the_open_inference_protocol_are_those_of_the_model_itself(root: Path, bring: Bring) -> None:
    bring(NAMES, FLOWERS)
    tensor = {"name": "features", "datatype": "FP32", "shape": [1, 4], "data": [5.1, 3.5, 1.4, 0.2]}
    status, body = ask(app(root), json.dumps({"inputs": [tensor]}), "application/json", "/v2/models/iris/infer")
    assert (status, json.loads(body)["outputs"][0]["shape"]) == (200, [1, 3])


def test_one_hook_is_enough(root: Path, bring: Bring) -> None:
    bring("def input_handler(data, context):\n    return data.read()")
    status, body = ask(app(root), IRIS)
    assert (status, len(json.loads(body)["predictions"][0])) == (200, 3)
    bring('def output_handler(data, context):\n    return {"text": data.text}, context.accept_header')
    assert ask(app(root), IRIS, "application/json", accept="application/json")[0] == 200


def test_hooks_are_told_what_the_caller_said(root: Path, bring: Bring) -> None:
    bring(
        "import json\n"
        "def input_handler(data, context):\n"
        f"    return {IRIS!r}\n"
        "def output_handler(data, context):\n"
        "    return context._asdict(), 'application/json'"
    )
    header = {"accept": "text/csv", "x-amzn-sagemaker-custom-attributes": "top=3"}
    said = json.loads(ask(app(root), "raw", "image/png", **header)[1])
    assert said == {
        "model_name": "iris",
        "model_version": "1",
        "method": "predict",
        "request_content_type": "image/png",
        "accept_header": "text/csv",
        "content_length": "3",
        "custom_attributes": "top=3",
        "rest_uri": None,
        "grpc_port": None,
    }


def test_the_time_in_the_code_is_in_the_record(root: Path, bring: Bring, capsys: pytest.CaptureFixture[str]) -> None:
    bring("import time\ndef input_handler(data, context):\n    time.sleep(0.05)\n    return data.read()")
    served = app(root)
    for _ in range(2):
        ask(served, IRIS)
    record = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert record["codeMs"] >= 50
    assert record["durationMs"] >= record["codeMs"]


# Failures.


def test_a_hook_that_raises_value_error_refuses_the_request_in_its_words(root: Path, bring: Bring) -> None:
    bring(NAMES, FLOWERS)
    status, body = ask(app(root), CSV, "image/png")
    assert (status, json.loads(body)["error"]) == (400, "image/png is not read here; send text/csv")


@pytest.mark.parametrize(
    ("source", "logged"),
    [
        ("def input_handler(data, context):\n    return context.absent", "AttributeError"),
        ("import sys\ndef input_handler(data, context):\n    sys.exit(3)", "SystemExit: 3"),
        ("def input_handler(data, context):\n    return 7", "input_handler returned int; allowed is a text"),
        ("def output_handler(data, context):\n    return data.content", "output_handler returned bytes; it returns a"),
        ("def output_handler(data, context):\n    raise ValueError('odd')", "output_handler failed: ValueError: odd"),
    ],
)
def test_a_hook_that_fails_is_an_error_of_the_server_and_its_reason_is_logged(
    root: Path, bring: Bring, capsys: pytest.CaptureFixture[str], source: str, logged: str
) -> None:
    bring(source)
    served = app(root)
    status, body = ask(served, IRIS, "application/json")
    assert (status, json.loads(body)["error"]) == (
        500,
        "The request failed inside the server. Its id is request-1.",
    )
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert any(logged in line.get("traceback", "") for line in lines)


def test_a_prediction_that_the_model_does_not_take_is_refused_as_without_code(root: Path, bring: Bring) -> None:
    bring("def input_handler(data, context):\n    return {'instances': [[1.0]]}")
    assert ask(app(root), IRIS)[0] == 400


@pytest.mark.parametrize(
    "source",
    [
        "import no_such_module\ndef input_handler(data, context):\n    pass",
        "raise SystemExit(1)\ndef input_handler(data, context):\n    pass",
        "def input_handler(data, context:\n    pass",
    ],
)
def test_a_version_whose_code_does_not_load_is_not_served_and_the_one_before_answers(
    root: Path, bring: Bring, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], source: str
) -> None:
    monkeypatch.setattr("handlers.serving.published.POINTER_SECONDS", 0)
    served = app(root)
    before = ask(served, IRIS, "application/json")
    bring(source, version=2)
    for path in ("/v1/models/iris:predict", "/invocations"):
        assert ask(served, IRIS, "application/json", path) == before
    assert ask(served, IRIS, "application/json", "/v1/models/iris/versions/2:predict")[0] == 503
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (failure,) = [line for line in lines if line["message"] == "model code not loaded"]
    assert (failure["version"], failure["LoadFailures"]) == (2, 1)
    state = served.handle(
        {"rawPath": "/v1/models/iris/versions/2", "requestContext": {"http": {"method": "GET"}}}, Context()
    )
    assert json.loads(state["body"])["model_version_status"][0]["state"] != "AVAILABLE"


def test_code_that_was_changed_at_rest_does_not_run_even_where_models_are_not_compared(
    root: Path, bring: Bring, capsys: pytest.CaptureFixture[str]
) -> None:
    bring(NAMES, FLOWERS)
    (root / "iris" / "1" / "code" / "names.py").write_text('NAMES = ["setosa", "versicolor", "VIRGINICA"]\n')
    assert ask(app(root, VERIFY_MODELS="false"), CSV)[0] == 503
    assert "code/names.py has the SHA-256" in capsys.readouterr().out


# Several versions.


def test_each_version_imports_its_own_modules_also_late(root: Path, bring: Bring) -> None:
    for version in (2, 3):
        bring(
            "def input_handler(data, context):\n"
            f"    return {IRIS!r}\n"
            "def output_handler(data, context):\n"
            "    import helper, package.deep\n"
            "    return {'of': helper.OF, 'deep': package.deep.OF}, 'application/json'",
            {"helper.py": f"OF = {version}", "lib/package/__init__.py": "", "lib/package/deep.py": f"OF = {version}"},
            version=version,
        )
    pointer = {"version": 3, "labels": {"before": 2}}
    (root / "iris" / "current.json").write_text(json.dumps(pointer))
    served = app(root)
    for _ in range(2):
        for version in (2, 3):
            path = f"/v1/models/iris/versions/{version}:predict"
            assert json.loads(ask(served, "", path=path)[1]) == {"of": version, "deep": version}


def test_code_leaves_with_its_version(root: Path, bring: Bring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.serving.published.POINTER_SECONDS", 0)
    bring(NAMES, FLOWERS, version=2)
    served = app(root)
    assert ask(served, CSV)[1] == "iris 2: setosa virginica"
    bring(NAMES, {"names.py": 'NAMES = ["a", "b", "c"]'}, version=3)
    assert ask(served, CSV)[1] == "iris 3: a c"
    assert list(served.repository._code._loaded) == [("iris", 3)]


# Who runs no code.


def test_a_stack_that_allows_no_code_goes_on_with_the_version_before_and_says_why(
    root: Path, bring: Bring, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("handlers.serving.published.POINTER_SECONDS", 0)
    served = open_app({MODEL_STORE_URI: root.as_uri(), MODEL_NAMES: "iris"})
    before = ask(served, IRIS, "application/json")
    bring("raise AssertionError('it ran')\ndef input_handler(data, context):\n    pass", version=2)
    assert ask(served, IRIS, "application/json") == before
    assert before[0] == 200
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (refusal, *_) = [line for line in lines if line["message"] == "model code is not allowed"]
    assert "Set allowModelCode to true and deploy, or publish the model without its code" in refusal["reason"]


@pytest.mark.parametrize("path", ["/v1/models/iris:predict", "/v2/models/iris/infer", "/v1/models/iris/metadata"])
def test_without_a_version_before_callers_are_told_that_code_is_not_run(root: Path, bring: Bring, path: str) -> None:
    bring(NAMES, FLOWERS)
    served = open_app({MODEL_STORE_URI: root.as_uri(), MODEL_NAMES: "iris"})
    event = {
        "rawPath": path,
        "requestContext": {"http": {"method": "GET" if path.endswith("metadata") else "POST"}},
        "body": IRIS,
    }
    answer = served.handle(event, Context())
    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "5")
    assert "brings code (inference.py), which is not run here" in answer["body"]


def test_init_loads_the_code_with_the_model(root: Path, bring: Bring, capsys: pytest.CaptureFixture[str]) -> None:
    bring("print('imported')\ndef input_handler(data, context):\n    return data.read()")
    environment = {MODEL_STORE_URI: root.as_uri(), MODEL_NAMES: "iris", ALLOW_MODEL_CODE: "true"}
    served = open_single_model_app(environment)
    assert "imported" in capsys.readouterr().out
    assert ask(served, IRIS)[0] == 200
    assert "imported" not in capsys.readouterr().out


def test_a_direct_invocation_takes_json_alone(root: Path, bring: Bring) -> None:
    bring(
        NAMES.replace("text/csv", "application/json").replace(
            '[[float(each) for each in line.split(",")] for line in data.read().decode().splitlines()]',
            "json.load(data)['instances']",
        ),
        FLOWERS,
    )
    answer = app(root).handle({"model": "iris", "instances": [[5.1, 3.5, 1.4, 0.2]]}, Context())
    assert answer == {
        "error": "The answer is text/plain; a direct invocation takes application/json alone",
        "status": 406,
    }
