"""What a deployment on this machine accepts and does not emulate. `make up` and `make demo` print it."""

from collections.abc import Iterable, Mapping

_SHIFTING = (
    "CodeDeploy does not wait here: unless it is given some, a shift takes no time, and an alarm stops it only before "
    "it starts"
)
_SCALING = "Application Auto Scaling is not emulated: provisioned concurrency stays what it is"

NOT_EMULATED: Mapping[str, str] = {
    "aws:apigateway/apiKey:ApiKey": "API keys are kept and not asked for: a REST API answers without one",
    "aws:apigatewayv2/domainName:DomainName": "Domain names are kept, and lead nowhere",
    "aws:appautoscaling/policy:Policy": _SCALING,
    "aws:appautoscaling/scheduledAction:ScheduledAction": _SCALING,
    "aws:appautoscaling/target:Target": _SCALING,
    "aws:cloudwatch/metricAlarm:MetricAlarm": "Metrics are not collected: alarms are kept, and none fires",
    "aws:codedeploy/application:Application": _SHIFTING,
    "aws:codedeploy/deploymentGroup:DeploymentGroup": _SHIFTING,
    "aws:ec2/securityGroup:SecurityGroup": "Networks are kept, not enforced: a worker reaches what this machine does",
    "aws:iam/rolePolicy:RolePolicy": "Grants are checked at each call of a function; what its code asks for is not",
    "aws:kms/key:Key": "Encryption is not emulated: keys are kept, and nothing is encrypted with them",
    "aws:lambda/function:Function.snapStart": "SnapStart is not emulated: every environment starts cold",
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": (
        "Provisioned concurrency is not emulated: environments start when they are needed"
    ),
    "aws:wafv2/webAclAssociation:WebAclAssociation": "Web ACLs are kept, and no request is inspected",
}
"""By type, or by type and input. Each type has its class in its service's module all the same: the program needs its
outputs."""


def not_emulated(kinds: Iterable[str]) -> tuple[str, ...]:
    """The lines for these types, and types with an input; each once, in the order of the table."""
    deployed = set(kinds)
    return tuple(dict.fromkeys(text for kind, text in NOT_EMULATED.items() if kind in deployed))
