"""GradualDelivery: shifts traffic to a function's new version in steps, and back if an alarm rings.

The function's alias points to both versions, and CodeDeploy moves the weights between them. Pulumi creates the alias
and does not change its versions afterwards. A small function starts the deployment, for which Pulumi has no resource
type. A version that was rolled back is not tried again; the next version is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import pulumi
import pulumi_aws as aws

from components import iam
from components.function.tool_function import ToolFunctionArgs, ToolRuntime, tool_function
from components.operations.operated_function import OperatedFunction
from components.retries import NOT_READY, until_it_holds
from components.role_policies import functions_by_policy
from components.settings.operations_settings import Delivery
from handlers.contract import PATIENCE_SECONDS, TRAFFIC_SHIFT_HANDLER

# https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
CODEDEPLOY_CONFIGURATIONS: Mapping[Delivery, str] = {
    name: f"CodeDeployDefault.Lambda{name[0].upper()}{name[1:]}" for name in get_args(Delivery) if name != "allAtOnce"
}

STARTER_TIMEOUT_SECONDS = PATIENCE_SECONDS + 60


@dataclass(frozen=True, kw_only=True)
class DeliveryTarget:
    """One function whose alias is shifted to its newest version."""

    operated: OperatedFunction
    alarms: Sequence[aws.cloudwatch.MetricAlarm]
    """If one of these rings during the shift, all traffic moves back. They watch the new version."""


@dataclass(frozen=True, kw_only=True)
class GradualDeliveryArgs:
    targets: Sequence[DeliveryTarget]
    delivery: Delivery
    """How traffic moves: `canary…` in two steps, `linear…` in equal steps."""
    runtime: ToolRuntime

    def __post_init__(self) -> None:
        if self.delivery not in CODEDEPLOY_CONFIGURATIONS:
            allowed = ", ".join(CODEDEPLOY_CONFIGURATIONS)
            raise ValueError(f"delivery is {self.delivery!r}; traffic is shifted in steps by one of {allowed}")


class GradualDelivery(pulumi.ComponentResource):
    """A CodeDeploy application with a deployment group for each function, and a function that starts deployments."""

    application_name: pulumi.Output[str]

    def __init__(self, name: str, args: GradualDeliveryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:GradualDelivery", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self)

        application = aws.codedeploy.Application(name, compute_platform="Lambda", opts=inside)
        trusted = iam.trust("codedeploy.amazonaws.com", iam.account_of(application.arn))
        role = aws.iam.Role(f"{name}-role", assume_role_policy=trusted, opts=inside)
        granted = iam.grant(f"{name}-policy", role, _codedeploy_grants(name, args.targets), inside)
        groups = {
            target.operated.name: aws.codedeploy.DeploymentGroup(
                f"{name}-{target.operated.name}",
                app_name=application.name,
                deployment_group_name=f"{name}-{target.operated.name}",
                deployment_config_name=CODEDEPLOY_CONFIGURATIONS[args.delivery],
                deployment_style={"deployment_option": "WITH_TRAFFIC_CONTROL", "deployment_type": "BLUE_GREEN"},
                service_role_arn=role.arn,
                alarm_configuration={"enabled": True, "alarms": [alarm.name for alarm in target.alarms]},
                auto_rollback_configuration={
                    "enabled": True,
                    "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"],
                },
                opts=pulumi.ResourceOptions(parent=self, depends_on=granted),
            )
            for target in args.targets
        }
        starter = tool_function(f"{name}-starter", _starter(name, args, application, groups), self)
        for target in args.targets:
            aws.lambda_.Invocation(
                f"{name}-{target.operated.name}-shift",
                function_name=starter.name,
                input=pulumi.Output.json_dumps(
                    {
                        "application": application.name,
                        "deployment_group": groups[target.operated.name].deployment_group_name,
                        "function": target.operated.function.function_name,
                        "alias": target.operated.function.alias_name,
                        "version": target.operated.function.version,
                        "alarms": [alarm.name for alarm in target.alarms],
                    }
                ),
                opts=pulumi.ResourceOptions(
                    parent=self, hooks=until_it_holds(f"{name}-{target.operated.name}", NOT_READY)
                ),
            )

        self.application_name = application.name
        self.register_outputs({"application_name": self.application_name})


def _starter(
    name: str,
    args: GradualDeliveryArgs,
    application: aws.codedeploy.Application,
    groups: Mapping[str, aws.codedeploy.DeploymentGroup],
) -> ToolFunctionArgs:
    """The function that asks CodeDeploy for a deployment."""
    grants, *further = _starter_grants(name, args, application, groups)
    return ToolFunctionArgs(
        runtime=args.runtime,
        handler=TRAFFIC_SHIFT_HANDLER,
        memory_mib=256,
        timeout_seconds=STARTER_TIMEOUT_SECONDS,
        grants=grants,
        further_policies=further,
    )


def _targets_by_policy(name: str, targets: Sequence[DeliveryTarget]) -> list[list[DeliveryTarget]]:
    by_name = {target.operated.name: target for target in targets}
    return [[by_name[each] for each in group] for group in functions_by_policy(name, list(by_name))]


def _codedeploy_grants(name: str, targets: Sequence[DeliveryTarget]) -> list[list[iam.Statement]]:
    """Grant CodeDeploy to move the aliases, and to read the alarms that it watches. The statements of each policy."""
    actions = ["lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"]
    policies = [[iam.allow(actions, _functions(group))] for group in _targets_by_policy(name, targets)]
    policies[0] += _read_alarms(targets)
    return policies


def _read_alarms(targets: Sequence[DeliveryTarget]) -> list[iam.Statement]:
    """Grant reading alarms by name: CloudWatch checks such a grant against all alarms of the region."""
    if not (alarms := [alarm for target in targets for alarm in target.alarms]):
        return []
    # arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME
    every = alarms[0].arn.apply(lambda arn: f"{arn.rsplit(':alarm:', 1)[0]}:alarm:*")
    return [iam.allow(["cloudwatch:DescribeAlarms"], [every])]


def _starter_grants(
    name: str,
    args: GradualDeliveryArgs,
    application: aws.codedeploy.Application,
    groups: Mapping[str, aws.codedeploy.DeploymentGroup],
) -> list[list[iam.Statement]]:
    """Grant starting a deployment. CodeDeploy reads the application and the configuration, the starter the alarms.
    The statements of each policy."""
    # arn:aws:codedeploy:REGION:ACCOUNT:application:NAME
    codedeploy = application.arn.apply(lambda arn: arn.rsplit(":application:", 1)[0])
    configuration = pulumi.Output.concat(codedeploy, ":deploymentconfig:", CODEDEPLOY_CONFIGURATIONS[args.delivery])
    policies = [
        [
            iam.allow(
                ["codedeploy:CreateDeployment"],
                [groups[target.operated.name].arn for target in targets],
            ),
            iam.allow(["lambda:GetAlias"], _functions(targets)),
        ]
        for targets in _targets_by_policy(name, args.targets)
    ]
    policies[0] += [
        iam.allow(["codedeploy:GetApplicationRevision", "codedeploy:RegisterApplicationRevision"], [application.arn]),
        iam.allow(["codedeploy:GetDeploymentConfig"], [configuration]),
        *_read_alarms(args.targets),
    ]
    return policies


def _functions(targets: Sequence[DeliveryTarget]) -> list[pulumi.Input[str]]:
    """The ARNs of the functions and of their aliases: Lambda checks actions on an alias against either."""
    arns = [target.operated.function.function_arn for target in targets]
    return [granted for arn in arns for granted in (arn, pulumi.Output.concat(arn, ":*"))]
