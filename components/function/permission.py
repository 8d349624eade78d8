"""The permission of an AWS service to invoke a function."""

import pulumi
import pulumi_aws as aws


def permit(
    name: str,
    service: str,
    source_arn: pulumi.Input[str],
    function_name: pulumi.Input[str],
    *,
    qualifier: pulumi.Input[str] | None = None,
    source_account: pulumi.Input[str] | None = None,
    opts: pulumi.ResourceOptions,
) -> aws.lambda_.Permission:
    """Let a service invoke a function for one of its resources.

    Args:
        name: of the Pulumi resource.
        service: the first part of its host name, such as `events`.
        source_arn: the resource that it acts for.
        function_name: the function.
        qualifier: the alias or version, where the service invokes that.
        source_account: the account of the resource, where its ARN names none.
        opts: of the Pulumi resource.
    """
    return aws.lambda_.Permission(
        name,
        action="lambda:InvokeFunction",
        function=function_name,
        qualifier=qualifier,
        principal=f"{service}.amazonaws.com",
        source_arn=source_arn,
        source_account=source_account,
        opts=opts,
    )
