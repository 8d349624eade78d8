"""Tool functions: functions that the stack itself calls. They run from the handlers' image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from components import iam
from components.function.function_arguments import attachments, concurrency
from components.model_source import Mount, Network
from handlers.contract import Architecture


@dataclass(frozen=True, kw_only=True)
class ToolRuntime:
    """What all tool functions of a stack share."""

    image_uri: pulumi.Input[str]
    """repository@sha256:digest"""
    architecture: Architecture
    log_retention_days: int
    kms_key_arn: str | None = None
    """Encrypts the environment and the logs."""


@dataclass(frozen=True, kw_only=True)
class ToolFunctionArgs:
    runtime: ToolRuntime
    handler: str
    """The image's command, one of the handlers that `handlers.contract` names."""
    memory_mib: int
    timeout_seconds: int
    grants: Sequence[iam.Statement]
    """What its role may do, besides writing its log group, joining `network` and having its environment decrypted."""
    further_policies: Sequence[Sequence[iam.Statement]] = ()
    """Statements for which one policy has no room: each group is a policy of its own."""
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    network: Network | None = None
    mount: Mount | None = None
    """A file system to mount, in `network`."""
    reserved_concurrency: int | None = None
    """None shares the account's concurrency."""
    ready: Sequence[pulumi.Resource] = ()
    """What the function must wait for, besides its grants."""


def tool_function(name: str, args: ToolFunctionArgs, parent: pulumi.Resource) -> aws.lambda_.Function:
    """A function with its role and log group, as children of `parent`. It waits for its grants."""
    inside, runtime = pulumi.ResourceOptions(parent=parent), args.runtime
    logs = aws.cloudwatch.LogGroup(
        f"{name}-logs", retention_in_days=runtime.log_retention_days, kms_key_id=runtime.kms_key_arn, opts=inside
    )
    trusted = iam.trust("lambda.amazonaws.com", iam.account_of(logs.arn))
    role = aws.iam.Role(f"{name}-role", assume_role_policy=trusted, opts=inside)
    granted = iam.grant(f"{name}-policy", role, [_grants(args, logs.arn), *args.further_policies], inside)
    return aws.lambda_.Function(
        name,
        package_type="Image",
        image_uri=runtime.image_uri,
        image_config={"commands": [args.handler]},
        architectures=[runtime.architecture],
        role=role.arn,
        memory_size=args.memory_mib,
        timeout=args.timeout_seconds,
        logging_config={"log_format": "JSON", "log_group": logs.name},
        kms_key_arn=runtime.kms_key_arn,
        reserved_concurrent_executions=concurrency(args.reserved_concurrency),
        environment={"variables": args.environment} if args.environment else None,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[*granted, *args.ready]),
        **attachments(args.network, args.mount),
    )


def _grants(args: ToolFunctionArgs, log_group_arn: pulumi.Input[str]) -> list[iam.Statement]:
    attach = [] if args.network is None else iam.attach_to_networks()
    key = args.runtime.kms_key_arn
    decrypt = [] if key is None else [iam.use_key(key, "lambda")]
    return [*args.grants, *attach, iam.write_logs(log_group_arn), *decrypt]
