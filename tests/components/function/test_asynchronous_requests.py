import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pytest

from components.function.asynchronous_requests import AsynchronousRequests, AsynchronousRequestsArgs
from components.model_source import Alarm
from handlers.contract import ASYNCHRONOUS_PLACE, ASYNCHRONOUS_QUEUE
from tests.recorder import ACCOUNT, REGION, Recorder, deploy

QUEUE, MAPPING = "aws:sqs/queue:Queue", "aws:lambda/eventSourceMapping:EventSourceMapping"
ALIAS = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:serve:live"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0a"


class Made:
    """What the queue of one function told the program."""

    environment: Mapping[str, Any]
    statements: Sequence[Mapping[str, Any]]
    alarms: Sequence[Alarm]


def deployed(models: Sequence[str] | None = None, **args: Any) -> tuple[Recorder, Made]:
    made = Made()
    bucket = {"bucket_name": "kept", "bucket_arn": "arn:aws:s3:::kept", "prefix": "asynchronous", "concurrency": 5}

    def program() -> None:
        requests = AsynchronousRequests("later", AsynchronousRequestsArgs(**{**bucket, **args}))
        queue = requests.queue("serve", models, 29)
        requests.lead(queue, ALIAS)
        made.alarms = requests.alarms
        pulumi.Output.json_dumps({"of": queue.environment, "granted": list(queue.statements)}).apply(
            lambda text: made.__dict__.update(
                environment=json.loads(text)["of"], statements=json.loads(text)["granted"]
            )
        )

    return deploy(program), made


def queues(recorder: Recorder) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The inputs of the function's queue, and of the dead letters'."""
    by_name = {each.name: each.inputs for each in recorder.of(QUEUE)}
    return by_name["serve-requests"], by_name["later-dead-letters"]


def test_a_message_is_hidden_for_six_times_the_function_s_timeout_as_aws_asks() -> None:
    requests, _ = queues(deployed()[0])
    assert requests["visibilityTimeoutSeconds"] == 6 * 29


def test_what_fails_five_times_is_kept_longer_than_it_waited() -> None:
    requests, dead_letters = queues(deployed()[0])
    redrive = json.loads(requests["redrivePolicy"])
    assert (redrive["maxReceiveCount"], ":later-dead-letters" in redrive["deadLetterTargetArn"]) == (5, True)
    assert dead_letters["messageRetentionSeconds"] == 14 * 86_400 > requests["messageRetentionSeconds"]


def test_a_queue_leads_to_the_alias_one_message_at_a_time() -> None:
    mapping = deployed()[0].one(MAPPING).inputs
    assert mapping["functionName"] == ALIAS
    assert (mapping["batchSize"], mapping["functionResponseTypes"]) == (1, ["ReportBatchItemFailures"])
    assert mapping["scalingConfig"] == {"maximumConcurrency": 5}


def test_a_function_is_told_the_place_and_its_queue() -> None:
    _, made = deployed()
    assert made.environment[ASYNCHRONOUS_PLACE] == "s3://kept/asynchronous"
    assert "serve-requests" in made.environment[ASYNCHRONOUS_QUEUE]


@pytest.mark.parametrize(
    ("models", "place"),
    [(["iris"], "asynchronous/iris/*"), (["iris", "digits"], "asynchronous/*"), (None, "asynchronous/*")],
)
def test_a_function_is_granted_its_own_queue_and_the_requests_of_its_own_models(
    models: Sequence[str] | None, place: str
) -> None:
    objects, listing, queue = deployed(models)[1].statements
    assert objects["Resource"] == [f"arn:aws:s3:::kept/{place}"]
    assert sorted(objects["Action"]) == ["s3:GetObject", "s3:PutObject"]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": [place]}}
    [arn] = queue["Resource"]
    assert ":serve-requests" in arn


def test_a_key_of_one_s_own_encrypts_messages_and_objects_and_is_used_through_their_services() -> None:
    recorder, made = deployed(kms_key_arn=KEY, bucket_key_arn=KEY)
    assert {each["kmsMasterKeyId"] for each in queues(recorder)} == {KEY}
    services = [each["Condition"]["StringEquals"]["kms:ViaService"] for each in made.statements[3:]]
    assert services == [f"s3.{REGION}.amazonaws.com", f"sqs.{REGION}.amazonaws.com"]


def test_without_one_keys_of_sqs_encrypt_the_messages() -> None:
    assert all(each["sqsManagedSseEnabled"] for each in queues(deployed()[0]))


def test_alarms_ring_for_what_failed_and_for_what_waits_for_long() -> None:
    alarms = {alarm.name: alarm for alarm in deployed()[1].alarms}
    assert alarms["later-dead-letters"].threshold == 0
    assert alarms["serve-requests-wait"].threshold == 15 * 60
