"""FileClients: how functions mount a file system. EFS and S3 Files share the names of actions and conditions, but for
the prefix, and the arguments of mount targets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from components import iam
from components.model_source import ModelBinding, Mount
from components.network.model_network import ModelNetwork
from handlers.contract import MOUNT_PATH

FileService = Literal["elasticfilesystem", "s3files"]
"""IAM's names of Amazon EFS and Amazon S3 Files.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticfilesystem.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3files.html"""

KINDS = {
    "elasticfilesystem": (aws.efs.FileSystemPolicy, aws.efs.MountTarget),
    "s3files": (aws.s3.FilesFileSystemPolicy, aws.s3.FilesMountTarget),
}
"""The resources that let clients reach a file system of each service."""

UID = GID = 1000
"""The POSIX user of every client, whatever the client says: not root, and no account of any machine."""


@dataclass(frozen=True, kw_only=True)
class FileClients:
    """The functions that mount one file system through its one access point."""

    service: FileService
    file_system: aws.efs.FileSystem | aws.s3.FilesFileSystem
    access_point: aws.efs.AccessPoint | aws.s3.FilesAccessPoint
    network: ModelNetwork

    @property
    def mount(self) -> Mount:
        """The file system as functions see it."""
        return Mount(access_point_arn=self.access_point.arn, path=MOUNT_PATH)

    def may_mount(self, *, write: bool = False) -> iam.Statement:
        """Grant a role the file system through the access point: to read and, if `write` is set, to write."""
        actions = [f"{self.service}:ClientMount", *([f"{self.service}:ClientWrite"] if write else [])]
        through = {"StringEquals": {f"{self.service}:AccessPointArn": self.access_point.arn}}
        return iam.allow(actions, [self.file_system.arn], conditions=through)

    def refuse(
        self,
        *,
        sid: str,
        conditions: Mapping[str, Mapping[str, pulumi.Input[str]]] | None = None,
        actions: Sequence[str] = ("ClientMount", "ClientWrite", "ClientRootAccess"),
    ) -> iam.Statement:
        """Deny every client, whatever its role grants: always, or where the conditions hold."""
        names = [f"{self.service}:{action}" for action in actions]
        return {
            **iam.allow(names, [self.file_system.arn], conditions=conditions),
            "Sid": sid,
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
        }

    def refuse_other_access_points(self) -> iam.Statement:
        """Deny every client that comes without the access point: a negated condition also holds where its key is
        absent."""
        return self.refuse(
            sid="OnlyThroughTheAccessPoint",
            conditions={"StringNotEquals": {f"{self.service}:AccessPointArn": self.access_point.arn}},
        )

    def admit(
        self, name: str, refused: Sequence[iam.Statement], opts: pulumi.ResourceOptions
    ) -> Sequence[pulumi.Resource]:
        """A policy with what is refused, and one mount target in each subnet: what every mount must wait for.

        A mount target is called after its subnet, so that a further subnet moves none.
        """
        policy, mount_target = KINDS[self.service]
        targets = [
            mount_target(
                f"{name}-{subnet}",
                file_system_id=self.file_system.id,
                subnet_id=subnet_id,
                security_groups=[self.network.mount_target_security_group_id],
                opts=opts,
            )
            for subnet, subnet_id in self.network.subnets.items()
        ]
        made = policy(f"{name}-policy", file_system_id=self.file_system.id, policy=iam.policy(refused), opts=opts)
        return [made, *targets]

    def binding(
        self,
        *statements: iam.Statement,
        further_policies: Sequence[Sequence[iam.Statement]] = (),
        ready: Sequence[pulumi.Resource],
    ) -> ModelBinding:
        """What a function needs to read the file system, with these grants besides."""
        return ModelBinding(
            store_uri=f"file://{MOUNT_PATH}",
            statements=[self.may_mount(), *statements],
            further_policies=further_policies,
            mount=self.mount,
            network=self.network.for_functions(),
            ready=[*ready, *self.network.ready],
        )


def replaced_with(
    network: ModelNetwork,
    kms_key_arn: str | None,
    *,
    parent: pulumi.Resource,
    depends_on: Sequence[pulumi.Resource] = (),
) -> pulumi.ResourceOptions:
    """Options of a file system that is replaced when its network or its key is.

    All mount targets of a file system are in one VPC, at most one in a zone: a file system cannot move while functions
    use it. AWS changes no key either, and a key that is no longer given leaves the file system encrypted with it.
    """
    trigger = f"{network.identity} {kms_key_arn or 'a key of AWS'}"
    return pulumi.ResourceOptions(parent=parent, depends_on=depends_on, replacement_trigger=trigger)
