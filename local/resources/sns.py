"""SNS: topics and who subscribes to them."""

from collections.abc import Mapping
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.created import Create, Created


def topic(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.sns.Topic"""
    name = account.physical_name(inputs, name)
    attributes = {"KmsMasterKeyId": inputs["kmsMasterKeyId"]} if inputs.get("kmsMasterKeyId") else {}
    arn = account.client("sns").create_topic(Name=name, Attributes=attributes)["TopicArn"]
    return Created(arn, {"name": name, "arn": arn, "owner": account.account_id})


def topic_subscription(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.sns.TopicSubscription"""
    arn = account.client("sns").subscribe(
        TopicArn=inputs["topic"], Protocol=inputs["protocol"], Endpoint=inputs["endpoint"], ReturnSubscriptionArn=True
    )["SubscriptionArn"]
    return Created(arn, {"arn": arn, "ownerId": account.account_id})


RESOURCES: Mapping[str, Create] = {
    "aws:sns/topic:Topic": topic,
    "aws:sns/topicSubscription:TopicSubscription": topic_subscription,
}
