"""FunctionSettings: what a function has to work with, how many run at once, and how soon one is ready."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.settings.setting_types import flag, integer, setting, table, text

SCALING_EXPRESSION = re.compile(r"(cron|rate|at)\(.+\)")
"""https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html"""


@dataclass(frozen=True, kw_only=True)
class FunctionSettings:
    """The part of a stack's configuration that concerns its functions; each model may have its own in mode single."""

    memory_mib: int = setting(
        integer(128, 10240, "MiB"),
        1769,
        "Memory of a function in MiB. Processor time follows it: 1769 MiB is one vCPU.",
    )
    timeout_seconds: int = setting(
        integer(1, 900, "seconds"),
        29,
        "How long a function may take for one request, in seconds. The HTTP API waits 30.",
    )
    ephemeral_storage_mib: int = setting(
        integer(512, 10240, "MiB"), 512, "Size of a function's /tmp in MiB; what exceeds 512 is billed."
    )
    model_cache_mib: int | None = setting(
        integer(1, 10240, "MiB", absent=0),
        0,
        "How many MiB of loaded models a function keeps; 0 lets it follow from the memory.",
    )
    reserved_concurrency: int | None = setting(
        integer(0, 100_000, "requests at once", absent=-1),
        -1,
        "Requests that each function may work on at once, set aside for it; 0 stops it, -1 shares the account's.",
    )
    provisioned_concurrency: int | None = setting(
        integer(1, 100_000, "environments", absent=0),
        0,
        "Environments of each function that are kept ready, so that requests meet no cold start; billed by time. 0 for "
        "none.",
    )
    provisioned_concurrency_maximum: int | None = setting(
        integer(1, 100_000, "environments", absent=0),
        0,
        "Up to how many environments are kept ready as the use of those that are ready rises; 0 keeps their number.",
    )
    provisioned_concurrency_utilization_percent: int = setting(
        integer(10, 90, "percent"),
        70,
        "Which share of the ready environments is to be in use, where their number follows the use.",
    )
    provisioned_concurrency_schedule: Mapping[str, Mapping[str, Any]] = setting(
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
        "Times at which other numbers of ready environments hold from then on, by a name: schedule, minimum, maximum "
        "and, unless UTC is meant, timezone.",
    )
    snap_start: bool = setting(
        flag(),
        False,
        "Whether new environments start from a snapshot that holds the models loaded, with storage s3 or image; billed "
        "by the version kept and by the restore.",
    )
