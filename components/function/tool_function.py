"""Tool functions: what else runs from the handlers' image, on behalf of the deployment, with its role and log group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from components import iam


@dataclass(frozen=True, kw_only=True)
class ToolFunctionArgs:
    image_uri: pulumi.Input[str]
    """repository@sha256:digest"""
    handler: str
    """The image's command, one of the handlers that `handlers.contract` names."""
    architecture: str
    memory_mib: int
    timeout_seconds: int
    grants: Sequence[iam.Statement]
    """What its role may do besides writing its own log group, and decrypting with `kms_key_arn`."""
    log_retention_days: int
    kms_key_arn: pulumi.Input[str] | None = None
    """Encrypts the environment and the logs."""
    tags: Mapping[str, str] | None = None
    more: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """More arguments of the function: its environment, its network, what it mounts."""
    ready: Sequence[pulumi.Resource] = ()
    """What the function must wait for, besides its grants."""


def tool_function(name: str, args: ToolFunctionArgs, parent: pulumi.Resource) -> aws.lambda_.Function:
    """A function with its role and log group, as children of `parent`. It does not exist before its grants do."""
    inside = pulumi.ResourceOptions(parent=parent)
    role = aws.iam.Role(
        f"{name}-role", assume_role_policy=iam.trust("lambda.amazonaws.com"), tags=args.tags, opts=inside
    )
    logs = aws.cloudwatch.LogGroup(
        f"{name}-logs",
        retention_in_days=args.log_retention_days,
        kms_key_id=args.kms_key_arn,
        tags=args.tags,
        opts=inside,
    )
    decrypt = [] if args.kms_key_arn is None else [iam.decrypt(args.kms_key_arn)]
    statements = [*args.grants, iam.write_logs(logs.arn), *decrypt]
    grant = aws.iam.RolePolicy(f"{name}-policy", role=role.name, policy=iam.policy(statements), opts=inside)
    return aws.lambda_.Function(
        name,
        package_type="Image",
        image_uri=args.image_uri,
        image_config={"commands": [args.handler]},
        architectures=[args.architecture],
        role=role.arn,
        memory_size=args.memory_mib,
        timeout=args.timeout_seconds,
        logging_config={"log_format": "JSON", "log_group": logs.name},
        kms_key_arn=args.kms_key_arn,
        tags=args.tags,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[grant, *args.ready]),
        **args.more,
    )
