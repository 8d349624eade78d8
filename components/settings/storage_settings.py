# ruff: noqa: RUF009 -- `setting` is dataclasses.field with a description
"""StorageSettings: where the models live, and the network and file system of some storages. Imports no Pulumi."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

from components.settings.declaration import setting
from components.settings.setting_types import choice, flag, integer, optional, text, texts

Storage = Literal["s3", "efs", "s3files", "image"]
Throughput = Literal["elastic", "bursting", "provisioned"]

PROVISIONED_MIBPS = range(1, 3415)
"""MiB/s that a file system can be given. https://docs.aws.amazon.com/efs/latest/ug/limits.html"""

MOUNTED_STORAGES: tuple[Storage, ...] = ("efs", "s3files")
"""Storages that functions mount. Such functions run in a VPC."""


@dataclass(frozen=True, kw_only=True)
class StorageSettings:
    """The part of a stack's configuration that concerns storage."""

    storage: Storage = setting(
        choice(get_args(Storage)),
        "s3",
        "Where the models live. s3: a bucket; functions fetch models at run time. efs: a file system that functions "
        "mount, filled from the bucket. s3files: the bucket itself, mounted. image: the functions' container image.",
    )
    vpc_cidr: str = setting(
        text(re.compile(r"[0-9.]+/\d+"), "an IPv4 block of /16 to /28, such as 10.42.0.0/24"),
        "10.42.0.0/24",
        "Address range of the VPC that the stack makes for efs and s3files.",
    )
    zones: tuple[str, ...] = setting(
        texts(re.compile(r"[a-z]{2}(-[a-z]+)+-\d[a-z]"), "availability zones, such as ['eu-west-1a', 'eu-west-1b']"),
        [],
        "Availability zones of that VPC. Empty for the region's a and b.",
    )
    vpc_id: str | None = setting(
        optional(text(re.compile(r"vpc-[0-9a-f]+"), "the id of a VPC, such as vpc-0123456789abcdef0"), absent=""),
        "",
        "An existing VPC that has an S3 gateway endpoint. Empty makes a VPC.",
    )
    subnet_ids: tuple[str, ...] = setting(
        texts(re.compile(r"subnet-[0-9a-f]+"), "ids of subnets, such as ['subnet-0123456789abcdef0']"),
        [],
        "Private subnets of the existing VPC, each in a different availability zone.",
    )
    interface_endpoints: tuple[str, ...] = setting(
        texts(re.compile(r"[a-z0-9][a-z0-9.-]*"), "AWS services by their endpoints' names, such as ['kms']"),
        [],
        "AWS services, besides S3, that functions in the VPC can reach. AWS bills each endpoint by the hour and zone.",
    )
    efs_throughput: Throughput = setting(
        choice(get_args(Throughput)),
        "elastic",
        "Throughput of the EFS file system. elastic: as fast as EFS gets; billed by the byte. bursting: grows with the "
        "stored bytes; very slow for a few models. provisioned: efsProvisionedMibps; billed by time.",
    )
    efs_provisioned_mibps: int | None = setting(
        optional(integer(PROVISIONED_MIBPS.start, PROVISIONED_MIBPS.stop - 1, "MiB per second"), absent=0),
        0,
        "Throughput of the EFS file system in MiB per second, for efsThroughput provisioned. 0 for the other modes.",
    )
    sync_reserved_concurrency: bool = setting(
        flag(),
        True,
        "Whether the function that fills the EFS file system reserves a concurrency of 1, so that its runs cannot "
        "overlap. Set false if the account's concurrency is too low to reserve any; a lock then keeps runs apart.",
    )
    image_holds_models: bool = setting(
        flag(), False, "Whether the image in imageUri holds the models in /opt/models, for storage image."
    )
