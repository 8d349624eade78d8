"""Stored objects: what a bucket holds before a deployment changes anything."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws


def stored_object(
    bucket_name: pulumi.Output[str], key: str, parent: pulumi.Resource
) -> "pulumi.Output[aws.s3.GetObjectResult | None]":
    """The object under a key; None if there is none. Unknown in the preview of a new bucket."""
    inside = pulumi.InvokeOptions(parent=parent)
    listed = aws.s3.get_objects_output(bucket=bucket_name, prefix=key, max_keys=1, opts=inside)

    def read(keys: Sequence[str]) -> "pulumi.Output[aws.s3.GetObjectResult | None]":
        if key not in keys:
            return pulumi.Output.from_input(None)
        return aws.s3.get_object_output(bucket=bucket_name, key=key, opts=inside)

    return listed.keys.apply(read)
