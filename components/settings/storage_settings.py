# ruff: noqa: RUF009 -- `setting` is a dataclasses.field
"""StorageSettings: where the models live, and the network and file system of some storages. Imports no Pulumi."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

from components.settings.declaration import optional_setting, setting
from components.settings.setting_types import arn, choice, flag, integer, text, texts

Storage = Literal["s3", "efs", "s3files", "image"]
Throughput = Literal["elastic", "bursting", "provisioned"]

PROVISIONED_MIBPS = range(1, 3415)
"""MiB/s that a file system can be given. https://docs.aws.amazon.com/efs/latest/ug/limits.html"""

PROVISIONED_EVERYWHERE_MIBPS = 1024
"""MiB/s that a file system can be given in every region; more only in four of them. The same page."""

BUCKET_PREFIX = "models"
"""Where the model repository starts in the bucket. Not a setting."""

MOUNTED_STORAGES: tuple[Storage, ...] = ("efs", "s3files")
"""Storages that functions mount. Such functions run in a VPC."""


@dataclass(frozen=True, kw_only=True)
class StorageSettings:
    """The part of a stack's configuration that concerns storage."""

    storage: Storage = setting(choice(get_args(Storage)), "s3")
    vpc_cidr: str = setting(
        text(re.compile(r"[0-9.]+/\d+"), "an IPv4 block of /16 to /25, such as 10.42.0.0/24"), "10.42.0.0/24"
    )
    zones: tuple[str, ...] = setting(
        texts(re.compile(r"[a-z]{2}(-[a-z]+)+-\d[a-z]"), "availability zones, such as ['eu-west-1a', 'eu-west-1b']"), []
    )
    vpc_id: str | None = optional_setting(
        text(re.compile(r"vpc-[0-9a-f]+"), "the id of a VPC, such as vpc-0123456789abcdef0"), absent=""
    )
    subnet_ids: tuple[str, ...] = setting(
        texts(re.compile(r"subnet-[0-9a-f]+"), "ids of subnets, such as ['subnet-0123456789abcdef0']"), []
    )
    interface_endpoints: tuple[str, ...] = setting(
        texts(re.compile(r"[a-z0-9][a-z0-9.-]*"), "AWS services by their endpoints' names, such as ['kms']"), []
    )
    efs_throughput: Throughput = setting(choice(get_args(Throughput)), "elastic")
    efs_provisioned_mibps: int | None = optional_setting(
        integer(PROVISIONED_MIBPS[0], PROVISIONED_MIBPS[-1], "MiB per second"), absent=0
    )
    sync_reserved_concurrency: bool = setting(flag(), True)
    image_holds_models: bool = setting(flag(), False)
    model_bucket: str | None = optional_setting(
        text(re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"), "the name of a bucket"), absent=""
    )
    model_bucket_key_arn: str | None = optional_setting(arn("kms", r"key/[\w-]+", "a key (not of an alias)"), absent="")
    verify_models: bool = setting(flag(), True)
    allow_model_code: bool = setting(flag(), False)
