# ruff: noqa: RUF009 -- `setting` is dataclasses.field with a description
"""StorageSettings: where the models live, and the network and the file system that some storages need."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

from components.settings.setting_types import choice, flag, integer, setting, text, texts

Storage = Literal["s3", "efs", "s3files", "image"]
Throughput = Literal["elastic", "bursting", "provisioned"]

PROVISIONED_MIBPS = range(1, 3415)
"""MiB/s that a file system can be given. https://docs.aws.amazon.com/efs/latest/ug/limits.html"""

MOUNTED_STORAGES: tuple[Storage, ...] = ("efs", "s3files")
"""What functions mount, inside a VPC."""


@dataclass(frozen=True, kw_only=True)
class StorageSettings:
    """The part of a stack's configuration that concerns storage."""

    storage: Storage = setting(
        choice(get_args(Storage)),
        "s3",
        "Where the models live. s3: a bucket that functions fetch from at run time. efs: a file system that functions "
        "mount, filled from the bucket. s3files: the bucket itself, mounted. image: the functions' container image.",
    )
    vpc_cidr: str = setting(
        text(re.compile(r"[0-9.]+/\d+"), "an IPv4 block of /16 to /28, such as 10.42.0.0/24"),
        "10.42.0.0/24",
        "The addresses of the VPC that efs and s3files make for themselves.",
    )
    zones: tuple[str, ...] = setting(
        texts(re.compile(r"[a-z]{2}(-[a-z]+)+-\d[a-z]"), "availability zones, such as ['eu-west-1a', 'eu-west-1b']"),
        [],
        "Availability zones of that VPC; empty for the region's a and b.",
    )
    vpc_id: str | None = setting(
        text(re.compile(r"vpc-[0-9a-f]+"), "the id of a VPC, such as vpc-0123456789abcdef0", absent=""),
        "",
        "A VPC that is there already, with an S3 gateway endpoint of its own; empty makes one.",
    )
    subnet_ids: tuple[str, ...] = setting(
        texts(re.compile(r"subnet-[0-9a-f]+"), "ids of subnets, such as ['subnet-0123456789abcdef0']"),
        [],
        "Private subnets of that VPC, each in another availability zone.",
    )
    interface_endpoints: tuple[str, ...] = setting(
        texts(re.compile(r"[a-z0-9][a-z0-9.-]*"), "AWS services by their endpoints' names, such as ['kms']"),
        [],
        "AWS services that functions in the VPC reach besides S3; each endpoint is billed by the hour in each zone.",
    )
    efs_throughput: Throughput = setting(
        choice(get_args(Throughput)),
        "elastic",
        "Throughput of the EFS file system. elastic: as fast as EFS gets, billed by the byte. bursting: follows the "
        "size stored, so that a few models have next to none. provisioned: efsProvisionedMibps, billed by time.",
    )
    efs_provisioned_mibps: int | None = setting(
        integer(PROVISIONED_MIBPS.start, PROVISIONED_MIBPS.stop - 1, "MiB per second", absent=0),
        0,
        "Throughput of the EFS file system in MiB per second, with provisioned; 0 for the other modes.",
    )
    sync_reserved_concurrency: bool = setting(
        flag(),
        True,
        "Whether the function that fills the EFS file system runs one at a time by reserved concurrency. Set false in "
        "an account whose concurrency is so low that none can be reserved; runs then take turns by a lock.",
    )
    image_holds_models: bool = setting(
        flag(), False, "Whether the image that imageUri names holds the models in /opt/models, with storage image."
    )
