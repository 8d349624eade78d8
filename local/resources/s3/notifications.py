"""Whom a bucket tells of its events."""

from collections.abc import Mapping
from typing import Any

from local.bucket_events import to_function
from local.resources.put_type import PutType
from local.resources.refusals import s3 as refusals
from local.resources.resource_type import Inputs


class BucketNotification(PutType):
    """aws.s3.BucketNotification, to functions and to EventBridge"""

    pulumi_type = "aws:s3/bucketNotification:BucketNotification"

    def prepared(self, inputs: Inputs) -> dict[str, Any]:
        if other := sorted({"queues", "topics"} & {key for key, value in inputs.items() if value}):
            raise ValueError(f"the local stack delivers a bucket's events to functions only, and these are {other}")
        return dict(inputs)

    def put(self, inputs: Inputs) -> str:
        functions = inputs.get("lambdaFunctions") or []
        refusals.of_notifications(self.account, inputs["bucket"], functions)
        told = [
            to_function(each["lambdaFunctionArn"], each["events"], each.get("filterPrefix"), each.get("filterSuffix"))
            for each in functions
        ]
        eventbridge = bool(inputs.get("eventbridge"))
        self.account.bucket_events.tell(self.client(), inputs["bucket"], told, eventbridge=eventbridge)
        return inputs["bucket"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any] | None:
        self.client().head_bucket(Bucket=resource_id)
        eventbridge = self.account.bucket_events.told(resource_id)
        return None if eventbridge is None else {"bucket": resource_id, "eventbridge": eventbridge}

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.account.bucket_events.forget(self.client(), resource_id)
