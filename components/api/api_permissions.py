"""Permissions: an API may invoke the functions behind it, and its authorizers may invoke the function that decides."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from components.api.api_access import LambdaAccess
from components.api.api_args import ApiFunctions
from components.function.inference_function import InferenceFunction
from components.function.permission import permit


def permit_api(
    name: str, functions: ApiFunctions, execution_arn: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> Mapping[InferenceFunction, aws.lambda_.Permission]:
    """Let this API invoke each function's alias: one permission for each function, however many paths lead to it."""
    return {
        function: permit(
            f"{name}-{label}-permission",
            "apigateway",
            pulumi.Output.concat(execution_arn, "/*/*"),
            function.function_name,
            qualifier=function.alias_name,
            opts=opts,
        )
        for function, label in functions.labels().items()
    }


def permit_authorizer(
    name: str, access: LambdaAccess, execution_arn: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> aws.lambda_.Permission:
    """Let only this API's authorizers invoke the function."""
    parts = access.function_arn.split(":")
    return permit(
        f"{name}-permission-to-authorize",  # no model's name can give its permission this name
        "apigateway",
        pulumi.Output.concat(execution_arn, "/authorizers/*"),
        ":".join(parts[:7]),
        qualifier=parts[7] if len(parts) > 7 else None,
        opts=opts,
    )
