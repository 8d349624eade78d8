"""Whom a bucket tells of its events."""

from collections.abc import Mapping
from typing import Any

from local.bucket_events import PROGRAM, to_function
from local.resources.put_type import PutType
from local.resources.refusals import s3 as refusals
from local.resources.resource_type import Inputs


class BucketNotification(PutType):
    """aws.s3.BucketNotification, to functions"""

    pulumi_type = "aws:s3/bucketNotification:BucketNotification"

    def prepared(self, inputs: Inputs) -> dict[str, Any]:
        if other := sorted({"queues", "topics", "eventbridge"} & {key for key, value in inputs.items() if value}):
            raise ValueError(f"the local stack delivers a bucket's events to functions only, and these are {other}")
        return dict(inputs)

    def put(self, inputs: Inputs) -> str:
        functions = inputs.get("lambdaFunctions") or []
        refusals.of_notifications(self.account, inputs["bucket"], functions)
        told = [
            to_function(each["lambdaFunctionArn"], each["events"], each.get("filterPrefix"), each.get("filterSuffix"))
            for each in functions
        ]
        self.account.bucket_events.set(self.client(), inputs["bucket"], PROGRAM, told)
        return inputs["bucket"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any] | None:
        self.client().head_bucket(Bucket=resource_id)
        return {"bucket": resource_id} if self.account.bucket_events.has(resource_id, PROGRAM) else None

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.account.bucket_events.set(self.client(), resource_id, PROGRAM, [])
