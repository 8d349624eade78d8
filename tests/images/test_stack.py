"""The real program on containers: every storage, both modes, the same bytes as on processes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from handlers.contract import BAKED_PATH
from local.api_client import ApiClient
from local.held_out import read_held_out
from local.shapes import Mode, Storage
from local.stack import LocalStack, local_stack
from models.packaging.options import PackageOptions
from models.packaging.package import package
from models.packaging.repository import ModelRepository
from tests.images.docker import Image, docker
from tests.models import saved_models
from tests.paths import PROJECT

MODELS = ("iris", "digits")
"""Between them LiteRT and TensorFlow, numbers and strings."""

STACK = "tensorflow-lambda-local"
"""The name of the images of local stacks."""


@pytest.fixture(scope="module")
def requests(repository: Path) -> list[tuple[str, str, str | None]]:
    """Requests of a client: predictions of every signature, metadata, and wrong requests."""
    asked: list[tuple[str, str, str | None]] = []
    for model in MODELS:
        held_out = read_held_out(repository.parent, model)
        assert held_out is not None
        for signature in held_out.signatures:
            body = held_out.predict_body(signature, 0, min(held_out.size, 64))
            asked.append(("POST", f"/v1/models/{model}:predict", json.dumps(body)))
        asked += [("GET", f"/v1/models/{model}{suffix}", None) for suffix in ("", "/metadata")]
        asked += [("GET", f"/v2/models/{model}", None), ("POST", f"/v1/models/{model}:predict", "{")]
    no_picture = {"signature_name": "png", "instances": [{"b64": "bm8gUE5H"}]}
    asked.append(("POST", "/v1/models/digits:predict", json.dumps(no_picture)))
    return [*asked, ("GET", "/v2", None), ("GET", "/v2/health/ready", None), ("GET", "/v1/models/nope", None)]


def configuration(storage: str, mode: str) -> dict[str, str]:
    return {"storage": storage, "mode": mode, "models": json.dumps(MODELS)}


def answers(stack: LocalStack, requests: list[tuple[str, str, str | None]]) -> list[object]:
    with ApiClient(stack.api_url) as client:
        return [client.exchange(*request) for request in requests]


@pytest.fixture(scope="module")
def of_processes(requests: list[tuple[str, str, str | None]]) -> list[object]:
    """The answers of workers that are processes, which use the libraries of TensorFlow's package."""
    with local_stack(configuration("s3", "multi")) as stack:
        return answers(stack, requests)


@pytest.mark.parametrize("mode", get_args(Mode))
@pytest.mark.parametrize("storage", get_args(Storage))
def test_containers_answer_byte_for_byte_as_processes_do(
    base: Image,
    storage: str,
    mode: str,
    requests: list[tuple[str, str, str | None]],
    of_processes: list[object],
):
    with local_stack(configuration(storage, mode), docker=True, base_image=base.id) as stack:
        assert answers(stack, requests) == of_processes
        images = {each.image_uri.rpartition("@")[2] for each in stack.invocations.functions()}
        assert len(images) == 1
        assert running(images.pop())
    assert left_behind() == []


def running(image: str) -> list[str]:
    return docker("ps", "--quiet", "--filter", f"ancestor={image}").split()


def left_behind() -> list[str]:
    """Names of containers and images that local stacks did not remove."""
    names = docker("ps", "--all", "--format", "{{.Names}}", "--filter", "name=^tensorflow-lambda-[0-9a-f]{12}$")
    return [*names.split(), *docker("images", "--quiet", STACK).split()]


def test_onnx_runtime_answers_in_its_image_byte_for_byte_as_in_a_process(base: Image, tmp_path: Path):
    source = saved_models.save(tmp_path / "saved", serving_default=saved_models.scores)
    package(source, ModelRepository(tmp_path / "models"), PackageOptions(name="ranks", forms=["onnx"]), lambda _: None)
    settings = {"storage": "image", "models": '["ranks"]', "modelRepository": str(tmp_path / "models")}
    body = json.dumps({"instances": [[0.5, -1, 2, 7], [1, 0, 0, 0]]})
    asked = [("POST", "/v1/models/ranks:predict", body), ("GET", "/v2/models/ranks", None)]
    with local_stack(settings) as stack:
        expected = answers(stack, asked)
    with local_stack(settings, docker=True, base_image=base.id) as stack:
        assert answers(stack, asked) == expected
        [function] = stack.invocations.functions()
        files = Image(function.image_uri.rpartition("@")[2]).files
    assert left_behind() == []
    assert "scores" in str(expected[0])
    packages = {path.removeprefix("var/task/").split("/")[0] for path in files if path.startswith("var/task/")}
    assert packages & {"onnxruntime", "tensorflow"} == {"onnxruntime"}


def test_models_of_the_storage_image_are_inside_it(base: Image):
    with local_stack(configuration("image", "multi"), docker=True, base_image=base.id) as stack:
        [function] = stack.invocations.functions()
        image = Image(function.image_uri.rpartition("@")[2])
        assert function.mounts == {}
        assert {f"{BAKED_PATH[1:]}/{model}/current.json" for model in MODELS} <= set(image.files)


@pytest.fixture
def up(base: Image, repository: Path, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """`make up DOCKER=1`, whose functions have answered once."""
    with subprocess.Popen(
        [sys.executable, "-m", "local", "up", "--docker", "--config", 'models=["iris"]'],
        cwd=PROJECT,
        env={**os.environ, "BASE_IMAGE": base.id, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            lines: list[str] = []
            for line in process.stdout or ():
                lines.append(line)
                if line.startswith("Running."):
                    break
            curls = [line for line in lines if line.lstrip().startswith("curl ")]
            assert curls, "".join(lines)
            for line in curls:
                assert "error" not in json.loads(subprocess.check_output(["bash", "-c", line]))
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_up_leaves_no_container_no_image_and_no_file_however_it_ends(
    up: "subprocess.Popen[str]", how: signal.Signals, tmp_path: Path
):
    assert left_behind()
    os.killpg(up.pid, how)
    assert up.wait() == (-how if how == signal.SIGKILL else 0)
    output = up.stdout.read() if up.stdout else ""  # until the guard, which shares it, has ended too
    assert "Traceback" not in output
    assert left_behind() == []
    assert list(tmp_path.iterdir()) == []


def test_without_an_engine_the_command_says_what_to_do(repository: Path, tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "local", "up", "--docker"],
        cwd=PROJECT,
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: no Docker engine with BuildKit answers; start one, or omit --docker\n"
