"""Rules about functions: images by digest, logs that expire, nothing that Lambda would refuse."""

from collections.abc import Iterator

from .resource import Inputs, is_set, of

FUNCTION = "aws:lambda/function:Function"

MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"

OF_ONE_MODEL = "handlers.single_model.handler"
"""The command of a function that serves one model."""

RESERVED_PREFIXES = ("AWS_LAMBDA_",)
RESERVED_VARIABLES = frozenset(
    {
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "TZ",
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
    }
)
"""Variables that Lambda sets itself. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""

MOST_TAGS = 50
"""Tags of one resource. https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html"""

SNAPSHOT_EPHEMERAL_MIB = 512
"""The largest /tmp that SnapStart supports. https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html"""


@of(FUNCTION)
def functions_run_an_image_by_digest(name: str, inputs: Inputs) -> Iterator[str]:
    """A function names its image by digest: Lambda resolves a tag only once, so a tag does not say what runs."""
    if is_set(inputs, "imageUri"):
        image = inputs["imageUri"]
        if "@sha256:" not in image or ":" in image.split("@")[0].rsplit("/", 1)[-1]:
            yield f"{name}: imageUri must be repository@sha256:digest, not {image}"


@of(FUNCTION)
def functions_write_their_own_logs(name: str, inputs: Inputs) -> Iterator[str]:
    """A function names its log group and writes JSON."""
    logging = inputs.get("loggingConfig") or {}
    if not is_set(logging, "logGroup") or logging.get("logFormat") != "JSON":
        yield f"{name}: loggingConfig must name a log group and the format JSON"


@of(FUNCTION)
def functions_set_no_reserved_name(name: str, inputs: Inputs) -> Iterator[str]:
    """A function sets no variable that Lambda sets itself, because Lambda refuses it."""
    variables = (inputs.get("environment") or {}).get("variables") or {}
    for variable in sorted(variables):
        if variable in RESERVED_VARIABLES or variable.startswith(RESERVED_PREFIXES):
            yield f"{name}: Lambda sets {variable} itself; choose another name"


@of(FUNCTION)
def functions_mount_inside_a_network(name: str, inputs: Inputs) -> Iterator[str]:
    """A file system is mounted directly under /mnt, by a function in a network."""
    if not (mount := inputs.get("fileSystemConfig")):
        return
    path = mount.get("localMountPath") or ""
    if not path.startswith("/mnt/") or "/" in path.removeprefix("/mnt/") or path == "/mnt/":
        yield f"{name}: localMountPath must be /mnt/ and a name, not {path!r}"
    network = inputs.get("vpcConfig") or {}
    if not (is_set(network, "subnetIds") and is_set(network, "securityGroupIds")):
        yield f"{name}: a function with a file system must have subnets and security groups"


@of(FUNCTION)
def snapshots_hold_what_lambda_can_restore(name: str, inputs: Inputs) -> Iterator[str]:
    """A function with SnapStart mounts no file system, has at most 512 MiB of /tmp and publishes versions."""
    if (inputs.get("snapStart") or {}).get("applyOn") != "PublishedVersions":
        return
    if inputs.get("fileSystemConfig"):
        yield f"{name}: SnapStart does not go with a mounted file system"
    size = (inputs.get("ephemeralStorage") or {}).get("size") or SNAPSHOT_EPHEMERAL_MIB
    if size > SNAPSHOT_EPHEMERAL_MIB:
        yield f"{name}: SnapStart does not go with {size:g} MiB of /tmp; {SNAPSHOT_EPHEMERAL_MIB} is the most"
    if inputs.get("publish") is not True:
        yield f"{name}: SnapStart needs published versions"


@of("aws:lambda/functionUrl:FunctionUrl")
def function_urls_lead_to_an_alias(name: str, inputs: Inputs) -> Iterator[str]:
    """A function URL leads to a version that was published, and says whom it admits."""
    if not is_set(inputs, "qualifier"):
        yield f"{name}: a function URL must name an alias; without one it leads to what is being changed"
    if inputs.get("authorizationType") not in ("AWS_IAM", "NONE"):
        yield f"{name}: a function URL must say authorizationType AWS_IAM or NONE"


def failures_are_kept(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """An event that a function fails to process is sent to a destination."""
    configuration = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
    if type_ == configuration and not (inputs.get("destinationConfig") or {}).get("onFailure"):
        yield f"{name}: destinationConfig.onFailure must name a destination"


def messages_fail_alone(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """A function says which messages of a queue it failed on; else the others are handed out again, too."""
    if type_ == MAPPING and "ReportBatchItemFailures" not in (inputs.get("functionResponseTypes") or ()):
        yield f"{name}: functionResponseTypes must have ReportBatchItemFailures"


def logs_are_kept_for_a_time(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """A log group has a retention time; without one, logs are kept and billed forever."""
    if type_ == "aws:cloudwatch/logGroup:LogGroup" and not inputs.get("retentionInDays"):
        yield f"{name}: a log group must have retentionInDays"


def tags_are_not_amazons(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """No tag starts with aws:, because AWS refuses it."""
    if type_.startswith("aws:"):
        for tag in sorted(inputs.get("tags") or {}):
            if tag.lower().startswith("aws:"):
                yield f"{name}: the tag {tag} is AWS's own; choose another name"


def tags_are_few(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """No resource has more tags than AWS takes."""
    if type_.startswith("aws:") and len(tags := inputs.get("tags") or {}) > MOST_TAGS:
        yield f"{name}: has {len(tags)} tags; AWS takes {MOST_TAGS}"
