"""FunctionSettings: the resources of a function, its concurrency, and how it avoids cold starts. Imports no Pulumi."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from components.settings.declaration import setting
from components.settings.setting_types import flag, integer, optional, table, text

SCALING_EXPRESSION = re.compile(r"(cron|rate|at)\(.+\)")
"""https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html"""


class ScheduleRow(TypedDict):
    """How many environments are kept ready from a time on."""

    schedule: str
    minimum: int
    maximum: int
    timezone: NotRequired[str]


@dataclass(frozen=True, kw_only=True)
class FunctionSettings:
    """The part of a stack's configuration that concerns its functions. In mode single, each model may have its own."""

    memory_mib: int = setting(
        integer(128, 10240, "MiB"),
        1769,
        "Memory of a function in MiB. Lambda gives CPU in proportion: 1769 MiB is one vCPU.",
    )
    timeout_seconds: int = setting(
        integer(1, 900, "seconds"),
        29,
        "How long a function may take for one request, in seconds. The HTTP API waits 30.",
    )
    ephemeral_storage_mib: int = setting(
        integer(512, 10240, "MiB"), 512, "Size of a function's /tmp in MiB. AWS bills what exceeds 512."
    )
    model_cache_mib: int | None = setting(
        optional(integer(1, 10240, "MiB"), absent=0),
        0,
        "How many MiB of loaded models a function keeps. 0 derives it from the memory.",
    )
    reserved_concurrency: int | None = setting(
        optional(integer(0, 100_000, "requests at once"), absent=-1),
        -1,
        "How many requests each function may process at once, reserved for it. 0 stops the function. -1 reserves "
        "nothing: the function shares the account's concurrency.",
    )
    provisioned_concurrency: int | None = setting(
        optional(integer(1, 100_000, "environments"), absent=0),
        0,
        "How many environments of each function are kept ready. Requests to them have no cold start. AWS bills them by "
        "time. 0 keeps none ready.",
    )
    provisioned_concurrency_maximum: int | None = setting(
        optional(integer(1, 100_000, "environments"), absent=0),
        0,
        "The highest number of environments to keep ready. The number then follows the use. 0 keeps it fixed.",
    )
    provisioned_concurrency_utilization_percent: int = setting(
        integer(10, 90, "percent"),
        70,
        "The share of ready environments that should be in use, where their number follows the use.",
    )
    provisioned_concurrency_schedule: Mapping[str, ScheduleRow] = setting(
        table(
            {
                "schedule": text(SCALING_EXPRESSION, "an expression such as 'cron(0 8 ? * MON-FRI *)'"),
                "minimum": integer(0, 100_000, "environments"),
                "maximum": integer(0, 100_000, "environments"),
                "timezone": text(re.compile(r"[A-Za-z0-9_+/-]+"), "a time zone such as Europe/Berlin"),
            },
            required=("schedule", "minimum", "maximum"),
            of="times by name",
        ),
        {},
        "Times at which the number of ready environments changes, by name. Each has schedule, minimum, maximum and, "
        "unless it is in UTC, timezone.",
    )
    snap_start: bool = setting(
        flag(),
        False,
        "Whether new environments start from a snapshot with the models loaded. Works with storage s3 and image. AWS "
        "bills each published version's snapshot, and each restore.",
    )
