"""Rules about who may do what: narrow grants, named principals, no lasting keys."""

from collections.abc import Iterator, Sequence

from .documents import (
    WITHOUT_RESOURCE_LEVEL,
    Statement,
    allowing,
    compared,
    denying,
    is_everything,
    listed,
    means_everyone,
)
from .file_systems import FILE_SYSTEMS
from .resource import Inputs, is_set, of

ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"

RESOURCE_POLICIES = {
    "aws:ecr/repositoryPolicy:RepositoryPolicy": "policy",
    ROLE: "assumeRolePolicy",
    "aws:kms/key:Key": "policy",
    "aws:kms/keyPolicy:KeyPolicy": "policy",
    "aws:s3/bucketPolicy:BucketPolicy": "policy",
    "aws:sns/topicPolicy:TopicPolicy": "policy",
    "aws:sqs/queue:Queue": "policy",
    "aws:sqs/queuePolicy:QueuePolicy": "policy",
    **{kind.policy: "policy" for kind in FILE_SYSTEMS},
}
"""Types with a policy that grants access, and the input that holds it. A VPC endpoint's policy only filters."""

GRANTS = (ROLE_POLICY, "aws:iam/policy:Policy", "aws:iam/userPolicy:UserPolicy")
"""Types with a policy that says what an identity may do."""

ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
OTHER_ATTACHMENTS = (
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
    "aws:iam/policyAttachment:PolicyAttachment",
    "aws:iam/rolePoliciesExclusive:RolePoliciesExclusive",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment",
)

WITHOUT_CONTEXT = frozenset({"lambda"})
"""Services of which AWS does not say all that they name to KMS. A function's key encrypts its environment, snapshots
and image; `aws:lambda:FunctionArn` is shown for other data.
https://docs.aws.amazon.com/lambda/latest/dg/security-encryption-at-rest.html"""

OF_AWS = ":iam::aws:policy/"
"""Part of the ARN of each managed policy of AWS."""


def resource_policies_name_their_principals(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """A resource policy never allows every principal."""
    if type_ in RESOURCE_POLICIES:
        for statement in allowing(inputs.get(RESOURCE_POLICIES[type_])):
            if means_everyone(statement.get("Principal")) or "NotPrincipal" in statement:
                yield f"{name}: a statement allows everyone; name the principal"


@of("aws:lambda/permission:Permission")
def services_call_for_one_resource(name: str, inputs: Inputs) -> Iterator[str]:
    """A permission to invoke a function names the resource that the service acts for."""
    if not is_set(inputs, "sourceArn"):
        yield f"{name}: a permission must name sourceArn"
    if inputs.get("principal") == "*":
        yield f"{name}: a permission lets everyone invoke the function; name the principal"
    # A bucket's ARN has no account, and another account may take the name of a deleted bucket.
    if inputs.get("principal") == "s3.amazonaws.com" and not is_set(inputs, "sourceAccount"):
        yield f"{name}: a permission for a bucket must name sourceAccount"


@of(*GRANTS)
def grants_are_narrow(name: str, inputs: Inputs) -> Iterator[str]:
    """A role's policy has no wildcard action, and covers every resource only if AWS offers nothing narrower."""
    for statement in allowing(inputs.get("policy")):
        if inverted := sorted({"NotAction", "NotResource"} & set(statement)):
            yield f"{name}: allows by {', '.join(inverted)}; list what is allowed"
        actions = listed(statement.get("Action"))
        yield from (f"{name}: grants the wildcard action {action}" for action in actions if "*" in action)
        for resource in filter(is_everything, listed(statement.get("Resource"))):
            if broad := sorted(set(actions) - set(WITHOUT_RESOURCE_LEVEL)):
                yield f"{name}: grants {', '.join(broad)} on every resource ({resource})"


@of(ROLE)
def services_assume_roles_for_one_account(name: str, inputs: Inputs) -> Iterator[str]:
    """An AWS service assumes a role only when it acts for the account that is named."""
    for statement in allowing(inputs.get("assumeRolePolicy")):
        if "Service" in statement["Principal"] and "aws:SourceAccount" not in compared(statement):
            yield f"{name}: a service assumes the role for any account; compare aws:SourceAccount"


@of(*GRANTS)
def keys_are_used_through_services(name: str, inputs: Inputs) -> Iterator[str]:
    """A role uses a KMS key only through the AWS services whose data it encrypts."""
    for statement in allowing(inputs.get("policy")):
        of_kms = [action for action in listed(statement.get("Action")) if action.startswith("kms:")]
        if of_kms and "kms:ViaService" not in compared(statement):
            yield f"{name}: grants {', '.join(of_kms)} to the role's own requests; compare kms:ViaService"


@of(*GRANTS)
def keys_are_used_for_what_is_named(name: str, inputs: Inputs) -> Iterator[str]:
    """A role uses a KMS key only for the data that the service names to KMS: a bucket's objects, a queue's messages."""
    for statement in allowing(inputs.get("policy")):
        services = {host.split(".")[0] for host in listed(_via(statement))} - WITHOUT_CONTEXT
        if services and not any(key.startswith("kms:EncryptionContext:") for key in compared(statement)):
            yield f"{name}: grants a key for all data of {', '.join(sorted(services))}; compare kms:EncryptionContext:…"


@of(*GRANTS)
def network_interfaces_are_for_lambda(name: str, inputs: Inputs) -> Iterator[str]:
    """Lambda may make network interfaces with a function's role; the function's own code may not."""
    granted = {action for each in allowing(inputs.get("policy")) for action in listed(each.get("Action"))}
    denied = {
        action
        for each in denying(inputs.get("policy"))
        if "lambda:SourceFunctionArn" in compared(each)
        for action in listed(each.get("Action"))
    }
    made = sorted(action for action in granted if action.startswith("ec2:") and "NetworkInterface" in action)
    if made and "ec2:*" not in denied and not set(made) <= denied:
        yield f"{name}: grants {', '.join(made)} to the function's code; deny it where lambda:SourceFunctionArn is set"


def roles_have_no_policy_of_aws(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """No role has a managed policy of AWS: it grants more than a function needs. Policies of the stack are allowed."""
    of_aws = type_ == ATTACHMENT and OF_AWS in inputs["policyArn"]
    if of_aws or type_ in OTHER_ATTACHMENTS or inputs.get("managedPolicyArns"):
        yield f"{name}: attach no managed policy of AWS; write the grant"


def nobody_has_a_lasting_key(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """There is no IAM user and no access key; services assume roles."""
    if type_ in ("aws:iam/user:User", "aws:iam/accessKey:AccessKey"):
        yield f"{name}: create no user and no access key; use a role"


def _via(statement: Statement) -> str | Sequence[str] | None:
    """The hosts of the services by way of which a statement allows KMS."""
    return next(
        (each["kms:ViaService"] for each in statement.get("Condition", {}).values() if "kms:ViaService" in each), None
    )
