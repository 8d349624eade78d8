"""Rules about delivery, alarms and keys."""

from collections.abc import Iterator

from components.rules.rule import Rule
from components.setting_types import Problem, key_of
from components.settings import Settings

WIDGETS_PER_DASHBOARD = 500
WIDGETS_PER_ROW = 4
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html"""


def steps_are_watched(settings: Settings) -> Iterator[Problem]:
    """Without alarms nothing would stop a shift of traffic to a version that fails."""
    if settings.delivery != "allAtOnce" and not settings.monitoring:
        yield Problem(
            keys=("delivery", "monitoring"),
            message=f"{settings.delivery} goes back when an alarm rings, and there are none; set monitoring to true, "
            f"or delivery to allAtOnce",
        )


def topic_is_told_something(settings: Settings) -> Iterator[Problem]:
    """Whoever names a topic counts on being told."""
    if settings.alarms_topic_arn and not settings.monitoring:
        yield Problem(
            keys=("alarmsTopicArn", "monitoring"),
            message="there are no alarms to tell of; set monitoring to true, or leave alarmsTopicArn out",
        )


def thresholds_have_alarms(settings: Settings) -> Iterator[Problem]:
    """Whoever says when an alarm rings counts on one that does."""
    default = Settings()
    if settings.monitoring:
        return
    for field in ("error_alarm_percent", "latency_alarm_ms", "cold_start_alarm_percent"):
        if getattr(settings, field) != getattr(default, field):
            key = key_of(field)
            yield Problem(
                keys=(key, "monitoring"),
                message=f"there is no alarm to ring; set monitoring to true, or leave {key} out",
            )


def key_and_topic_are_in_the_region(settings: Settings) -> Iterator[Problem]:
    """Keys encrypt, and alarms tell topics, in their own region alone."""
    for field in ("kms_key_arn", "alarms_topic_arn"):
        region = (getattr(settings, field) or ":::").split(":")[3]
        if region and settings.region and region != settings.region:
            yield Problem(
                keys=(key_of(field),),
                message=f"it is in {region}, and the stack in {settings.region}; name one in {settings.region}",
            )


def rows_fit_in_the_dashboard(settings: Settings) -> Iterator[Problem]:
    """The dashboard has a row for each function and each model."""
    rows = len(settings.functions()) + len(settings.packaged)
    if settings.monitoring and rows * WIDGETS_PER_ROW > WIDGETS_PER_DASHBOARD:
        yield Problem(
            keys=("monitoring", "models"),
            message=f"{len(settings.packaged)} models take {rows * WIDGETS_PER_ROW} widgets of the dashboard, which "
            f"has {WIDGETS_PER_DASHBOARD}; list fewer in models and serve the others from a second stack, or set "
            f"monitoring to false",
        )


REFUSED: tuple[Rule, ...] = (
    steps_are_watched,
    topic_is_told_something,
    thresholds_have_alarms,
    key_and_topic_are_in_the_region,
    rows_fit_in_the_dashboard,
)

ADVISED: tuple[Rule, ...] = ()
