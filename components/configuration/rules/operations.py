"""Rules about delivery, alarms and keys."""

from collections.abc import Iterator

from components.configuration.problem import Problem
from components.configuration.rules.rule import Rule
from components.settings.declaration import key_of
from components.settings.settings import Settings

WIDGETS_PER_DASHBOARD = 500
WIDGETS_PER_ROW = 4
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html"""

ROLE_POLICY_CHARACTERS = 10_240
"""All inline policies of a role together. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

DELIVERY_POLICY_CHARACTERS = 1_280
"""What the grants of a delivery's roles that name no function take at most."""

DELIVERED_FUNCTION = "arn:aws-us-gov:lambda:ap-southeast-1:123456789012:function:inference--1234567"
DELIVERED_GROUP = (
    "arn:aws-us-gov:codedeploy:ap-southeast-1:123456789012:deploymentgroup:"
    "inference-delivery-1234567/inference-delivery-inference-"
)
"""The longest ARNs of a function and of its deployment group, but for the model's name in each."""


def delivery_fits_in_the_role_policies(settings: Settings) -> Iterator[Problem]:
    """A delivery's roles are granted each function by name: CodeDeploy's, and that of what starts a shift."""
    if settings.delivery == "allAtOnce" or settings.mode == "multi":
        return
    room = ROLE_POLICY_CHARACTERS - DELIVERY_POLICY_CHARACTERS
    length = sum(delivered_characters(model.name) for model in settings.packaged)
    if length > room:
        yield Problem(
            keys=("delivery", "mode", "models"),
            message=f"granting {len(settings.packaged)} functions to one delivery takes {length} characters of its "
            f"roles' policies; allowed are {room} of IAM's {ROLE_POLICY_CHARACTERS}; set delivery to allAtOnce, or "
            f"mode to multi, or list fewer in models and serve the others from a second stack",
        )


def delivered_characters(model: str) -> int:
    """What a function takes of the longer policy, which starts shifts: its ARN, bare and with any version, and its
    deployment group's. White space is not counted."""
    return len(f'"{DELIVERED_FUNCTION}","{DELIVERED_FUNCTION}:*","{DELIVERED_GROUP}",') + 3 * len(model)


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
    delivery_fits_in_the_role_policies,
    steps_are_watched,
    topic_is_told_something,
    thresholds_have_alarms,
    key_and_topic_are_in_the_region,
    rows_fit_in_the_dashboard,
)

ADVISED: tuple[Rule, ...] = ()
