"""FunctionSettings: the resources of a function, its concurrency, and how it avoids cold starts. Imports no Pulumi."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from components.settings.declaration import optional_setting, setting
from components.settings.setting_types import flag, integer, table, text, texts
from handlers.contract import LARGEST_FUNCTION_MIB, SMALLEST_FUNCTION_MIB

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

    memory_mib: int = setting(integer(SMALLEST_FUNCTION_MIB, LARGEST_FUNCTION_MIB, "MiB"), 1769)
    timeout_seconds: int = setting(integer(1, 900, "seconds"), 29)
    ephemeral_storage_mib: int = setting(integer(512, 10240, "MiB"), 512)
    model_cache_mib: int | None = optional_setting(integer(1, 10240, "MiB"), absent=0)
    reserved_concurrency: int | None = optional_setting(integer(0, 100_000, "requests at once"), absent=-1)
    provisioned_concurrency: int | None = optional_setting(integer(1, 100_000, "environments"), absent=0)
    provisioned_concurrency_maximum: int | None = optional_setting(integer(1, 100_000, "environments"), absent=0)
    provisioned_concurrency_utilization_percent: int = setting(integer(10, 90, "percent"), 70)
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
    )
    tensor_buckets: tuple[str, ...] = setting(
        texts(
            re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_.=-]+)*"),
            "buckets, with a prefix or without, such as ['acme-tensors/requests']",
        ),
        [],
    )
    snap_start: bool = setting(flag(), False)
