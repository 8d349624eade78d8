"""DeploymentRecord: an object in the bucket that says what the stack was deployed with, for the next preview."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.storage.stored_object import stored_object

KEY = "deployed.json"
"""Beside the model repository, where no function may read."""

Compare = Callable[[str | None], str]
"""Takes the record of the last deployment; None if there is none. Says what the change costs, or raises what AWS would
refuse half-way. Gives the new record."""


@dataclass(frozen=True, kw_only=True)
class DeploymentRecordArgs:
    bucket_name: pulumi.Output[str]
    compare: Compare
    after: Sequence[pulumi.Resource]
    """What the record is written after. Until then, the next preview compares with the deployment before."""


class DeploymentRecord(pulumi.ComponentResource):
    """Compares what is deployed with what shall be, at the preview and before the update, and records it in the end."""

    def __init__(self, name: str, args: DeploymentRecordArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:DeploymentRecord", name, None, opts)
        found = stored_object(args.bucket_name, KEY, self)
        aws.s3.BucketObjectv2(
            f"{name}-settings",
            bucket=args.bucket_name,
            key=KEY,
            content=found.apply(lambda stored: args.compare(stored and stored.body)),
            content_type="application/json",
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.after),
        )
        self.register_outputs({})
