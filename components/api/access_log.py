"""The access log of an API: its log group, and the format of its lines."""

import json

import pulumi
import pulumi_aws as aws

from components.api.api_args import ApiArgs


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


def access_log_format(**variables: str) -> str:
    """The format of a line, as JSON: variables that both kinds of API have, and these of one kind."""
    common = {
        "requestId": "$context.requestId",
        "requestTime": "$context.requestTime",
        "sourceIp": "$context.identity.sourceIp",
        "caller": "$context.identity.caller",
        "path": "$context.path",
        "status": "$context.status",
        "responseLength": "$context.responseLength",
        "responseLatencyMs": "$context.responseLatency",
        "error": "$context.error.message",
    }
    return json.dumps(common | variables)
