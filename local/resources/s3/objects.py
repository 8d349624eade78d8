"""Objects, and the functions that list and read them."""

import base64
from collections.abc import Mapping
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.put_type import PutType
from local.resources.resource_type import Inputs
from local.resources.values import Asset
from local.resources.words import chosen


class BucketObject(PutType):
    """aws.s3.BucketObjectv2"""

    pulumi_type = "aws:s3/bucketObjectv2:BucketObjectv2"
    computed = ("arn", "etag", "versionId")
    takes_time = True

    def put(self, inputs: Inputs) -> str:
        keys = ("cacheControl", "checksumAlgorithm", "contentEncoding", "contentType")
        options = {**chosen(inputs, keys), "Metadata": dict(inputs.get("metadata") or {})}
        self.client().put_object(Bucket=inputs["bucket"], Key=inputs["key"], Body=_content(inputs), **options)
        return inputs["key"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        bucket = known["bucket"]
        found = self.client().head_object(Bucket=bucket, Key=resource_id)
        return {
            "arn": f"arn:aws:s3:::{bucket}/{resource_id}",
            "bucket": bucket,
            "key": resource_id,
            "etag": found["ETag"].strip('"'),
            "versionId": found.get("VersionId", ""),
            "contentType": found["ContentType"],
            "metadata": found["Metadata"],
        }

    def remove(self, resource_id: str, known: Inputs) -> None:
        bucket = known["bucket"]
        pages = self.client().get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=resource_id)
        held = [each for page in pages for each in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))]
        for each in held:
            if each["Key"] == resource_id:
                self.client().delete_object(Bucket=bucket, Key=resource_id, VersionId=each["VersionId"])


def get_objects(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.s3.get_objects"""
    pages = (
        account.client("s3")
        .get_paginator("list_objects_v2")
        .paginate(
            Bucket=arguments["bucket"],
            Prefix=arguments.get("prefix", ""),
            PaginationConfig={"MaxItems": int(arguments.get("maxKeys") or 1000)},
        )
    )
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    return {**arguments, "id": arguments["bucket"], "keys": keys, "commonPrefixes": [], "owners": []}


def get_object(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.s3.get_object"""
    answer = account.client("s3").get_object(Bucket=arguments["bucket"], Key=arguments["key"])
    return {
        **arguments,
        "id": f"{arguments['bucket']}/{arguments['key']}",
        "body": answer["Body"].read().decode(),
        "contentType": answer["ContentType"],
        "contentLength": answer["ContentLength"],
        "etag": answer["ETag"].strip('"'),
        "metadata": answer["Metadata"],
        "versionId": answer.get("VersionId", ""),
    }


def _content(inputs: Inputs) -> bytes:
    source = inputs.get("source")
    if isinstance(source, Asset):
        return source.content()
    if "contentBase64" in inputs:
        return base64.b64decode(inputs["contentBase64"])
    if "content" in inputs:
        return str(inputs["content"]).encode()
    raise ValueError(f"the object {inputs['key']} has neither 'source' as a file or text asset, nor 'content'")
