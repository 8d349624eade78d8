# ruff: noqa: RUF009 -- `setting` is dataclasses.field with a description
"""OperationsSettings: how a new version takes over, what is watched, kept and encrypted, and what it is tagged with."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from components.settings.api_settings import arn
from components.settings.setting_types import choice, flag, integer, one_of, setting, text, texts_by_name

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

    delivery: Delivery = setting(
        choice(get_args(Delivery)),
        "allAtOnce",
        "How a new version takes traffic. allAtOnce: when it is ready. canary… and linear…: by CodeDeploy in the steps "
        "that the name says, going back when an alarm rings.",
    )
    monitoring: bool = setting(
        flag(),
        False,
        "Whether alarms and a dashboard watch the stack; CloudWatch bills the dashboard and each alarm by the month.",
    )
    alarms_topic_arn: str | None = setting(
        text(arn("sns", r"[\w-]+"), "the ARN of an SNS topic", absent=""),
        "",
        "An SNS topic that is told when an alarm rings and when it ends.",
    )
    error_alarm_percent: int = setting(
        integer(1, 100, "percent"), 1, "The share of requests that may fail on the stack's side before an alarm rings."
    )
    latency_alarm_ms: int = setting(
        integer(1, 900_000, "milliseconds"),
        5000,
        "How long the slowest hundredth of the invocations may take before an alarm rings, cold starts included.",
    )
    cold_start_alarm_percent: int = setting(
        integer(1, 100, "percent"),
        20,
        "The share of requests that may wait for a new environment before an alarm rings.",
    )
    log_retention_days: int = setting(one_of(LOG_RETENTION_DAYS, "days"), 30, "How many days logs are kept.")
    kms_key_arn: str | None = setting(
        text(arn("kms", r"key/[\w-]+"), "the ARN of a key (not of an alias)", absent=""),
        "",
        "A KMS key of your own that encrypts models, logs, the functions' environment, the image and the queue; "
        "empty leaves it to keys that AWS owns or manages. The key's policy must let CloudWatch Logs use it.",
    )
    tags: Mapping[str, str] = setting(
        texts_by_name(
            re.compile(r"(?!aws:)[\w .:/=+@-]{1,128}"),
            re.compile(r"[\w .:/=+@-]{0,256}"),
            "names of 1 to 128 and values of up to 256 letters, digits, spaces and _.:/=+-@, such as team: vision",
        ),
        {},
        "Tags for every resource that takes tags, except the models in the bucket.",
    )
