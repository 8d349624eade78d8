"""The files that an image holds, and those that it does not."""

import ast
import re
import stat
from pathlib import Path

import pytest

from handlers.contract import BAKED_PATH, TENSORFLOW_DIRECTORY
from handlers.image import prelink
from tests.images.conftest import Build
from tests.images.docker import Image, docker
from tests.paths import PROJECT

TASK = "var/task/"
FIXED_TIME = 315_532_800


@pytest.fixture(params=["litert", "onnxruntime", "tensorflow", "baked"])
def image(request: pytest.FixtureRequest, base: Image) -> Image:
    return request.getfixturevalue(request.param)


def test_nothing_that_builds_or_installs_is_added(image: Image, base: Image):
    names = {Path(path).name for path in image.own_files(base)}
    assert not names & {"pip", "wheel", "gcc", "cc", "g++", "ld", "make", "pip.conf", "Dockerfile", "requirements"}


def test_no_cache_and_no_scratch_file_is_left_inside(image: Image, base: Image):
    added = [path for path in image.own_files(base) if not path.startswith((TASK, "opt/"))]
    assert set(added) <= {"var/task", "opt/tensorflow", "opt/models"}


def test_the_python_package_tensorflow_is_in_no_image(image: Image):
    assert not [path for path in image.files if re.match(TASK + r"(tensorflow|keras|google|ml_dtypes)\b", path)]


def test_only_the_named_parts_of_the_context_get_in(image: Image):
    assert not [path for path in image.files if path.endswith("secret.txt")]


def test_everything_that_is_added_has_one_time_and_is_read_only_for_every_user(image: Image, base: Image):
    added = image.own_files(base)
    assert {member.mtime for member in added.values()} == {FIXED_TIME}
    assert {(member.uid, member.gid) for member in added.values()} == {(0, 0)}
    assert {stat.S_IMODE(member.mode) for member in added.values() if member.isfile()} == {0o644}
    assert {stat.S_IMODE(member.mode) for member in added.values() if member.isdir()} == {0o755}


def test_an_image_runs_as_lambdas_own_user_unless_told_otherwise(image: Image):
    assert image.inspected["Config"]["User"] == "993:990"


def test_an_image_starts_the_locked_runtime_client_on_any_base(image: Image):
    config = image.inspected["Config"]
    assert config["Entrypoint"] == ["python3", "-m", "awslambdaric"]
    assert config["Cmd"] == ["handlers.multi_model.handler"]
    assert config["WorkingDir"] == "/var/task"


def test_an_image_that_brings_its_own_runtime_client_allows_snapstart(image: Image):
    assert image.inspected["Config"]["Labels"]["com.amazonaws.lambda.feature.snapstart"] == "Allow"


def test_every_module_is_compiled(image: Image):
    sources = {path for path in image.files if path.startswith(TASK) and path.endswith(".py")}
    compiled = {re.sub(r"__pycache__/([^/]+)\.cpython-\d+\.pyc$", r"\1.py", path) for path in image.files}
    assert sources
    assert sources <= compiled


def test_the_image_holds_the_handlers_as_they_are_here_without_what_builds_it(litert: Image):
    held = {path for path in litert.files if path.startswith(TASK + "handlers/") and path.endswith(".py")}
    ours = {
        TASK + path.relative_to(PROJECT).as_posix()
        for path in (PROJECT / "handlers").rglob("*.py")
        if path.parent.name != "image"
    }
    assert held == ours


def test_of_onnx_runtime_there_is_its_package_with_the_module_that_computes(onnxruntime: Image, litert: Image):
    added = [path for path in onnxruntime.files if path not in litert.files]
    assert {path.removeprefix(TASK).split("/")[0] for path in added} == {"onnxruntime"}
    bridge, library = sorted(Path(path).name for path in added if ".so" in path)
    assert (bridge, library.split(".")[0]) == ("libonnxruntime_providers_shared.so", "onnxruntime_pybind11_state")


def test_of_tensorflow_there_are_two_libraries_and_no_more(tensorflow: Image, onnxruntime: Image):
    added = {path for path in tensorflow.files if path not in onnxruntime.files}
    directory = TENSORFLOW_DIRECTORY.removeprefix("/")
    assert added == {
        directory,
        f"{directory}/libtensorflow_cc.so.2",
        f"{directory}/libtensorflow_framework.so.2",
    }


def test_tensorflows_libraries_are_prepared_for_fast_opening(tensorflow: Image, tmp_path: Path):
    container = docker("create", tensorflow.id)[:12]
    try:
        docker("cp", f"{container}:{TENSORFLOW_DIRECTORY}/{prelink.LIBRARY}", str(tmp_path))
    finally:
        docker("rm", container)
    library = tmp_path / prelink.LIBRARY
    library.chmod(0o644)
    unresolved = prelink.resolve_own_symbols(library)
    library.unlink()  # over half a gigabyte
    assert unresolved == 0


def test_baked_models_are_where_the_handlers_look_for_them(baked: Image):
    assert f"{BAKED_PATH}/iris/current.json".removeprefix("/") in baked.files


def test_every_aws_service_that_a_handler_calls_is_described(litert: Image):
    called = {
        node.args[0].value
        for path in (PROJECT / "handlers").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute | ast.Name)
        and (node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id)
        in {"client", "resource", "create_client"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert called >= {"s3", "sqs"}
    opened = "boto3.client(name, 'eu-central-1').meta.service_model.service_name"
    code = f"import boto3\nfor name in {sorted(called)}: print({opened})"
    assert litert.python(code).splitlines() == sorted(called)


def test_the_image_for_the_other_architecture_holds_only_its_libraries(build_image: Build, base: Image):
    image = build_image("tensorflow", base_image="scratch", build_image=base.id, platform="linux/arm64")
    assert image.inspected["Architecture"] == "arm64"
    libraries = [path for path in image.files if ".so" in Path(path).name]
    assert f"{TENSORFLOW_DIRECTORY[1:]}/libtensorflow_cc.so.2" in libraries
    assert {path for path in libraries if "x86_64" in path} == set()
    assert [path for path in libraries if path.startswith(TASK + "ai_edge_litert/libpywrap")]
