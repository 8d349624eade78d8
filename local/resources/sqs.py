"""SQS: queues."""

from collections.abc import Mapping
from typing import Any

from local.resources.refusals import refused
from local.resources.resource_type import Inputs, ResourceType
from local.resources.words import tag_changes

ATTRIBUTES = {
    "delaySeconds": "DelaySeconds",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "redrivePolicy": "RedrivePolicy",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}
"""The provider's words and SQS's."""

DEFAULTS = {"delaySeconds": "0", "messageRetentionSeconds": "345600", "visibilityTimeoutSeconds": "30"}
"""What holds where the program says nothing."""


class Queue(ResourceType):
    """aws.sqs.Queue"""

    pulumi_type = "aws:sqs/queue:Queue"
    computed = ("arn", "url")

    def make(self, inputs: Inputs) -> str:
        listed = self.client().list_queues(QueueNamePrefix=inputs["name"]).get("QueueUrls", ())
        if any(url.rpartition("/")[2] == inputs["name"] for url in listed):
            message = "A queue already exists with the same name and a different value for a tag or an attribute"
            raise refused("CreateQueue", "QueueAlreadyExists", message)
        attributes = {word: _text(inputs[key]) for key, word in ATTRIBUTES.items() if key in inputs}
        made = self.client().create_queue(
            QueueName=inputs["name"], Attributes=attributes, tags=inputs.get("tags") or {}
        )
        return made["QueueUrl"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = self.client().get_queue_attributes(QueueUrl=resource_id, AttributeNames=["All"])["Attributes"]
        told = {key: _value(found[word]) for key, word in ATTRIBUTES.items() if word in found}
        tags = self.client().list_queue_tags(QueueUrl=resource_id).get("Tags", {})
        return {
            "arn": found["QueueArn"],
            "url": resource_id,
            "name": resource_id.rpartition("/")[2],
            **told,
            "tags": tags,
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        wanted = {**DEFAULTS, **{key: _text(new[key]) for key in ATTRIBUTES if key in new}}
        attributes = {ATTRIBUTES[key]: value for key, value in wanted.items()}
        for removed in ("kmsMasterKeyId", "redrivePolicy"):
            if removed in old and removed not in new:
                attributes[ATTRIBUTES[removed]] = ""
        self.client().set_queue_attributes(QueueUrl=resource_id, Attributes=attributes)
        gone, given = tag_changes(old, new)
        if gone:
            self.client().untag_queue(QueueUrl=resource_id, TagKeys=gone)
        if given:
            self.client().tag_queue(QueueUrl=resource_id, Tags=given)

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_queue(QueueUrl=resource_id)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(text: str) -> Any:
    return text == "true" if text in ("true", "false") else int(text) if text.isdigit() else text


TYPES = (Queue,)
