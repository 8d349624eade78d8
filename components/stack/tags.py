"""Tags for everything: a transformation that a stack hands down to every resource in it."""

from collections.abc import Mapping
from typing import cast

import pulumi
import pulumi_aws as aws

UNTAGGED: tuple[type[pulumi.Resource], ...] = (aws.s3.BucketObjectv2,)
"""What takes tags and gets none: a version's files are never written again, and S3 bills tags by the object."""


def tag_everything(tags: Mapping[str, str]) -> pulumi.ResourceTransformation:
    """Add tags to each resource that takes tags; those that it has already come first."""

    def tag(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not tags or "tags" not in args.props or isinstance(args.resource, UNTAGGED):
            return None
        own = cast("Mapping[str, pulumi.Input[str]] | None", args.props["tags"])
        return pulumi.ResourceTransformationResult({**args.props, "tags": {**tags, **(own or {})}}, args.opts)

    return tag
