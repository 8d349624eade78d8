"""InferenceFunction: a Lambda function that serves models, with its role, log group, version and alias."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import iam
from components.function.asynchronous_requests import RequestQueue
from components.function.function_arguments import attachments, concurrency
from components.model_source import ModelBinding, ModelSource
from components.settings.function_settings import FunctionSettings
from components.settings.operations_settings import OperationsSettings
from handlers.contract import (
    ALLOW_MODEL_CODE,
    CORS_CREDENTIALS,
    CORS_ORIGINS,
    LISTED_MODELS,
    METRICS,
    MODEL_CACHE_BYTES,
    MODEL_STORE_URI,
    MODELS_AWAITED,
    SERVES_PAGE,
    TENSOR_PLACES,
    VERIFY_MODELS,
    Architecture,
    MetricSet,
    join_model_names,
    model_names,
)

ALIAS = "live"
"""The alias that callers use. It points to the newest version, or shares traffic during a gradual delivery."""

UNTIL_THE_SNAPSHOT_IS_TAKEN = pulumi.CustomTimeouts(create="30m", update="30m")
"""How long a deployment waits for a version with a snapshot. Lambda gives its init up to 15 minutes, more than the
provider waits by itself. https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html"""

DEFAULTS = FunctionSettings()


@dataclass(frozen=True, kw_only=True)
class InferenceFunctionArgs:
    image_uri: pulumi.Input[str]
    """repository@sha256:digest. Lambda resolves a tag only once: a later push to the tag would change nothing."""
    handler: str
    """The image's command, one of the handlers that `handlers.contract` names."""
    models: Sequence[str] | None
    """The models that the function serves, and the only ones that its role can read. None for all models of the
    source, also those that are published later."""
    awaited: bool = False
    """Whether these models are published after the deployment: until then, it is no failure that one is not there."""
    source: ModelSource
    """Where they live."""
    listed_models: Sequence[str] = ()
    """The models that the function lists to callers, if these are not `models`: other functions serve the others."""
    memory_mib: int = DEFAULTS.memory_mib
    timeout_seconds: int = DEFAULTS.timeout_seconds
    ephemeral_storage_mib: int = DEFAULTS.ephemeral_storage_mib
    architecture: Architecture = "x86_64"
    """The image's, too."""
    reserved_concurrency: int | None = None
    """None shares the account's concurrency."""
    model_cache_mib: int | None = None
    """None lets the handler derive it from the memory."""
    verify_models: bool = True
    """Compare files that are read where they lie with their checksums at each load."""
    allow_model_code: bool = False
    """Serve versions that bring code, and run it with the function's role."""
    tensor_buckets: Sequence[str] = ()
    """Where requests may name tensors in S3, each `bucket` or `bucket/prefix`: the function may read them there, and
    write new ones."""
    requests: RequestQueue | None = None
    """The queue of requests that it answers later. None answers every request at once."""
    cors_origins: Sequence[str] = ()
    """The origins whose pages may read its answers, where nothing in front of it adds the headers for that."""
    cors_credentials: bool = False
    """Whether these pages may send the browser's own credentials."""
    page: bool = True
    """Answer people with a page at `/`."""
    snap_start: bool = False
    """Start new environments from a snapshot that Lambda takes when it publishes the version."""
    gradual_delivery: bool = False
    """Do not move the alias after it was created: CodeDeploy moves it."""
    metrics: Sequence[MetricSet] = ()
    """The metrics that it writes."""
    log_retention_days: int = OperationsSettings().log_retention_days
    kms_key_arn: pulumi.Input[str] | None = None
    """Encrypts the environment and the logs; None leaves that to keys of AWS."""

    def __post_init__(self) -> None:
        if self.models is not None and not self.models:
            raise ValueError("models is empty; a function serves at least one model")
        if isinstance(self.image_uri, str) and "@sha256:" not in self.image_uri:
            raise ValueError(f"image_uri is {self.image_uri!r}; allowed is repository@sha256:digest, never a tag")


