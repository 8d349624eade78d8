"""SQS: queues."""

from collections.abc import Mapping
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.created import Create, Created
from local.resources.words import whole

ATTRIBUTES = {
    "delaySeconds": "DelaySeconds",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}
"""The provider's words and SQS's."""


def queue(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.sqs.Queue"""
    name = account.physical_name(inputs, name)
    attributes = {word: _text(inputs[key]) for key, word in ATTRIBUTES.items() if key in inputs}
    url = account.client("sqs").create_queue(QueueName=name, Attributes=attributes, tags=inputs.get("tags") or {})[
        "QueueUrl"
    ]
    return Created(url, {"name": name, "url": url, "arn": f"arn:aws:sqs:{account.region}:{account.account_id}:{name}"})


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(whole(value))


RESOURCES: Mapping[str, Create] = {"aws:sqs/queue:Queue": queue}
