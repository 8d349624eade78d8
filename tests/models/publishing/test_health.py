"""A canary is promoted only if it is as good as the others, and is taken back if it is not."""

import json
import threading

import pytest

from handlers.manifest import CURRENT
from local.publishing import add_version, current_version
from models.cli import main
from models.publishing.errors import PublishingError
from models.publishing.health import Measured, fault_of, watch
from tests.models.publishing.test_stacks import INFER, MODEL, running

__all__ = ["running"]

STABLE = Measured(requests=900, errors=9, milliseconds=10.0)


@pytest.mark.parametrize(
    ("canary", "fault"),
    [
        (Measured(100, 1, 10.0), None),
        (Measured(100, 5, 10.0), "5.0% of its requests fail, and 1.0% of the others'"),
        (Measured(19, 19, 10.0), None),
        (Measured(100, 1, 20.0), "a prediction takes 20.0 ms, and the others' 10.0 ms"),
        (Measured(0, 0, 0.0), "it answered none of 900 requests"),
    ],
)
def test_a_canary_is_faulty_where_it_is_worse_than_the_others(canary, fault):
    found = fault_of(canary, STABLE)
    assert found is None if fault is None else found is not None and fault in found


def test_a_healthy_canary_is_watched_to_the_end():
    assert watch(lambda: (Measured(100, 1, 10.0), STABLE), 0.2, lambda what: None) is None


def test_too_few_requests_are_no_health():
    with pytest.raises(PublishingError, match="it got 3 requests, too few to judge by"):
        watch(lambda: (Measured(3, 0, 10.0), STABLE), 0.1, lambda what: None)


def call(stack, times: int) -> None:
    """Send predictions by callers of their own to the function, past the API."""
    client = stack.stack.emulator.client("lambda")
    for number in range(times):
        event = {
            "version": "2.0",
            "rawPath": f"/v2/models/{MODEL}/infer",
            "headers": {"content-type": "application/json", "x-caller-id": f"caller {number}"},
            "requestContext": {"http": {"method": "POST", "path": "/"}, "stage": "$default"},
            "body": json.dumps(INFER),
            "isBase64Encoded": False,
        }
        client.invoke(FunctionName=stack.stack.function_of(MODEL), Payload=json.dumps(event))


def split(running, models):
    """A stack that sends half of its callers to a canary, and the canary's version."""
    stack = running()
    first = current_version(models / MODEL)
    stack.json("label", MODEL, "stable", str(first))
    add_version(models / MODEL, first, first + 1)
    where = ["--version", str(first + 1), "--repository", str(models), "--label", "canary", "--wait"]
    stack.json("publish", MODEL, *where)
    stack.json("label", MODEL, CURRENT, "stable=50", "canary=50")
    return stack, first


def test_a_healthy_canary_becomes_current(running, models):
    stack, first = split(running, models)
    call(stack, 1)
    caller = threading.Timer(6.0, call, (stack, 120))
    caller.start()
    done = stack.json("promote", MODEL, "canary", "--when-healthy", "25s")
    caller.join()
    assert (done["current"], done["splits"]) == (first + 1, {})


def test_a_canary_that_does_not_load_is_taken_back(running, models):
    stack, first = split(running, models)
    s3, bucket = stack.stack.emulator.client("s3"), stack.stack.deployment.outputs["bucketName"]
    s3.put_object(Bucket=bucket, Key=f"models/{MODEL}/{first + 1}/model.tflite", Body=b"damaged")
    stack.stack.invocations.recycle(stack.stack.function_of(MODEL))
    caller = threading.Timer(1.0, call, (stack, 450))
    caller.start()
    code, _, err = stack.run("promote", MODEL, "canary", "--when-healthy", "120s")
    caller.join()
    assert code == 1
    assert "canary of iris is not healthy: it answered none of" in err
    shown = stack.json("show", MODEL)
    assert (shown["current"], shown["splits"]) == (first, {})


def test_only_a_label_with_a_share_of_requests_to_a_stack_can_be_watched(tmp_path, running, models, capsys):
    stack = running()
    first = current_version(models / MODEL)
    assert stack.run("promote", MODEL, str(first), "--when-healthy", "1m")[0] == 1
    assert main(["promote", MODEL, str(first), "--when-healthy", "1m", "--at", str(models)]) == 1
    assert "--when-healthy watches a label that gets a share" in capsys.readouterr().err