class InferenceFunction(pulumi.ComponentResource):
    """A function that may read its own models and write its own log group, and nothing else.

    Every change publishes a version, and the alias moves to the version when it is ready. The function waits for what
    its models need: seeded objects, mount targets, the first sync.
    """

    function_name: pulumi.Output[str]
    function_arn: pulumi.Output[str]
    version: pulumi.Output[str]
    """The newest version."""
    alias_name: pulumi.Output[str]
    alias_arn: pulumi.Output[str]
    invoke_arn: pulumi.Output[str]
    """Of the alias, for API Gateway."""
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
        trusted = iam.trust("lambda.amazonaws.com", iam.account_of(logs.arn))
        role = aws.iam.Role(f"{name}-role", assume_role_policy=trusted, opts=inside)
        of_requests = [args.requests.statements] if args.requests else []
        policies = [_grants(args, binding, logs.arn), *binding.further_policies, *of_requests]
        granted = iam.grant(f"{name}-grants", role, policies, inside, replaced=True)
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
            reserved_concurrent_executions=concurrency(args.reserved_concurrency),
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
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*granted, *binding.ready],
                custom_timeouts=UNTIL_THE_SNAPSHOT_IS_TAKEN if args.snap_start else None,
            ),
            **attachments(binding.network, binding.mount),
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


def _describe(models: Sequence[str] | None) -> str:
    """A description of at most 256 characters, which is Lambda's limit."""
    if models is None:
        return "Serves all models"
    text = f"Serves {', '.join(models)}"
    return text if len(text) <= 256 else f"Serves {len(models)} models"


def _environment(args: InferenceFunctionArgs, binding: ModelBinding) -> dict[str, pulumi.Input[str]]:
    variables: dict[str, pulumi.Input[str]] = {
        MODEL_STORE_URI: binding.store_uri,
        **model_names(args.models),
    }
    if args.listed_models:
        variables[LISTED_MODELS] = join_model_names(args.listed_models)
    if args.model_cache_mib is not None:
        variables[MODEL_CACHE_BYTES] = str(args.model_cache_mib << 20)
    if args.awaited and args.models is not None:
        variables[MODELS_AWAITED] = "true"
    if args.metrics:
        variables[METRICS] = ",".join(args.metrics)
    if not args.verify_models:
        variables[VERIFY_MODELS] = "false"
    if args.allow_model_code:
        variables[ALLOW_MODEL_CODE] = "true"
    if args.tensor_buckets:
        variables[TENSOR_PLACES] = ",".join(args.tensor_buckets)
    if args.requests:
        variables |= args.requests.environment
    if args.cors_origins:
        variables[CORS_ORIGINS] = ",".join(args.cors_origins)
    if args.cors_credentials:
        variables[CORS_CREDENTIALS] = "true"
    if not args.page:
        variables[SERVES_PAGE] = "false"
    return variables


def _grants(
    args: InferenceFunctionArgs, binding: ModelBinding, log_group_arn: pulumi.Input[str]
) -> list[iam.Statement]:
    return [
        iam.write_logs(log_group_arn),
        *(iam.attach_to_networks() if binding.network else []),
        *([iam.use_key(args.kms_key_arn, "lambda")] if args.kms_key_arn is not None else []),
        *binding.statements,
        *([_use_tensors(args.tensor_buckets, log_group_arn)] if args.tensor_buckets else []),
    ]


def _use_tensors(places: Sequence[str], arn_of_the_stack: pulumi.Input[str]) -> iam.Statement:
    """Grant reading and writing objects at these places, without listing or deleting them."""
    partition = iam.partition_of(arn_of_the_stack)
    return iam.allow(
        ["s3:GetObject", "s3:PutObject"],
        [pulumi.Output.concat("arn:", partition, f":s3:::{place}/*") for place in places],
    )
