"""What a deployment on this machine accepts and does not play. Whoever deploys is told, a line for each kind."""

from collections.abc import Iterable, Mapping

_SHIFTING = "CodeDeploy is not emulated: an alias goes to a new version at once, and no alarm takes it back"
_SCALING = "Application Auto Scaling is not emulated: provisioned concurrency stays what it is"

NOT_EMULATED: Mapping[str, str] = {
    "aws:appautoscaling/policy:Policy": _SCALING,
    "aws:appautoscaling/scheduledAction:ScheduledAction": _SCALING,
    "aws:appautoscaling/target:Target": _SCALING,
    "aws:cloudwatch/metricAlarm:MetricAlarm": "Metrics are not collected: alarms are kept, and none rings",
    "aws:codedeploy/application:Application": _SHIFTING,
    "aws:codedeploy/deploymentGroup:DeploymentGroup": _SHIFTING,
    "aws:kms/key:Key": "Encryption is not played: keys are kept, and nothing is encrypted with them",
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": (
        "Provisioned concurrency is not played: environments start when they are needed"
    ),
}
"""By type. The type has its function in its service's module all the same, so that the program gets its outputs."""


def not_emulated(types: Iterable[str]) -> tuple[str, ...]:
    """What is not played of resources of these types, each said once, in the order of the table."""
    deployed = set(types)
    return tuple(dict.fromkeys(text for kind, text in NOT_EMULATED.items() if kind in deployed))
