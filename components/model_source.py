"""ModelSource: what every storage gives to a function, and the only thing that a function knows of its storage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pulumi


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A file system that a function sees as a directory."""

    access_point_arn: pulumi.Input[str]
    """An EFS access point or an S3 Files access point."""
    path: str
    """Where the function sees it: directly under /mnt."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """Where a function runs inside a VPC."""

    subnet_ids: Sequence[pulumi.Input[str]]
    security_group_ids: Sequence[pulumi.Input[str]]


@dataclass(frozen=True, kw_only=True)
class ModelBinding:
    """What a function needs to reach its models."""

    store_uri: pulumi.Input[str]
    """`s3://bucket/prefix`, `file:///mnt/models` or `file:///opt/models`."""
    statements: Sequence[Mapping[str, Any]] = ()
    """IAM statements for the function's role, scoped to exactly these models."""
    mount: Mount | None = None
    network: Network | None = None
    ready: Sequence[pulumi.Resource] = ()
    """What the function must wait for: seeded models, mount targets, the first sync."""
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    """Anything more that the handler must know."""


class ModelSource(Protocol):
    """A place where models live. Each storage is one component that has this one method."""

    def binding(self, models: Sequence[str]) -> ModelBinding:
        """What a function that serves these models needs; grants reach no other model."""
        ...
