"""Publishing to a stack of this machine by its name: what goes live, when, and what cannot."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from local.announcement import announced
from local.api_client import ApiClient
from local.publishing import add_version, copy_model, current_version
from local.stack import LocalStack, local_stack
from models.cli import main
from tests.paths import PROJECT

MODEL = "iris"
INFER = {"inputs": [{"name": "features", "shape": [1, 4], "datatype": "FP32", "data": [5.1, 3.5, 1.4, 0.2]}]}


class Running:
    """A stack that runs on this machine, under a name of its own."""

    def __init__(self, stack: LocalStack, name: str, models: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.stack, self.name, self.models, self._capsys = stack, name, models, capsys

    def run(self, *arguments: str) -> tuple[int, str, str]:
        code = main([*arguments, "--stack", self.name])
        shown = self._capsys.readouterr()
        return code, shown.out, shown.err

    def json(self, *arguments: str):
        code, out, err = self.run(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)

    def publish(self, version: int, *options: str):
        first = current_version(self.models / MODEL)
        add_version(self.models / MODEL, first, version)
        where = ["--repository", str(self.models)]
        return self.json("publish", MODEL, "--version", str(version), *where, *options)

    def answering(self) -> int:
        with ApiClient(self.stack.api_url) as api:
            status, answer = api.request("POST", f"/v2/models/{MODEL}/infer", INFER)
        assert status == 200, answer
        return int(answer["model_version"])


@pytest.fixture
def running(models, capsys) -> Iterator:
    with ExitStack() as stacks:

        def running(**settings: str) -> Running:
            name = f"test-{uuid4().hex}"
            stack = stacks.enter_context(local_stack({"modelRepository": str(models), **settings}))
            stacks.enter_context(announced(PROJECT, name, stack))
            return Running(stack, name, models, capsys)

        yield running


@pytest.mark.parametrize(
    "storage", ["s3", *(pytest.param(storage, marks=pytest.mark.whole) for storage in ("efs", "s3files"))]
)
def test_what_is_published_promoted_and_rolled_back_answers_when_the_command_returns(running, models, storage):
    stack = running(storage=storage)
    first = current_version(models / MODEL)
    published = stack.publish(first + 5, "--make-current", "--wait")
    assert published["seconds_until_live"] >= 0
    assert stack.answering() == first + 5
    assert stack.json("rollback", MODEL, "--wait")["current"] == first
    assert stack.answering() == first
    assert stack.json("promote", MODEL, str(first + 5), "--wait")["current"] == first + 5
    assert stack.answering() == first + 5
    assert stack.json("label", MODEL, "stable", str(first), "--wait")["labels"] == {"stable": first}


def test_a_model_that_is_new_to_the_stack_answers_without_a_deployment(running, models):
    stack = running()
    copy_model(models / MODEL, "flowers", models)
    done = stack.json("publish", "flowers", "--repository", str(models), "--wait")
    with ApiClient(stack.stack.api_url) as api:
        status, answer = api.request("POST", "/v2/models/flowers/infer", INFER)
    assert (status, int(answer["model_version"])) == (200, done["version"])


def test_a_model_in_the_image_is_said_to_need_a_deployment(running, models):
    stack = running(storage="image")
    first = current_version(models / MODEL)
    add_version(models / MODEL, first, first + 1)
    publish = ["publish", MODEL, "--version", str(first + 1), "--repository", str(models), "--make-current"]
    code, out, _ = stack.run(*publish)
    assert code == 0
    assert "the models are part of the image" in out
    assert stack.run(*publish, "--wait")[0] == 1


def test_watch_prints_each_change_of_what_a_function_serves(running, models):
    stack = running()
    first = current_version(models / MODEL)
    [seen] = [json.loads(line) for line in stack.run("watch", MODEL, "--once", "--json")[1].splitlines()]
    assert (seen["model"], seen["current"]) == (MODEL, first)
    assert seen["states"] == {str(first): "AVAILABLE"}


def test_a_version_that_does_not_load_is_waited_for_in_vain_and_the_old_one_answers(running, models):
    stack = running()
    first = current_version(models / MODEL)
    assert stack.answering() == first
    add_version(models / MODEL, first, first + 1)
    publish = ["publish", MODEL, "--version", str(first + 1), "--repository", str(models)]
    assert stack.run(*publish)[0] == 0
    s3, bucket = stack.stack.emulator.client("s3"), stack.stack.deployment.outputs["bucketName"]
    s3.put_object(Bucket=bucket, Key=f"models/{MODEL}/{first + 1}/model.tflite", Body=b"damaged")
    code, _, err = stack.run("promote", MODEL, str(first + 1), "--wait", "8")
    assert code == 1
    assert f"version {first + 1} of {MODEL} does not answer" in err
    assert stack.answering() == first
    assert stack.json("rollback", MODEL, "--wait")["current"] == first


def test_a_stack_that_ended_is_not_found(running, models, monkeypatch):
    stack = running()
    file = PROJECT / "build" / "running" / f"{stack.name}.json"
    document = json.loads(file.read_text())
    file.write_text(json.dumps({**document, "process": threading.get_native_id() + 10_000_000}))
    monkeypatch.setenv("PATH", "/nowhere")
    code, _, err = stack.run("list")
    assert code == 1
    assert "runs on this machine" in err
