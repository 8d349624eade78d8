"""The access log of an API: its log group, and the format of its lines."""

import json
from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from components.api.api_args import ApiArgs
from components.settings.api_settings import GatewayKind

COMMON_VARIABLES: Mapping[str, str] = {
    "requestId": "$context.requestId",
    "requestTime": "$context.requestTime",
    "sourceIp": "$context.identity.sourceIp",
    "caller": "$context.identity.caller",
    "callerArn": "$context.identity.userArn",
    "path": "$context.path",
    "status": "$context.status",
    "responseLength": "$context.responseLength",
    "responseLatencyMs": "$context.responseLatency",
    "error": "$context.error.message",
    "authorizerError": "$context.authorizer.error",
    # `requestId` in the function's own record
    "functionRequestId": "$context.integration.requestId",
}

OWN_VARIABLES: Mapping[GatewayKind, Mapping[str, str]] = {
    "http": {
        "routeKey": "$context.routeKey",
        "subject": "$context.authorizer.claims.sub",
        "integrationStatus": "$context.integrationStatus",
        "integrationLatencyMs": "$context.integrationLatency",
        "integrationError": "$context.integrationErrorMessage",
    },
    "rest": {
        "resourcePath": "$context.resourcePath",
        "httpMethod": "$context.httpMethod",
        "subject": "$context.authorizer.principalId",
        "apiKeyId": "$context.identity.apiKeyId",
        "authenticationError": "$context.authenticate.error",
        "authorizationError": "$context.authorize.error",
        "integrationStatus": "$context.integration.status",
        "integrationLatencyMs": "$context.integration.latency",
        "integrationError": "$context.integration.error",
        "webAclStatus": "$context.waf.status",
    },
}
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html"""


def access_log(name: str, args: ApiArgs, opts: pulumi.ResourceOptions) -> aws.cloudwatch.LogGroup:
    """The log group that receives an API's access log."""
    return aws.cloudwatch.LogGroup(
        f"{name}-access",
        # Below this prefix, log delivery adds nothing to the account's resource policy, whose size is limited.
        name_prefix=f"/aws/vendedlogs/{name}-",
        retention_in_days=args.log_retention_days,
        kms_key_id=args.kms_key_arn,
        opts=opts,
    )


def access_log_format(kind: GatewayKind) -> str:
    """The format of a line: a JSON object."""
    return json.dumps({**COMMON_VARIABLES, **OWN_VARIABLES[kind]})
