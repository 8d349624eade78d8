"""Mappings from a queue to a function: what Lambda asks of both, and what becomes of messages."""

import json
import time
from collections.abc import Callable
from typing import Any

QUEUE, MAPPING = "aws:sqs/queue:Queue", "aws:lambda/eventSourceMapping:EventSourceMapping"
POLICY = "aws:iam/rolePolicy:RolePolicy"
READING = [f"sqs:{action}" for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")]


def grant(cloud: Any, function: Any, actions: list[str]) -> None:
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    role = function.outputs["role"].rpartition("/")[2]
    cloud.create(POLICY, role=role, policy=json.dumps({"Statement": [statement]}))


def test_a_role_that_may_not_read_the_queue_is_refused(cloud, function, refused):
    queue = cloud.create(QUEUE, visibilityTimeoutSeconds=60)
    inputs = {"eventSourceArn": queue.outputs["arn"], "functionName": function.outputs["arn"]}
    with refused("InvalidParameterValueException", "does not have permissions to call ReceiveMessage on SQS"):
        cloud.create(MAPPING, **inputs)


def test_messages_stay_hidden_at_least_as_long_as_the_function_may_take(cloud, function, refused):
    grant(cloud, function, READING)
    queue = cloud.create(QUEUE, visibilityTimeoutSeconds=0)
    inputs = {"eventSourceArn": queue.outputs["arn"], "functionName": function.outputs["arn"]}
    with refused("InvalidParameterValueException", "Queue visibility timeout: 0 seconds is less than Function timeout"):
        cloud.create(MAPPING, **inputs)


def test_a_mapping_is_told_what_it_was_made_with_and_changes_in_place(cloud, function):
    grant(cloud, function, READING)
    queue = cloud.create(QUEUE, visibilityTimeoutSeconds=60)
    inputs = {
        "eventSourceArn": queue.outputs["arn"],
        "functionName": function.outputs["arn"],
        "batchSize": 1,
        "functionResponseTypes": ["ReportBatchItemFailures"],
    }
    made = cloud.create(MAPPING, **inputs, scalingConfig={"maximumConcurrency": 5})
    assert (made.outputs["batchSize"], made.outputs["state"]) == (1, "Enabled")
    changed = cloud.update(MAPPING, made, **inputs, scalingConfig={"maximumConcurrency": 9})
    assert changed.outputs["scalingConfig"] == {"maximumConcurrency": 9}
    assert changed.id == made.id


def test_what_a_function_fails_on_again_and_again_goes_to_the_dead_letters(cloud, account, function):
    grant(cloud, function, READING)
    letters = cloud.create(QUEUE)
    redrive = json.dumps({"deadLetterTargetArn": letters.outputs["arn"], "maxReceiveCount": 2})
    queue = cloud.create(QUEUE, visibilityTimeoutSeconds=60, redrivePolicy=redrive)
    cloud.create(MAPPING, eventSourceArn=queue.outputs["arn"], functionName=function.outputs["arn"], batchSize=1)
    sqs = account.client("sqs")
    sqs.set_queue_attributes(QueueUrl=queue.id, Attributes={"VisibilityTimeout": "1"})  # the test need not wait long
    sqs.send_message(QueueUrl=queue.id, MessageBody="no event of ours")
    [dead] = until(lambda: sqs.receive_message(QueueUrl=letters.id, WaitTimeSeconds=1).get("Messages"))
    assert dead["Body"] == "no event of ours"


def until(ask: Callable[[], Any], seconds: float = 30) -> Any:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if found := ask():
            return found
    raise AssertionError("nothing came")
