"""How each type of the program lives in the emulated AWS: a module for each service, a class for each type.

To add a type, write its class in the module of its service and name it in that module's `TYPES`; a provider function
such as `getObject` goes into `FUNCTIONS`. What a change of its properties does goes into `provider_facts.toml`, and
what AWS refuses and the emulator does not into `refusals`. A new service is a new module, listed here. What is created
and not emulated is in `not_emulated`.
"""

from collections.abc import Mapping
from pathlib import Path

from local.resources import (
    account_functions,
    apigateway,
    apigatewayv2,
    appautoscaling,
    cloudcontrol,
    cloudwatch,
    codedeploy,
    docker,
    ec2,
    ecr,
    efs,
    events,
    iam,
    kms,
    lambda_,
    lb,
    resourcegroupstaggingapi,
    route53,
    s3,
    s3files,
    sns,
    sqs,
    vpc,
    wafv2,
)
from local.resources.resource_type import Call, ResourceType

SERVICES = (
    *(apigateway, apigatewayv2, appautoscaling, cloudwatch, codedeploy, docker, ec2, ecr, efs, events, iam, kms),
    *(lambda_, lb, route53, s3, s3files, sns, sqs, vpc, wafv2),
)

TYPES: Mapping[str, type[ResourceType]] = {each.pulumi_type: each for service in SERVICES for each in service.TYPES}

FUNCTIONS: Mapping[str, Call] = {
    function: call
    for module in (account_functions, cloudcontrol, docker, ec2, ecr, lambda_, resourcegroupstaggingapi, s3)
    for function, call in module.FUNCTIONS.items()
}


def file_of(pulumi_type: str) -> str:
    """Where a type such as `aws:s3/bucket:Bucket` belongs."""
    package, module, _ = pulumi_type.split(":")
    service = module.split("/")[0] if package == "aws" else package
    name = "lambda_" if service == "lambda" else service
    package_file = Path(__file__).parent / name / "__init__.py"
    return f"local/resources/{name}/__init__.py" if package_file.exists() else f"local/resources/{name}.py"
