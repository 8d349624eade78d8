"""Who may mount a file system: EFS and S3 Files name the same actions and conditions, each under its own prefix."""

from collections.abc import Mapping, Sequence
from typing import Literal

import pulumi

from components import iam

FileService = Literal["elasticfilesystem", "s3files"]
"""IAM's names of Amazon EFS and Amazon S3 Files.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticfilesystem.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3files.html"""

UID = GID = 1000
"""The POSIX user that every client is, whatever it says: not root, and no account of any machine."""


def mount(
    service: FileService,
    file_system_arn: pulumi.Input[str],
    access_point_arn: pulumi.Input[str],
    *,
    write: bool = False,
) -> iam.Statement:
    """Grant a role the file system through one access point; to read, unless `write` is asked for."""
    actions = [f"{service}:ClientMount", *([f"{service}:ClientWrite"] if write else [])]
    through = {"StringEquals": {f"{service}:AccessPointArn": access_point_arn}}
    return iam.allow(actions, [file_system_arn], conditions=through)


def refuse(
    service: FileService,
    file_system_arn: pulumi.Input[str],
    *,
    sid: str,
    conditions: Mapping[str, Mapping[str, pulumi.Input[str]]] | None = None,
    actions: Sequence[str] = ("ClientMount", "ClientWrite", "ClientRootAccess"),
) -> iam.Statement:
    """Deny every client of a file system, whatever its role grants: always, or where the conditions hold."""
    clients = [f"{service}:{action}" for action in actions]
    return {
        **iam.allow(clients, [file_system_arn], conditions=conditions),
        "Sid": sid,
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
    }


def refuse_other_access_points(
    service: FileService, file_system_arn: pulumi.Input[str], access_point_arn: pulumi.Input[str]
) -> iam.Statement:
    """Deny whoever comes without the access point: a negated condition holds where its key is absent, too."""
    return refuse(
        service,
        file_system_arn,
        sid="OnlyThroughTheAccessPoint",
        conditions={"StringNotEquals": {f"{service}:AccessPointArn": access_point_arn}},
    )
