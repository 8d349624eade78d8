"""Every IAM policy of a stack as text or JSON, with the reason for each grant on every resource."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops.recorder import Recorder, Registered
from policy.invariants.documents import WITHOUT_RESOURCE_LEVEL, is_everything, listed, statements
from policy.invariants.identity import ROLE, ROLE_POLICY, grants_are_narrow

MANAGED_POLICY = "aws:iam/policy:Policy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
ROUTE = "aws:apigatewayv2/route:Route"
REST_API = "aws:apigateway/restApi:RestApi"
FUNCTION_URL = "aws:lambda/functionUrl:FunctionUrl"
CALLED_BY: Mapping[str, str | Sequence[str]] = {
    "tensorflow-lambda:index:HttpApi": "execute-api:Invoke",
    "tensorflow-lambda:index:RestApi": "execute-api:Invoke",
    "tensorflow-lambda:index:FunctionUrl": ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"],
}
"""What a caller's role is granted, by the kind of API. https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"""
OF_ROLES = (ROLE_POLICY, MANAGED_POLICY)
"""The types that hold what a role may do."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """One policy of a stack: what a role may do, or who may use a resource."""

    owner: str
    """The role's or the resource's name."""
    about: str
    """What kind of policy it is, in words."""
    statements: Sequence[Mapping[str, Any]]


def policies(stack: Recorder) -> list[Policy]:
    """Every policy of a stack: first those of roles, then those of resources."""
    found: list[Policy] = []
    for role in stack.of(ROLE):
        services = [service for each in statements(role.inputs["assumeRolePolicy"]) for service in _principals(each)]
        granted = [each for each in stack.of(ROLE_POLICY) if role.urn in each.dependencies]
        granted += _attached(stack, role)
        found += [
            Policy(
                owner=role.name,
                about=f"role, assumed by {', '.join(services)}",
                statements=statements(each.inputs["policy"]),
            )
            for each in granted
        ]
    found += _of_callers(stack)
    return found + [
        Policy(owner=each.name, about=_kind(each), statements=statements(each.inputs["policy"]))
        for each in stack.registered
        if "policy" in each.inputs and each.type not in OF_ROLES and _is_document(each.inputs["policy"])
    ]


def _of_callers(stack: Recorder) -> list[Policy]:
    """What a role of yours needs that is to call the API, where that asks for signatures."""
    by_routes = any(each.inputs.get("authorizationType") == "AWS_IAM" for each in stack.of(ROUTE))
    by_document = any("awsSigv4" in str(each.inputs.get("body")) for each in stack.of(REST_API))
    by_url = any(each.inputs.get("authorizationType") == "AWS_IAM" for each in stack.of(FUNCTION_URL))
    if not (by_routes or by_document or by_url):
        return []
    granted = [
        {"Effect": "Allow", "Action": CALLED_BY[each.type], "Resource": [each.outputs["requests_arn"]]}
        for each in stack.registered
        if each.type in CALLED_BY
    ]
    return [Policy(owner="callers", about="for a role of yours that calls; the stack has none", statements=granted)]


def _attached(stack: Recorder, role: Registered) -> list[Registered]:
    """The managed policies of the stack that a role has."""
    awaited = {urn for each in stack.of(ATTACHMENT) if role.urn in each.dependencies for urn in each.dependencies}
    return [each for each in stack.of(MANAGED_POLICY) if each.urn in awaited]


def as_text(found: Sequence[Policy]) -> str:
    """The policies as text; each grant on every resource is followed by its reason."""
    return "\n".join(line for policy in found for line in _policy_lines(policy))


def as_json(found: Sequence[Policy]) -> str:
    """The policies as a JSON list of documents."""
    documents = [
        {"owner": policy.owner, "about": policy.about, "Version": "2012-10-17", "Statement": list(policy.statements)}
        for policy in found
    ]
    return json.dumps(documents, indent=2)


def unexplained(found: Sequence[Policy]) -> list[str]:
    """A line for each wildcard action that is allowed and each grant on every resource without a reason."""
    return [
        breach
        for policy in found
        for breach in grants_are_narrow(ROLE_POLICY, policy.owner, {"policy": {"Statement": policy.statements}})
    ]


def _policy_lines(policy: Policy) -> Iterator[str]:
    yield f"{policy.owner} ({policy.about})"
    for statement in policy.statements:
        actions = listed(statement.get("Action"))
        who = f" {', '.join(_principals(statement))}" if "Principal" in statement else ""
        yield f"  {statement['Effect'].lower()}{who}{':' if who else ''} {', '.join(actions)}"
        for resource in listed(statement.get("Resource")):
            yield f"    on {resource}"
            if statement["Effect"] == "Allow" and is_everything(resource):
                yield from (f"       {reason}" for reason in _reasons(actions))
        for operator, conditions in statement.get("Condition", {}).items():
            for key, value in conditions.items():
                yield f"    if {key} {operator} {', '.join(listed(value))}"
    yield ""


def _reasons(actions: Sequence[str]) -> Iterator[str]:
    """Why these actions are granted on every resource: a line for each reason, with its actions."""
    by_reason: dict[str, list[str]] = {}
    for action in actions:
        by_reason.setdefault(WITHOUT_RESOURCE_LEVEL.get(action, "NO REASON IS KNOWN"), []).append(action)
    yield from (f"{', '.join(named)}: {reason}" for reason, named in by_reason.items())


def _principals(statement: Mapping[str, Any]) -> list[str]:
    principal = statement.get("Principal", {})
    if isinstance(principal, str):
        return ["everyone" if principal == "*" else principal]
    named = [name for value in principal.values() for name in listed(value)]
    return ["everyone" if name == "*" else name for name in named]


def _kind(resource: Registered) -> str:
    """`aws:s3/bucketPolicy:BucketPolicy` is a bucket policy."""
    words = resource.type.rsplit(":", 1)[-1]
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in words).strip()
    if resource.type == "aws:ec2/vpcEndpoint:VpcEndpoint":
        return "endpoint policy: it only filters; a caller needs a grant as well"
    return spaced if "policy" in spaced else f"policy of a {spaced}"


def _is_document(text: Any) -> bool:
    """Whether a policy is an IAM document. The lifecycle rules of an image repository are called a policy too."""
    return isinstance(text, str) and "Statement" in json.loads(text)
