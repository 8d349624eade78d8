"""Rules about delivery, alarms and keys."""

import re
from collections.abc import Iterator

from components.configuration.problem import Problem
from components.configuration.rules.rule import FEWER_MODELS, Rule, in_another_region, without_effect
from components.settings.settings import Settings
from components.settings.storage_settings import MOUNTED_STORAGES

WIDGETS_PER_DASHBOARD = 500
WIDGETS_PER_ROW = 4
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html"""

DASHBOARD_NAME = re.compile(r"[A-Za-z0-9_-]*")
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html"""

MOST_TAGS = 50
"""Of a resource. https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html"""

NAME_TAG = "Name"

ALARM_FIELDS = (
    *("alarms_topic_arn", "error_alarm_percent", "latency_alarm_ms", "cold_start_alarm_percent"),
    "model_metrics",
)
"""Settings that concern alarms and the dashboard."""


def delivery_in_steps_has_alarms(settings: Settings) -> Iterator[Problem]:
    """Only an alarm takes the traffic back from a version that fails."""
    if settings.delivery != "allAtOnce" and not settings.monitoring:
        yield Problem(
            keys=("delivery", "monitoring"),
            message=f"{settings.delivery} takes the traffic back when an alarm fires, but there are no alarms; set "
            f"monitoring to true, or delivery to allAtOnce",
        )


def alarm_settings_have_alarms(settings: Settings) -> Iterator[Problem]:
    """A topic, a threshold and a metric have no effect without alarms and a dashboard."""
    if not settings.monitoring:
        reason = "there are no alarms; set monitoring to true"
        yield from without_effect(settings, ALARM_FIELDS, "monitoring", reason)


def key_and_topic_are_in_the_region(settings: Settings) -> Iterator[Problem]:
    """A key encrypts only in its own region, and an alarm tells only topics of its own region."""
    yield from in_another_region(settings, ["kms_key_arn", "alarms_topic_arn"])


def a_file_system_keeps_its_key(settings: Settings) -> Iterator[Problem]:
    """AWS does not change the key of a file system."""
    if settings.kms_key_arn and settings.uses(*MOUNTED_STORAGES):
        yield Problem(
            keys=("kmsKeyArn", "storage"),
            message="a file system keeps the key that it was made with; where kmsKeyArn is set, changed or left out "
            "later, a new one is made and filled before functions mount it, and the old one is deleted; so is the "
            "repository of the image",
        )


def tags_fit_on_every_resource(settings: Settings) -> Iterator[Problem]:
    """AWS takes 50 tags on a resource. Every resource is tagged with its stack, and some of a network or a file system
    have a name tag, too."""
    own = NAME_TAG not in settings.tags and settings.uses(*MOUNTED_STORAGES)
    allowed = MOST_TAGS - 1 - own
    if len(settings.tags) > allowed:
        yield Problem(
            keys=("tags",),
            message=f"there are {len(settings.tags)} tags; AWS takes {MOST_TAGS} on a resource, one of which names the "
            f"stack{f', and file systems have the tag {NAME_TAG} besides' if own else ''}; leave {allowed} or fewer",
        )


def the_dashboard_can_have_its_name(settings: Settings) -> Iterator[Problem]:
    """The name of a dashboard has the stack's name in it. CloudWatch takes no dot in it, Pulumi does."""
    if settings.monitoring and not DASHBOARD_NAME.fullmatch(settings.stack_name):
        yield Problem(
            keys=("monitoring",),
            message=f"the dashboard would be named after the stack {settings.stack_name}, but CloudWatch takes only "
            "letters, digits, '-' and '_'; name the stack without other characters (pulumi stack rename), or set "
            "monitoring to false",
        )


def rows_fit_in_the_dashboard(settings: Settings) -> Iterator[Problem]:
    """The dashboard has two rows for each function and, with metrics of models, one for each model, or one for all
    models of a function."""
    served = [1 if each.served is None else len(each.served) for each in settings.functions()]
    rows = 2 * len(served) + (sum(served) if settings.model_metrics else 0)
    if settings.monitoring and rows * WIDGETS_PER_ROW > WIDGETS_PER_DASHBOARD:
        yield Problem(
            keys=("monitoring", "models"),
            message=f"{sum(served)} models need {rows * WIDGETS_PER_ROW} widgets, but a dashboard has at "
            f"most {WIDGETS_PER_DASHBOARD}; {FEWER_MODELS}, or set monitoring to false",
        )


REFUSED: tuple[Rule, ...] = (
    delivery_in_steps_has_alarms,
    alarm_settings_have_alarms,
    key_and_topic_are_in_the_region,
    rows_fit_in_the_dashboard,
    the_dashboard_can_have_its_name,
    tags_fit_on_every_resource,
)

ADVISED: tuple[Rule, ...] = (a_file_system_keeps_its_key,)
