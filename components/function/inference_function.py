"""InferenceFunction: a Lambda function that serves models, with its role, log group, version and alias."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components import iam
from components.model_source import ModelBinding, ModelSource
from handlers.contract import MODEL_CACHE_BYTES, MODEL_NAMES, MODEL_STORE_URI, Architecture, join_model_names

ALIAS = "live"
"""The alias that callers use; it stands for the version that was published last."""

UNRESERVED = -1
"""What Lambda calls a function without reserved concurrency."""


@dataclass(frozen=True, kw_only=True)
class InferenceFunctionArgs:
    image_uri: pulumi.Input[str]
    """repository@sha256:digest. Lambda looks a tag up only once, so that a tag would not follow a later push."""
    handler: str
    """The image's command, one of the handlers that `handlers.contract` names."""
    models: Sequence[str]
    """The models that the function serves, and the only ones that its role can read."""
    source: ModelSource
    """Where they live."""
    memory_mib: int = 1769
    timeout_seconds: int = 29
    ephemeral_storage_mib: int = 512
    architecture: Architecture = "x86_64"
    """Of the image too."""
    reserved_concurrency: int | None = None
    """None shares the account's concurrency."""
    model_cache_mib: int | None = None
    """None lets the handler derive it from the memory."""
    snap_start: bool = False
    """Start new environments of a version from a snapshot, which is taken when the version is published."""
    gradual_delivery: bool = False
    """Leave the alias at its version, for others to move it, once it is created."""
    log_retention_days: int = 30
    kms_key_arn: pulumi.Input[str] | None = None
    """Encrypts the environment and the logs; by default the keys that AWS manages or owns do."""

    def __post_init__(self) -> None:
        if not self.models:
            raise ValueError("models is empty; a function serves at least one model")
        if isinstance(self.image_uri, str) and "@sha256:" not in self.image_uri:
            raise ValueError(f"image_uri is {self.image_uri!r}; allowed is repository@sha256:digest, never a tag")


class InferenceFunction(pulumi.ComponentResource):
    """A function that reads exactly its own models and writes exactly its own log group.

    It is published as a version on every change, and the alias moves to that version once it is ready. It does not
    exist before what its models need is there: seeded objects, mount targets, the first sync.
    """

    function_name: pulumi.Output[str]
    function_arn: pulumi.Output[str]
    version: pulumi.Output[str]
    """The version that was published last."""
    alias_name: pulumi.Output[str]
    alias_arn: pulumi.Output[str]
    invoke_arn: pulumi.Output[str]
    """What API Gateway calls: the alias."""
    log_group_name: pulumi.Output[str]

    def __init__(self, name: str, args: InferenceFunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:InferenceFunction", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self)
        binding = args.source.binding(args.models)
        logs = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name_prefix=f"/aws/lambda/{name}-",
            retention_in_days=args.log_retention_days,
            kms_key_id=args.kms_key_arn,
            opts=inside,
        )
        role = aws.iam.Role(f"{name}-role", assume_role_policy=iam.trust("lambda.amazonaws.com"), opts=inside)
        grants = aws.iam.RolePolicy(
            f"{name}-grants",
            role=role.name,
            policy=iam.policy(_grants(args, binding, logs.arn)),
            opts=inside,
        )
        function = aws.lambda_.Function(
            name,
            package_type="Image",
            image_uri=args.image_uri,
            image_config={"commands": [args.handler]},
            description=_describe(args.models),
            role=role.arn,
            architectures=[args.architecture],
            memory_size=args.memory_mib,
            timeout=args.timeout_seconds,
            ephemeral_storage={"size": args.ephemeral_storage_mib},
            reserved_concurrent_executions=UNRESERVED
            if args.reserved_concurrency is None
            else args.reserved_concurrency,
            environment={"variables": _environment(args, binding)},
            logging_config={
                "log_format": "JSON",
                "log_group": logs.name,
                "application_log_level": "INFO",
                "system_log_level": "INFO",
            },
            kms_key_arn=args.kms_key_arn,
            snap_start={"apply_on": "PublishedVersions"} if args.snap_start else None,
            publish=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[grants, *binding.ready]),
            **_attachments(binding),
        )
        alias = aws.lambda_.Alias(
            f"{name}-{ALIAS}",
            name=ALIAS,
            function_name=function.name,
            function_version=function.version,
            opts=pulumi.ResourceOptions(
                parent=self,
                ignore_changes=["function_version", "routing_config"] if args.gradual_delivery else None,
            ),
        )
        self.function_name = function.name
        self.function_arn = function.arn
        self.version = function.version
        self.alias_name = alias.name
        self.alias_arn = alias.arn
        self.invoke_arn = alias.invoke_arn
        self.log_group_name = logs.name
        self.register_outputs(
            {
                "function_name": self.function_name,
                "function_arn": self.function_arn,
                "version": self.version,
                "alias_name": self.alias_name,
                "alias_arn": self.alias_arn,
                "invoke_arn": self.invoke_arn,
                "log_group_name": self.log_group_name,
            }
        )


def _describe(models: Sequence[str]) -> str:
    """A description within Lambda's 256 characters."""
    text = f"Serves {', '.join(models)}"
    return text if len(text) <= 256 else f"Serves {len(models)} models"


def _environment(args: InferenceFunctionArgs, binding: ModelBinding) -> dict[str, pulumi.Input[str]]:
    variables: dict[str, pulumi.Input[str]] = {
        MODEL_STORE_URI: binding.store_uri,
        MODEL_NAMES: join_model_names(args.models),
        **binding.environment,
    }
    if args.model_cache_mib is not None:
        variables[MODEL_CACHE_BYTES] = str(args.model_cache_mib << 20)
    return variables


def _grants(
    args: InferenceFunctionArgs, binding: ModelBinding, log_group_arn: pulumi.Input[str]
) -> list[iam.Statement]:
    return [
        iam.write_logs(log_group_arn),
        *([iam.attach_to_networks()] if binding.network else []),
        *([iam.decrypt(args.kms_key_arn)] if args.kms_key_arn is not None else []),
        *binding.statements,
    ]


def _attachments(binding: ModelBinding) -> dict[str, Any]:
    """A function's arguments for its network and its mounted file system, where it has them."""
    arguments: dict[str, Any] = {}
    if binding.network:
        arguments["vpc_config"] = {
            "subnet_ids": list(binding.network.subnet_ids),
            "security_group_ids": list(binding.network.security_group_ids),
        }
        # Lambda gives its network interfaces back within 20 minutes or so. The security groups need not wait for that
        # then; the subnets of a VPC of the stack's own do.
        arguments["replace_security_groups_on_destroy"] = True
    if binding.mount:
        arguments["file_system_config"] = {
            "arn": binding.mount.access_point_arn,
            "local_mount_path": binding.mount.path,
        }
    return arguments
