"""A prediction that takes longer than its function may, over HTTP."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.stack import LocalStack, local_stack
from tests.callers.asking import Got, ask
from tests.callers.test_what_callers_meet import until
from tests.processes import run_python

SECONDS = 6
ENDLESS = 2_000_000_000


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    saved = tmp_path_factory.mktemp("slow") / "1"
    run_python("-m", "tests.callers.slow_model", str(saved), timeout=240)
    settings = {"timeoutSeconds": str(SECONDS), "seedModels": "false", "monitoring": "true"}
    with local_stack(settings) as stack:
        publish(stack, saved)
        yield stack


def publish(stack: LocalStack, saved: Path) -> None:
    """Put a SavedModel into the bucket as it is."""
    s3, bucket = stack.emulator.client("s3"), str(stack.deployment.outputs["bucketName"])
    for file in (file for file in saved.rglob("*") if file.is_file()):
        s3.upload_file(str(file), bucket, f"models/slow/1/{file.relative_to(saved).as_posix()}")


def counting(stack: LocalStack, dialect: str, steps: int) -> Got:
    if dialect == "v1":
        return ask(stack, "/v1/models/slow:predict", {"inputs": [steps]})
    tensor = {"name": "steps", "datatype": "INT32", "shape": [1], "data": [steps]}
    return ask(stack, "/v2/models/slow/infer", {"id": "mine", "inputs": [tensor]})


def records(stack: LocalStack) -> list[dict[str, Any]]:
    """What the function wrote of predictions with this model."""
    [function] = stack.invocations.functions()
    lines = stack.invocations.logs(function.name).path.read_text().splitlines()
    written = [json.loads(line) for line in lines if line.startswith("{") and '"predict"' in line]
    return [record for record in written if record.get("Model") == "slow"]


@pytest.mark.parametrize("dialect", ["v1", "v2"])
def test_a_request_that_times_out_is_answered_in_the_dialects_form_and_counted_with_the_models_name(
    stack: LocalStack, dialect: str
) -> None:
    [function] = stack.invocations.functions()
    stack.invocations.recycle(function.name)  # what did not end in the test before is gone with its environment
    assert until(lambda: counting(stack, dialect, 3), lambda answer: answer.status == 200, 60).status == 200
    answer = counting(stack, dialect, ENDLESS)
    assert answer.status == 504
    assert list(answer.json) == ["error"]
    assert "The prediction did not end within" in answer.json["error"]
    record = until(lambda: records(stack)[-1], lambda found: found["status"] == 504)  # the log follows the answer
    told = {key: record[key] for key in ("status", "Model", "version", "ServerErrors", "level")}
    assert told == {"status": 504, "Model": "slow", "version": 1, "ServerErrors": 1, "level": "ERROR"}
    counted = [metric["Name"] for each in record["_aws"]["CloudWatchMetrics"] for metric in each["Metrics"]]
    assert "ServerErrors" in counted
    assert ask(stack, "/v2/health/live").status == 200  # the environment goes on
