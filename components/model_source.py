"""ModelSource: what every storage tells a function, and what it wants watched. Nothing else knows of a storage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import pulumi


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A file system that a function sees as a directory."""

    access_point_arn: pulumi.Input[str]
    """Of an EFS or an S3 Files access point."""
    path: str
    """The directory in the function: directly under /mnt."""


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
    """IAM statements for the function's role. They grant these models and no others, where the storage can tell models
    apart."""
    further_policies: Sequence[Sequence[Mapping[str, Any]]] = ()
    """Statements for which one policy has no room: each group is a policy of its own."""
    mount: Mount | None = None
    network: Network | None = None
    ready: Sequence[pulumi.Resource] = ()
    """What the function must wait for: seeded models, mount targets, the first sync."""


@dataclass(frozen=True, kw_only=True)
class MetricSource:
    """One CloudWatch metric of one thing."""

    namespace: str
    dimensions: Mapping[str, pulumi.Input[str]]
    name: str
    statistic: str = "Sum"
    """`Sum`, `Average`, `Minimum`, `Maximum` or a percentile such as `p99`."""


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """An alarm. It rings when `expression` is beyond `threshold` in `minutes` of the last five minutes."""

    name: str
    description: str
    """What has happened and where to look, for the person on call."""
    metrics: Mapping[str, MetricSource]
    """By the id that the expression uses."""
    expression: str
    """CloudWatch metric math over the ids."""
    threshold: float
    minutes: int = 1
    comparison: Literal["GreaterThanThreshold", "LessThanThreshold"] = "GreaterThanThreshold"


def alarm_at_the_first(name: str, description: str, **counted: MetricSource) -> Alarm:
    """An alarm that rings as soon as something happens. `counted` is its metric, by the id that the expression uses."""
    [key] = counted
    return Alarm(name=name, description=description, metrics=counted, expression=f"FILL({key}, 0)", threshold=0)


class ModelSource(Protocol):
    """A place where models live. Each storage is one component that is a ModelSource."""

    @property
    def alarms(self) -> Sequence[Alarm]:
        """The storage's own alarms; empty where nothing of it can fail by itself."""
        ...

    def binding(self, models: Sequence[str] | None) -> ModelBinding:
        """What a function needs to serve these models; for None, all models, also those that are published later."""
        ...
