"""Tags: a transformation that adds tags to all resources of a stack."""

from collections.abc import Mapping
from typing import cast

import pulumi
import pulumi_aws as aws

STACK_TAG = "tensorflow-lambda:stack"
"""The tag whose value is the project and the stack. `python -m ops orphans` finds by it what a stack made."""

UNTAGGED: tuple[type[pulumi.Resource], ...] = (aws.s3.BucketObjectv2,)
"""Types that could have tags and get none: a version's files are never written again, and S3 bills tags by object."""


def tag_everything(tags: Mapping[str, str]) -> pulumi.ResourceTransformation:
    """Add these tags to each resource that can have tags. A tag that the resource sets itself wins."""

    def tag(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not tags or "tags" not in args.props or isinstance(args.resource, UNTAGGED):
            return None
        own = cast("Mapping[str, pulumi.Input[str]] | None", args.props["tags"])
        return pulumi.ResourceTransformationResult({**args.props, "tags": {**tags, **(own or {})}}, args.opts)

    return tag
