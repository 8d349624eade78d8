"""The images run as Lambda runs them: the real runtime client, a read-only root, capped memory, no privileges."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from handlers.contract import (
    BAKED_PATH,
    MODEL_NAMES,
    MODEL_STORE_URI,
    MOUNT_PATH,
    MULTI_MODEL_HANDLER,
    SINGLE_MODEL_HANDLER,
)
from local.emulator import Emulator
from local.guard import Guard
from tests.images.docker import AS_LAMBDA, Image, container_name, docker, limit
from tests.images.runtime import RunningHandler

IRIS = {"model": "iris", "instances": [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]}
PNG = {"model": "digits", "signature_name": "png", "instances": [{"b64": "bm8gUE5H"}]}
"""Served by TensorFlow, and no PNG."""

BUCKET = "models"


@pytest.fixture(scope="module")
def s3(repository: Path) -> Iterator[str]:
    """The address of an emulated S3 whose bucket holds the sample models."""
    with Guard() as guard, Emulator(guard) as emulator:
        client = boto3.client(
            "s3",
            endpoint_url=emulator.url,
            region_name="eu-central-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        for path in repository.rglob("*"):
            if path.is_file():
                client.upload_file(str(path), BUCKET, f"models/{path.relative_to(repository).as_posix()}")
        yield emulator.url


@pytest.fixture(params=["s3", "mount", "image"])
def storage(request: pytest.FixtureRequest, repository: Path) -> tuple[dict[str, str], list[str]]:
    """Environment and options that give a container the models, for each way that it may come by them."""
    if request.param == "s3":
        url = request.getfixturevalue("s3")
        return {MODEL_STORE_URI: f"s3://{BUCKET}/models", "AWS_ENDPOINT_URL": url}, []
    if request.param == "mount":
        return {MODEL_STORE_URI: f"file://{MOUNT_PATH}"}, ["--volume", f"{repository}:{MOUNT_PATH}:ro"]
    return {MODEL_STORE_URI: f"file://{BAKED_PATH}"}, []


@pytest.mark.parametrize("handler", [SINGLE_MODEL_HANDLER, MULTI_MODEL_HANDLER])
def test_an_image_answers_from_every_storage_in_both_modes(
    handler: str, storage: tuple[dict[str, str], list[str]], baked: Image
):
    environment, options = storage
    names = "iris" if handler == SINGLE_MODEL_HANDLER else "iris,digits"
    with RunningHandler(baked, handler, {MODEL_NAMES: names, **environment}, options=options) as running:
        running.ready()
        probabilities = running.invoke(IRIS)["predictions"]
    assert [row.index(max(row)) for row in probabilities] == [0, 2]


def test_both_engines_answer_in_one_container(baked: Image):
    environment = {MODEL_NAMES: "iris,digits", MODEL_STORE_URI: f"file://{BAKED_PATH}"}
    with RunningHandler(baked, MULTI_MODEL_HANDLER, environment, memory_mib=2048) as running:
        running.ready()
        assert "predictions" in running.invoke(IRIS)
        refusal = running.invoke(PNG)
    assert refusal["status"] == 400
    assert "PNG" in refusal["error"]


def test_the_litert_target_says_which_target_has_the_other_engine(litert: Image, repository: Path):
    environment = {MODEL_NAMES: "digits", MODEL_STORE_URI: f"file://{MOUNT_PATH}"}
    mount = ["--volume", f"{repository}:{MOUNT_PATH}:ro"]
    with RunningHandler(litert, MULTI_MODEL_HANDLER, environment, options=mount) as running:
        running.ready()
        answer = running.invoke(PNG)
        log = running.logs()
    assert answer["status"] == 503
    assert "Build the image's target 'tensorflow'" in log


def test_a_handler_that_cannot_start_says_why(litert: Image):
    with RunningHandler(litert, SINGLE_MODEL_HANDLER, {MODEL_STORE_URI: f"file://{BAKED_PATH}"}) as running:
        assert "this handler serves exactly one model" in running.init_error()["errorMessage"]


def test_a_model_that_does_not_fit_the_memory_is_refused_and_the_others_answer(baked: Image):
    environment = {MODEL_NAMES: "iris,digits", MODEL_STORE_URI: f"file://{BAKED_PATH}"}
    with RunningHandler(baked, MULTI_MODEL_HANDLER, environment, memory_mib=256) as running:
        running.ready()
        assert running.invoke(PNG)["status"] == 500  # waiting would not help
        assert "predictions" in running.invoke(IRIS)


def test_a_container_that_takes_more_memory_than_it_has_is_killed(litert: Image):
    name = container_name()
    code = "held = bytearray(400 << 20); print('held')"
    options = ("--network", "none", *AS_LAMBDA, *limit(128))
    docker("run", "--detach", "--name", name, *options, "--entrypoint", "python3", litert.id, "-c", code)
    try:
        assert docker("wait", name).strip() == "137"
        assert "held" not in docker("logs", name)
    finally:
        docker("rm", "--force", name)


def test_tensorflows_libraries_load_without_its_package(tensorflow: Image):
    code = (
        "import importlib.util\n"
        "from handlers.serving.engines import c_api\n"
        "c_api.library().TF_NewGraph\n"
        "print(importlib.util.find_spec('tensorflow'), c_api._directory())"
    )
    assert tensorflow.python(code).strip() == "None /opt/tensorflow"


def test_onnx_runtime_loads_without_what_was_trimmed(onnxruntime: Image):
    code = "import onnxruntime; print(onnxruntime.get_available_providers())"
    assert "CPUExecutionProvider" in onnxruntime.python(code)
    code = "from handlers.serving.engines.onnxruntime import native; print(native().__name__)"
    assert onnxruntime.python(code).strip() == "onnxruntime.capi.onnxruntime_pybind11_state"


def test_litert_runs_without_what_was_trimmed(litert: Image):
    code = "import ai_edge_litert.interpreter, numpy.linalg, numpy.random, numpy.fft, orjson; print('loaded')"
    assert litert.python(code, memory_mib=256).strip() == "loaded"


def test_nothing_but_tmp_can_be_written(litert: Image):
    code = (
        "import errno, os\n"
        "open('/tmp/x', 'w').write('x')\n"
        "for path in ('/var/task/x', '/opt/x', '/x'):\n"
        "    try: open(path, 'w')\n"
        "    except OSError as error: print(errno.errorcode[error.errno])\n"
        "print(os.getuid(), os.getgid())"
    )
    assert litert.python(code).split() == ["EROFS", "EROFS", "EROFS", "993", "990"]
