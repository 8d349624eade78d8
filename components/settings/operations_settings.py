# ruff: noqa: RUF009 -- `setting` is a dataclasses.field
"""OperationsSettings: delivery of new versions, alarms, logs, encryption and tags. Imports no Pulumi."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from components.settings.declaration import optional_setting, setting
from components.settings.setting_types import arn, choice, flag, integer, one_of, text, texts_by_name

Delivery = Literal[
    "allAtOnce",
    "canary10Percent5Minutes",
    "canary10Percent10Minutes",
    "canary10Percent15Minutes",
    "canary10Percent30Minutes",
    "linear10PercentEvery1Minute",
    "linear10PercentEvery2Minutes",
    "linear10PercentEvery3Minutes",
    "linear10PercentEvery10Minutes",
]
"""https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html"""

LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545),
    *(731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""


@dataclass(frozen=True, kw_only=True)
class OperationsSettings:
    """The part of a stack's configuration that concerns operating it."""

    delivery: Delivery = setting(choice(get_args(Delivery)), "allAtOnce")
    kept_versions: int = setting(integer(1, 1000, "versions"), 3)
    monitoring: bool = setting(flag(), False)
    model_metrics: bool = setting(flag(), False)
    alarms_topic_arn: str | None = optional_setting(arn("sns", r"[\w-]+", "an SNS topic"), absent="")
    error_alarm_percent: int = setting(integer(1, 100, "percent"), 1)
    latency_alarm_ms: int = setting(integer(1, 900_000, "milliseconds"), 5000)
    cold_start_alarm_percent: int = setting(integer(1, 100, "percent"), 20)
    log_retention_days: int = setting(one_of(LOG_RETENTION_DAYS, "days"), 30)
    kms_key_arn: str | None = optional_setting(arn("kms", r"key/[\w-]+", "a key (not of an alias)"), absent="")
    permissions_boundary_arn: str | None = optional_setting(
        text(re.compile(r"arn:aws[a-z-]*:iam::(aws|\d{12}):policy/[\w+=,.@/-]+"), "the ARN of a managed policy"),
        absent="",
    )
    tags: Mapping[str, str] = setting(
        texts_by_name(
            re.compile(r"(?![aA][wW][sS]:)[\w .:/=+@-]{1,128}"),
            re.compile(r"[\w .:/=+@-]{0,256}"),
            "names of 1 to 128 and values of up to 256 letters, digits, spaces and _.:/=+-@, such as team: vision; no "
            "name starts with aws:",
        ),
        {},
    )
