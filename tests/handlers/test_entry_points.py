"""The two entry points as Lambda starts them: a process, an environment, events in, answers out."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.handlers.s3_server import BUCKET, S3Server
from tests.paths import PROJECT

MODELS = ("digits", "iris", "wine", "breast_cancer", "diabetes")

PROGRAM = """
import contextlib, importlib, io, json, sys
module, events = sys.argv[1], json.load(sys.stdin)
class Context:
    aws_request_id = "request-1"
    def get_remaining_time_in_millis(self): return 60000
log = io.StringIO()
with contextlib.redirect_stdout(log):
    handler = importlib.import_module(module).handler
    answers = [handler(event, Context()) for event in events]
heavy = "inspect numpy numpy.lib numpy.linalg boto3 botocore ai_edge_litert http.client ssl".split()
imported = [name for name in heavy if name in sys.modules]
lines = [json.loads(line) for line in log.getvalue().splitlines()]
print(json.dumps({"answers": answers, "imported": imported, "lines": lines}))
"""


def run(module: str, uri: str, names: Sequence[str], events: Sequence[Any], **environment: str) -> Mapping[str, Any]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, module],
        input=json.dumps(events),
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env={
            **os.environ,
            "MODEL_STORE_URI": uri,
            "MODEL_NAMES": ",".join(names),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
            **environment,
        },
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def http(method: str, path: str, body: Any = None) -> dict[str, Any]:
    return {
        "version": "2.0",
        "rawPath": path,
        "headers": {},
        "requestContext": {"http": {"method": method}, "stage": "$default"},
        "isBase64Encoded": False,
    } | ({} if body is None else {"body": json.dumps(body)})


IRIS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]
LIGHT = [
    http("GET", "/v2"),
    http("GET", "/v2/health/live"),
    http("GET", "/v2/health/ready"),
    http("GET", "/v2/models/iris"),
    http("GET", "/v2/models/iris/ready"),
    http("GET", "/v1/models/iris"),
    http("GET", "/v1/models/iris/metadata"),
    http("GET", "/v1/models/absent"),
    http("POST", "/v1/models/absent:predict", {"instances": [1]}),
    http("POST", "/v2/models/absent/infer", {}),
    http("GET", "/nowhere"),
]
PREDICTIONS = [
    http("POST", "/v1/models/iris:predict", {"instances": IRIS}),
    http("POST", "/v1/models/iris:predict", {"inputs": {"features": IRIS}}),
    http("POST", "/v1/models/iris:predict", {"instances": [[1]]}),
    http(
        "POST",
        "/v2/models/iris/infer",
        {"inputs": [{"name": "features", "datatype": "FP32", "shape": [2, 4], "data": IRIS}]},
    ),
    {"model": "iris", "instances": IRIS},
]


def test_what_needs_no_model_imports_neither_numpy_nor_an_sdk_nor_an_engine(repository: Path) -> None:
    result = run("handlers.multi_model", repository.as_uri(), MODELS, LIGHT)
    assert result["imported"] == []
    assert [answer["statusCode"] for answer in result["answers"]] == [200] * 7 + [404] * 4


@pytest.mark.parametrize("module", ["handlers.single_model", "handlers.multi_model"])
def test_a_prediction_imports_numpy_s_arrays_alone_and_of_litert_not_even_its_package(
    module: str, repository: Path
) -> None:
    result = run(module, repository.as_uri(), ("iris",), PREDICTIONS)
    assert [answer.get("statusCode") for answer in result["answers"]] == [200, 200, 400, 200, None]
    assert result["imported"] == ["numpy"]


def test_an_answer_depends_on_neither_mode_nor_storage(repository: Path, s3: S3Server, tmp_path: Path) -> None:
    for path in repository.rglob("*"):
        if path.is_file():
            s3.objects[f"models/{path.relative_to(repository).as_posix()}"] = path.read_bytes()
    events = [*LIGHT, *PREDICTIONS]
    in_bucket = f"s3://{BUCKET}/models"
    expected = run("handlers.multi_model", repository.as_uri(), MODELS, events)["answers"]
    assert [answer["statusCode"] for answer in expected[len(LIGHT) : -1]] == [200, 200, 400, 200]
    for module, uri, names in (
        ("handlers.single_model", repository.as_uri(), ("iris",)),
        ("handlers.multi_model", in_bucket, MODELS),
        ("handlers.single_model", in_bucket, ("iris",)),
    ):
        result = run(module, uri, names, events, TMPDIR=str(tmp_path))
        assert result["answers"] == expected
        assert "boto3" not in result["imported"]
    # The second function found the files on the disk that both were given.
    assert [asked for key, asked in s3.asked.items() if key.endswith("/model.tflite")] == [1]


def test_a_single_model_is_loaded_and_warm_before_the_first_request(repository: Path) -> None:
    lines = run("handlers.single_model", repository.as_uri(), ("iris",), PREDICTIONS[:1])["lines"]
    (line,) = lines
    assert (line["cacheHit"], line["ColdStarts"]) == (True, 1)


def test_a_model_that_cannot_be_loaded_at_init_is_answered_for(repository: Path, tmp_path: Path) -> None:
    version = tmp_path / "iris" / "1"
    version.mkdir(parents=True)
    (tmp_path / "iris" / "current.json").write_text('{"version": 1}')
    (version / "manifest.json").write_bytes((repository / "iris" / "1" / "manifest.json").read_bytes())
    events = [PREDICTIONS[0], http("GET", "/v2/models/iris/ready"), http("GET", "/v1/models/iris"), LIGHT[1]]
    result = run("handlers.single_model", tmp_path.as_uri(), ("iris",), events)
    assert [answer["statusCode"] for answer in result["answers"]] == [503, 503, 200, 200]
    assert result["answers"][0]["headers"]["retry-after"]
    assert any("model.tflite is not there" in line.get("reason", "") for line in result["lines"])


@pytest.mark.parametrize(
    ("module", "changes", "reason"),
    [
        ("handlers.single_model", {"MODEL_NAMES": ""}, "serves exactly one model"),
        ("handlers.multi_model", {"VERIFY_MODELS": "0"}, "it must be true or false"),
        ("handlers.single_model", {"MODEL_NAMES": "a,b"}, "serves exactly one model"),
        ("handlers.multi_model", {"MODEL_STORE_URI": "http://x"}, "it must be s3://bucket/prefix"),
        ("handlers.multi_model", {"MODEL_CACHE_BYTES": "1 GB"}, "it must be a number of bytes"),
    ],
)
def test_a_wrong_environment_is_refused_at_start(module: str, changes: dict[str, str], reason: str) -> None:
    environment = {"MODEL_STORE_URI": "file:///models", "MODEL_NAMES": "a"} | changes
    done = subprocess.run(
        [sys.executable, "-c", f"import {module}"],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env=os.environ | environment,
        timeout=60,
    )
    assert done.returncode != 0
    assert reason in done.stderr


def test_strings_are_answered_by_the_other_engine(repository: Path) -> None:
    metadata = http("GET", "/v1/models/digits/metadata")
    png = http("POST", "/v1/models/digits:predict", {"signature_name": "png", "instances": [{"b64": "aGk="}]})
    described, refused = run("handlers.multi_model", repository.as_uri(), ("digits",), [metadata, png])["answers"]
    assert '"png"' in described["body"]
    assert refused["statusCode"] == 400
    assert "Unknown image file format" in refused["body"]


def test_an_unpackaged_saved_model_answers_from_every_store(repository: Path, s3: S3Server, tmp_path: Path) -> None:
    version = tmp_path / "models" / "iris" / "7"
    shutil.copytree(repository / "iris" / "1" / "saved_model", version)
    for path in version.rglob("*"):
        if path.is_file():
            s3.objects[f"models/iris/7/{path.relative_to(version).as_posix()}"] = path.read_bytes()
    (disk := tmp_path / "disk").mkdir()
    uris = ((tmp_path / "models").as_uri(), f"s3://{BUCKET}/models")
    asked = [PREDICTIONS[0], http("GET", "/v1/models/iris")]
    found = [run("handlers.multi_model", uri, ("iris",), asked, TMPDIR=str(disk))["answers"] for uri in uris]
    assert found[0] == found[1]
    assert '"version": "7"' in found[0][1]["body"]
    packaged = run("handlers.multi_model", repository.as_uri(), ("iris",), asked[:1])["answers"]
    ours, theirs = (json.loads(answer["body"])["predictions"] for answer in (found[0][0], packaged[0]))
    assert ours[0] == pytest.approx(theirs[0], abs=1e-4)
    assert ours[1] == pytest.approx(theirs[1], abs=1e-4)
