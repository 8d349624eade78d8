"""Permissions: an API may invoke the functions behind it, and its authorizers may invoke the function that decides."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from components.api.api_access import LambdaAccess
from components.api.api_args import ApiFunctions
from components.function.inference_function import InferenceFunction


def permit_api(
    name: str, functions: ApiFunctions, execution_arn: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> Mapping[InferenceFunction, aws.lambda_.Permission]:
    """Let this API invoke each function's alias: one permission for each function, however many paths lead to it."""
    return {
        function: aws.lambda_.Permission(
            f"{name}-{label}-permission",
            action="lambda:InvokeFunction",
            function=function.function_name,
            qualifier=function.alias_name,
            principal="apigateway.amazonaws.com",
            source_arn=pulumi.Output.concat(execution_arn, "/*/*"),
            opts=opts,
        )
        for function, label in functions.labels().items()
    }


def permit_authorizer(
    name: str, access: LambdaAccess, execution_arn: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> aws.lambda_.Permission:
    """Let only this API's authorizers invoke the function."""
    parts = access.function_arn.split(":")
    return aws.lambda_.Permission(
        f"{name}-permission-to-authorize",  # no model's name can give its permission this name
        action="lambda:InvokeFunction",
        function=":".join(parts[:7]),
        qualifier=parts[7] if len(parts) > 7 else None,
        principal="apigateway.amazonaws.com",
        source_arn=pulumi.Output.concat(execution_arn, "/authorizers/*"),
        opts=opts,
    )
