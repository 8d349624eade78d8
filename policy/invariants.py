"""What holds for every resource of every stack: one pure function an invariant. Standard library only.

An invariant takes a resource's type, name and inputs (by the provider's names, in camelCase) and yields a sentence for
each breach. The tests hold them over every shape of stack; a policy pack holds them over a preview.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Inputs = Mapping[str, Any]
Invariant = Callable[[str, str, Inputs], Iterator[str]]

WITHOUT_RESOURCE_LEVEL = frozenset(
    {
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
    }
)
"""Actions that may be granted on every resource: AWS has no resource level for them, or no ARN to name beforehand.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html"""


def buckets_block_public_access(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """Public access is blocked in all four ways."""
    if type_ == "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock":
        for key in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"):
            if inputs.get(key) is not True:
                yield f"{name}: {key} must be true"


def buckets_refuse_plain_http(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """A bucket policy denies everything that comes without TLS."""
    if type_ == "aws:s3/bucketPolicy:BucketPolicy" and not any(
        statement["Effect"] == "Deny"
        and statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport") == "false"
        for statement in _statements(inputs["policy"])
    ):
        yield f"{name}: a bucket policy must deny requests without TLS"


def resource_policies_name_their_principals(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """Nobody is allowed in by a policy that means everyone."""
    document = inputs.get("policy")
    if type_ in ("aws:s3/bucketPolicy:BucketPolicy", "aws:ecr/repositoryPolicy:RepositoryPolicy") and document:
        for statement in _statements(document):
            if statement["Effect"] == "Allow" and statement.get("Principal") in ("*", {"AWS": "*"}):
                yield f"{name}: a statement allows everyone; name the principal"


def services_call_for_one_resource(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """A service may invoke a function on behalf of the resource that is named, not of anyone's."""
    if type_ == "aws:lambda/permission:Permission" and not inputs.get("sourceArn"):
        yield f"{name}: a permission must name sourceArn"


def grants_are_narrow(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """A role's policy has no wildcard action, and every resource only where AWS knows no narrower one."""
    if type_ not in ("aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy"):
        return
    for statement in _statements(inputs["policy"]):
        if statement["Effect"] != "Allow":
            continue
        actions, resources = _listed(statement["Action"]), _listed(statement["Resource"])
        yield from (f"{name}: grants the wildcard action {action}" for action in actions if "*" in action)
        if "*" in resources and (broad := sorted(set(actions) - WITHOUT_RESOURCE_LEVEL)):
            yield f"{name}: grants {', '.join(broad)} on every resource"


def roles_have_no_managed_policy(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """AWS's managed policies grant more than one function needs."""
    if type_ == "aws:iam/rolePolicyAttachment:RolePolicyAttachment" or inputs.get("managedPolicyArns"):
        yield f"{name}: attach no managed policy; write the grant"


def data_is_encrypted(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """What holds data says how it is encrypted."""
    if type_ == "aws:efs/fileSystem:FileSystem" and inputs.get("encrypted") is not True:
        yield f"{name}: a file system must be encrypted"
    if type_ == "aws:ecr/repository:Repository" and not inputs.get("encryptionConfigurations"):
        yield f"{name}: a repository must be encrypted"
    if type_ == "aws:sqs/queue:Queue" and not (inputs.get("sqsManagedSseEnabled") or inputs.get("kmsMasterKeyId")):
        yield f"{name}: a queue must be encrypted"


def logs_are_kept_for_a_time(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """A log group says for how long; otherwise logs are kept, and billed, for ever."""
    if type_ == "aws:cloudwatch/logGroup:LogGroup" and not inputs.get("retentionInDays"):
        yield f"{name}: a log group must have retentionInDays"


def functions_run_an_image_by_digest(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """Lambda looks a tag up once, so that a tag says nothing about what runs."""
    image = inputs.get("imageUri")
    if type_ == "aws:lambda/function:Function" and image is not None and "@sha256:" not in image:
        yield f"{name}: imageUri must be repository@sha256:digest, not {image}"


def functions_write_their_own_logs(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """A function names its log group, and writes JSON."""
    if type_ == "aws:lambda/function:Function":
        logging = inputs.get("loggingConfig") or {}
        if not logging.get("logGroup") or logging.get("logFormat") != "JSON":
            yield f"{name}: loggingConfig must name a log group and the format JSON"


def repositories_never_move_a_tag(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """Tags are immutable, and what is pushed is scanned."""
    if type_ == "aws:ecr/repository:Repository":
        if inputs.get("imageTagMutability") != "IMMUTABLE":
            yield f"{name}: imageTagMutability must be IMMUTABLE"
        if not (inputs.get("imageScanningConfiguration") or {}).get("scanOnPush"):
            yield f"{name}: images must be scanned on push"


def apis_log_and_throttle(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """Every stage of an HTTP API has an access log and limits."""
    if type_ == "aws:apigatewayv2/stage:Stage":
        if not inputs.get("accessLogSettings"):
            yield f"{name}: a stage must have an access log"
        limits = inputs.get("defaultRouteSettings") or {}
        if not (limits.get("throttlingBurstLimit") and limits.get("throttlingRateLimit")):
            yield f"{name}: a stage must have throttling limits"


def networks_let_nobody_in(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """No security group admits the internet."""
    rules: list[Mapping[str, Any]] = []
    if type_ == "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule":
        rules = [{"cidrBlocks": [inputs.get("cidrIpv4"), inputs.get("cidrIpv6")]}]
    elif type_ == "aws:ec2/securityGroup:SecurityGroup":
        rules = list(inputs.get("ingress") or [])
    elif type_ == "aws:ec2/securityGroupRule:SecurityGroupRule" and inputs.get("type") == "ingress":
        rules = [inputs]
    for rule in rules:
        if {"0.0.0.0/0", "::/0"} & {*(rule.get("cidrBlocks") or []), *(rule.get("ipv6CidrBlocks") or [])}:
            yield f"{name}: admits the internet"


INVARIANTS: Sequence[Invariant] = (
    buckets_block_public_access,
    buckets_refuse_plain_http,
    resource_policies_name_their_principals,
    services_call_for_one_resource,
    grants_are_narrow,
    roles_have_no_managed_policy,
    data_is_encrypted,
    logs_are_kept_for_a_time,
    functions_run_an_image_by_digest,
    functions_write_their_own_logs,
    repositories_never_move_a_tag,
    apis_log_and_throttle,
    networks_let_nobody_in,
)


def breaches(type_: str, name: str, inputs: Inputs) -> list[str]:
    """Every breach of one resource."""
    return [breach for invariant in INVARIANTS for breach in invariant(type_, name, inputs)]


def _statements(document: str) -> list[Mapping[str, Any]]:
    return json.loads(document)["Statement"]


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
