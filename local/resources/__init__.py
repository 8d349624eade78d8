"""How each resource of the program is created in the emulated AWS: a module for each service, a function for each type.

To add a type, write its function in the module of its service and name it in that module's `RESOURCES`; a provider
function such as `getObject` goes into `CALLS`. A new service is a new module, listed here. What is
created and yet not played is in `not_emulated`.
"""

from collections.abc import Mapping

from local.resources import (
    apigateway,
    apigatewayv2,
    appautoscaling,
    cloudwatch,
    codedeploy,
    ec2,
    ecr,
    efs,
    iam,
    kms,
    lambda_,
    s3,
    s3files,
    sns,
    sqs,
    vpc,
)
from local.resources.created import Call, Create

RESOURCES: Mapping[str, Create] = {
    **apigateway.RESOURCES,
    **apigatewayv2.RESOURCES,
    **appautoscaling.RESOURCES,
    **cloudwatch.RESOURCES,
    **codedeploy.RESOURCES,
    **ec2.RESOURCES,
    **ecr.RESOURCES,
    **efs.RESOURCES,
    **iam.RESOURCES,
    **kms.RESOURCES,
    **lambda_.RESOURCES,
    **s3.RESOURCES,
    **s3files.RESOURCES,
    **sns.RESOURCES,
    **sqs.RESOURCES,
    **vpc.RESOURCES,
}

CALLS: Mapping[str, Call] = {**ec2.CALLS, **ecr.CALLS, **s3.CALLS}


def file_of(token: str) -> str:
    """Where a type such as `aws:s3/bucket:Bucket` belongs."""
    package, module, _ = token.split(":")
    service = module.split("/")[0] if package == "aws" else package
    return f"local/resources/{service}{'_' if service == 'lambda' else ''}.py"
