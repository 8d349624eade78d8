"""ProvisionedConcurrency: keeps environments of a function ready; their number may follow the time or the use."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws
from pulumi_aws.appautoscaling import (
    PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricArgsDict as ScalingMetric,
)


@dataclass(frozen=True, kw_only=True)
class ScheduledConcurrency:
    """Bounds that hold from a time on, until the time of another schedule."""

    schedule: str
    """`cron(…)`, `rate(…)` or `at(…)`."""
    minimum: int
    maximum: int
    timezone: str = "UTC"


@dataclass(frozen=True, kw_only=True)
class ProvisionedConcurrencyArgs:
    function_name: pulumi.Input[str]
    alias_name: pulumi.Input[str]
    """It must point to one version: Lambda keeps nothing ready for an alias that splits its traffic."""
    environments: int
    """The lowest number that is ready."""
    maximum: int | None = None
    """The highest number that is ready as the use rises. None keeps the number constant."""
    utilization_percent: int
    """The share of the ready environments that should be in use. AWS adjusts the number every minute or so."""
    schedule: Mapping[str, ScheduledConcurrency] = field(default_factory=dict[str, ScheduledConcurrency])
    """By the name of the scheduled action."""

    def __post_init__(self) -> None:
        if self.environments < 0 or (self.environments == 0 and not self.schedule):
            raise ValueError(f"environments is {self.environments}; allowed is 1 or more, or 0 beside a schedule")
        if self.maximum is not None and self.maximum < self.environments:
            raise ValueError(f"maximum is {self.maximum}; allowed is environments ({self.environments}) or more")


class ProvisionedConcurrency(pulumi.ComponentResource):
    """Requests to the alias reach environments that have loaded their models. Further requests start cold."""

    def __init__(self, name: str, args: ProvisionedConcurrencyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:ProvisionedConcurrency", name, None, opts)
        scaled = args.maximum is not None or bool(args.schedule)
        ready: list[pulumi.Resource] = []
        if args.environments:
            # Scaling changes the number, and a deployment must not change it back.
            ignored = ["provisioned_concurrent_executions"] if scaled else []
            ready.append(
                aws.lambda_.ProvisionedConcurrencyConfig(
                    name,
                    function_name=args.function_name,
                    qualifier=args.alias_name,
                    provisioned_concurrent_executions=args.environments,
                    opts=pulumi.ResourceOptions(parent=self, ignore_changes=ignored),
                )
            )
        if scaled:
            self._scale(name, args, ready)
        self.register_outputs({})

    def _scale(self, name: str, args: ProvisionedConcurrencyArgs, ready: list[pulumi.Resource]) -> None:
        # The namespace, the dimension and the metric:
        # https://docs.aws.amazon.com/autoscaling/application/userguide/services-that-can-integrate-lambda.html
        # A schedule changes the bounds, and a deployment must not change them back.
        ignored = ["min_capacity", "max_capacity"] if args.schedule else []
        target = aws.appautoscaling.Target(
            name,
            service_namespace="lambda",
            scalable_dimension="lambda:function:ProvisionedConcurrency",
            resource_id=pulumi.Output.concat("function:", args.function_name, ":", args.alias_name),
            min_capacity=args.environments,
            max_capacity=args.environments if args.maximum is None else args.maximum,
            opts=pulumi.ResourceOptions(parent=self, depends_on=ready, ignore_changes=ignored),
        )
        # Two changes of one target at a time are refused (ConcurrentUpdateException): each waits for the one before.
        before: list[pulumi.Resource] = []
        if args.maximum is not None:
            before.append(
                aws.appautoscaling.Policy(
                    name,
                    policy_type="TargetTrackingScaling",
                    service_namespace=target.service_namespace,
                    scalable_dimension=target.scalable_dimension,
                    resource_id=target.resource_id,
                    target_tracking_scaling_policy_configuration={
                        "target_value": args.utilization_percent / 100,
                        "customized_metric_specification": {"metrics": _use(args)},
                    },
                    opts=pulumi.ResourceOptions(parent=self),
                )
            )
        for action, scheduled in args.schedule.items():
            made = aws.appautoscaling.ScheduledAction(
                f"{name}-{action}",
                service_namespace=target.service_namespace,
                scalable_dimension=target.scalable_dimension,
                resource_id=target.resource_id,
                schedule=scheduled.schedule,
                timezone=scheduled.timezone,
                scalable_target_action={"min_capacity": scheduled.minimum, "max_capacity": scheduled.maximum},
                opts=pulumi.ResourceOptions(parent=self, depends_on=before),
            )
            before = [made]


def _use(args: ProvisionedConcurrencyArgs) -> list[ScalingMetric]:
    """The share of the ready environments in use; 0 while nobody calls.

    AWS's own metric for this has no data then, its alarms do not ring, and the number never falls again.
    """
    alias = pulumi.Output.concat(args.function_name, ":", args.alias_name)
    return [
        {
            "id": "used",
            "metric_stat": {
                "metric": {
                    "namespace": "AWS/Lambda",
                    "metric_name": "ProvisionedConcurrencyUtilization",
                    "dimensions": [
                        {"name": "FunctionName", "value": args.function_name},
                        {"name": "Resource", "value": alias},
                    ],
                },
                "stat": "Average",
            },
            "return_data": False,
        },
        {"id": "filled", "expression": "FILL(used, 0)", "label": "in use", "return_data": True},
    ]
