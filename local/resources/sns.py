"""SNS: topics and who subscribes to them."""

from collections.abc import Mapping
from typing import Any

from local.resources.resource_type import Inputs, ResourceType


class Topic(ResourceType):
    """aws.sns.Topic"""

    pulumi_type = "aws:sns/topic:Topic"
    computed = ("arn", "owner")

    def make(self, inputs: Inputs) -> str:
        return self.client().create_topic(Name=inputs["name"], Attributes=_attributes(inputs))["TopicArn"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = self.client().get_topic_attributes(TopicArn=resource_id)["Attributes"]
        key = {"kmsMasterKeyId": found["KmsMasterKeyId"]} if found.get("KmsMasterKeyId") else {}
        return {"arn": resource_id, "name": resource_id.rpartition(":")[2], "owner": found["Owner"], **key}

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        for name, value in _attributes(new).items():
            self.client().set_topic_attributes(TopicArn=resource_id, AttributeName=name, AttributeValue=value)

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_topic(TopicArn=resource_id)


class TopicSubscription(ResourceType):
    """aws.sns.TopicSubscription"""

    pulumi_type = "aws:sns/topicSubscription:TopicSubscription"
    computed = ("arn", "ownerId", "pendingConfirmation")

    def make(self, inputs: Inputs) -> str:
        return self.client().subscribe(
            TopicArn=inputs["topic"],
            Protocol=inputs["protocol"],
            Endpoint=inputs["endpoint"],
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = self.client().get_subscription_attributes(SubscriptionArn=resource_id)["Attributes"]
        return {
            "arn": resource_id,
            "ownerId": found["Owner"],
            "pendingConfirmation": found["PendingConfirmation"] == "true",
            "topic": found["TopicArn"],
            "protocol": found["Protocol"],
            "endpoint": found["Endpoint"],
        }

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().unsubscribe(SubscriptionArn=resource_id)


def _attributes(inputs: Inputs) -> dict[str, str]:
    return {"KmsMasterKeyId": inputs["kmsMasterKeyId"]} if inputs.get("kmsMasterKeyId") else {}


TYPES = (Topic, TopicSubscription)
