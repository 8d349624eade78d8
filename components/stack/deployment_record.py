"""DeploymentRecord: an object in the bucket that says what the stack was deployed with, for the next preview."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.settings.settings import Settings
from components.storage.stored_object import stored_object
from handlers.contract import ASYNCHRONOUS_PREFIX

KEY = "deployed"
"""Where records are in a bucket: beside the model repository, where no function may read."""

Compare = Callable[[str | None], str]
"""Takes the record of the last deployment; None if there is none. Says what the change costs, or raises what AWS would
refuse half-way. Gives the new record."""


OWN_KEY = f"{KEY}.json"
"""The record in a bucket that the stack made."""


def given_key(project_name: str, settings: Settings) -> str:
    """The record in a bucket that was there before, in which other stacks may have records, too."""
    return f"{KEY}/{project_name}/{settings.stack_name}.json"


def record_key(project_name: str, settings: Settings) -> str:
    """The record in the bucket that the stack uses."""
    return given_key(project_name, settings) if settings.model_bucket else OWN_KEY


def requests_prefix(project_name: str, settings: Settings) -> str:
    """Where requests are kept that are answered later. In a bucket that was there before, other stacks may keep theirs,
    too."""
    own = f"/{project_name}/{settings.stack_name}" if settings.model_bucket else ""
    return ASYNCHRONOUS_PREFIX + own


def compared(
    bucket_name: pulumi.Output[str], key: str, left: str | None, compare: Compare, parent: pulumi.Resource
) -> pulumi.Output[str]:
    """The new record, when what is deployed has been compared with what shall be. What must not change before that
    waits for it. `left`: the record in the bucket that the stack leaves; without it, it is unknown in the preview of a
    new bucket."""
    if left is not None:
        return pulumi.Output.from_input(compare(left))
    found = stored_object(bucket_name, key, parent)
    return found.apply(lambda stored: compare(stored and stored.body))


@dataclass(frozen=True, kw_only=True)
class DeploymentRecordArgs:
    bucket_name: pulumi.Output[str]
    key: str
    record: pulumi.Input[str]
    after: Sequence[pulumi.Resource]
    """What the record is written after. Until then, the next preview compares with the deployment before."""


class DeploymentRecord(pulumi.ComponentResource):
    """The last thing that a deployment writes."""

    def __init__(self, name: str, args: DeploymentRecordArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:DeploymentRecord", name, None, opts)
        aws.s3.BucketObjectv2(
            f"{name}-settings",
            bucket=args.bucket_name,
            key=args.key,
            content=args.record,
            content_type="application/json",
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.after),
        )
        self.register_outputs({})
