"""Buckets."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from local.resources.account import EmulatedAccount
from local.resources.naming import DEFAULTS
from local.resources.refusals import s3 as refusals
from local.resources.resource_type import Inputs, ResourceType, says_gone
from local.resources.words import tag_list, tags_of


class Bucket(ResourceType):
    """aws.s3.Bucket. It is deleted with what is in it only with `forceDestroy`."""

    pulumi_type = "aws:s3/bucket:Bucket"
    computed = ("arn", "bucketDomainName", "bucketRegionalDomainName", "region")

    def prepared(self, inputs: Inputs) -> dict[str, Any]:
        made = "bucket" in inputs.get(DEFAULTS, ())
        return {**inputs, "bucket": inputs["bucket"].lower()} if made else dict(inputs)

    def make(self, inputs: Inputs) -> str:
        bucket = inputs["bucket"]
        refusals.of_bucket(bucket)
        location = {"LocationConstraint": self.account.region}
        self.client().create_bucket(Bucket=bucket, CreateBucketConfiguration=location)
        self._tag(bucket, inputs)
        return bucket

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        self.client().head_bucket(Bucket=resource_id)
        region = self.account.region
        return {
            "arn": f"arn:aws:s3:::{resource_id}",
            "bucket": resource_id,
            "bucketDomainName": f"{resource_id}.s3.amazonaws.com",
            "bucketRegionalDomainName": f"{resource_id}.s3.{region}.amazonaws.com",
            "region": region,
            "tags": self._tags(resource_id),
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self._tag(resource_id, new)

    def remove(self, resource_id: str, known: Inputs) -> None:
        if known.get("forceDestroy"):
            self._empty(resource_id)
        self.client().delete_bucket(Bucket=resource_id)

    def _empty(self, resource_id: str) -> None:
        pages = self.client().get_paginator("list_object_versions").paginate(Bucket=resource_id)
        for page in pages:
            held = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
            objects = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in held]
            if objects:
                self.client().delete_objects(Bucket=resource_id, Delete={"Objects": objects, "Quiet": True})

    def _tag(self, resource_id: str, inputs: Inputs) -> None:
        if tags := tag_list(inputs):
            self.client().put_bucket_tagging(Bucket=resource_id, Tagging={"TagSet": tags})
        else:
            self.client().delete_bucket_tagging(Bucket=resource_id)

    def _tags(self, resource_id: str) -> dict[str, str]:
        try:
            return tags_of(self.client().get_bucket_tagging(Bucket=resource_id)["TagSet"])
        except ClientError as error:
            if says_gone(error):
                return {}
            raise


def get_bucket(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.s3.get_bucket"""
    name = arguments["bucket"]
    account.client("s3").head_bucket(Bucket=name)
    location = account.client("s3").get_bucket_location(Bucket=name)["LocationConstraint"]
    return {**arguments, "id": name, "arn": f"arn:aws:s3:::{name}", "bucketRegion": location or "us-east-1"}


def get_bucket_policy(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.s3.get_bucket_policy. It fails where a bucket has no policy, as the provider's does."""
    answer = account.client("s3").get_bucket_policy(Bucket=arguments["bucket"])
    return {**arguments, "id": arguments["bucket"], "policy": answer["Policy"]}
