"""Parts that an interrupted update left: what AWS keeps inside something that a state has, and gives no tag.

The next update makes such a part again, and AWS refuses a second one: of one route, of one alias, in one place. A
policy that stays in a role is in the way when the role is deleted.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from ops.exported_state import Client, resources_of


class Part(NamedTuple):
    """A part as AWS tells it."""

    key: str
    """What tells it from other parts of its type; see `KEYS`."""
    what: str
    """What it is, in words."""
    command: str
    """What removes it."""


class Listing(NamedTuple):
    """How parts of one kind are listed, given the id of their whole. Texts may name `{whole}`, and what AWS tells of a
    part, such as `{RouteId}`."""

    service: str
    operation: str
    items: str
    """The key of the answer that has the parts."""
    whole: str
    """The argument that takes the whole's id."""
    key: str
    """What AWS tells of a part that is its `Part.key`."""
    what: str
    command: str

    def __call__(self, client: Client, whole: str) -> Iterator[Part]:
        for each in _pages(client(self.service), self.operation, self.items, **{self.whole: whole}):
            told = {"whole": whole, **each}
            yield Part(each[self.key], self.what.format_map(told), f"aws {self.command.format_map(told)}")


def _urls(client: Client, function: str) -> Iterator[Part]:
    for alias in _pages(client("lambda"), "list_aliases", "Aliases", FunctionName=function):
        of_alias = {"FunctionName": function, "Qualifier": alias["Name"]}
        try:
            client("lambda").get_function_url_config(**of_alias)
        except client("lambda").exceptions.ResourceNotFoundException:
            continue
        command = f"aws lambda delete-function-url-config --function-name {function} --qualifier {alias['Name']}"
        yield Part(f"{function}/{alias['Name']}", f"URL of the function {function}", command)


def _associations(client: Client, table: str) -> Iterator[Part]:
    for found in client("ec2").describe_route_tables(RouteTableIds=[table])["RouteTables"]:
        for each in found["Associations"]:
            if each.get("Main"):  # it goes with its table
                continue
            name = each["RouteTableAssociationId"]
            command = f"aws ec2 disassociate-route-table --association-id {name}"
            yield Part(name, f"association of the route table {table} with {each.get('SubnetId')}", command)


def _policies(client: Client, role: str) -> Iterator[Part]:
    for name in _pages(client("iam"), "list_role_policies", "PolicyNames", RoleName=role):
        command = f"aws iam delete-role-policy --role-name {role} --policy-name {name}"
        yield Part(f"{role}:{name}", f"policy {name} of the role {role}", command)


def _pages(client: Any, operation: str, key: str, **asked: str) -> Iterator[Any]:
    if not client.can_paginate(operation):
        yield from getattr(client, operation)(**asked)[key]
        return
    for page in client.get_paginator(operation).paginate(**asked):
        yield from page[key]


ROUTES = Listing(
    *("apigatewayv2", "get_routes", "Items", "ApiId", "RouteId", "route {RouteKey} of the API {whole}"),
    "apigatewayv2 delete-route --api-id {whole} --route-id {RouteId}",
)
INTEGRATIONS = Listing(
    *("apigatewayv2", "get_integrations", "Items", "ApiId", "IntegrationId"),
    "integration {IntegrationId} of the API {whole}",
    "apigatewayv2 delete-integration --api-id {whole} --integration-id {IntegrationId}",
)
AUTHORIZERS = Listing(
    *("apigatewayv2", "get_authorizers", "Items", "ApiId", "AuthorizerId", "authorizer {Name} of the API {whole}"),
    "apigatewayv2 delete-authorizer --api-id {whole} --authorizer-id {AuthorizerId}",
)
MAPPINGS = Listing(
    *("apigatewayv2", "get_api_mappings", "Items", "DomainName", "ApiMappingId"),
    "mapping of {whole} to the API {ApiId}",
    "apigatewayv2 delete-api-mapping --domain-name {whole} --api-mapping-id {ApiMappingId}",
)
KEYS_OF_PLANS = Listing(
    *("apigateway", "get_usage_plan_keys", "items", "usagePlanId", "id", "key {id} of the usage plan {whole}"),
    "apigateway delete-usage-plan-key --usage-plan-id {whole} --key-id {id}",
)
ALIASES = Listing(
    *("lambda", "list_aliases", "Aliases", "FunctionName", "AliasArn", "alias {Name} of the function {whole}"),
    "lambda delete-alias --function-name {whole} --name {Name}",
)
MOUNT_TARGETS = Listing(
    *("efs", "describe_mount_targets", "MountTargets", "FileSystemId", "MountTargetId"),
    "mount target {MountTargetId} of the file system {whole}",
    "efs delete-mount-target --mount-target-id {MountTargetId}",
)
BUCKET_MOUNT_TARGETS = Listing(
    *("s3files", "list_mount_targets", "mountTargets", "fileSystemId", "mountTargetId"),
    "mount target {mountTargetId} of the file system {whole}",
    "s3files delete-mount-target --mount-target-id {mountTargetId}",
)


List = Callable[[Client, str], Iterator[Part]]
"""Lists the parts of a whole, given its id."""

IN_THE_WAY: Mapping[str, List] = {
    r".*:elasticfilesystem:.*:file-system/(?P<name>.+)": MOUNT_TARGETS,
    r".*:s3files:.*:file-system/(?P<name>[^/]+)": BUCKET_MOUNT_TARGETS,
    r".*:ec2:.*:route-table/(?P<name>.+)": _associations,
    r".*:iam:.*:role/(?P<name>.+)": _policies,
}
"""By the form of a whole's ARN, what lists the parts that must go before it."""

ABSENT = ("NotFound", "NoSuchEntity")
"""Parts of the codes by which services say that a whole is not there."""

PARTS: Mapping[str, Mapping[str, List]] = {
    "aws:apigatewayv2/api:Api": {
        "aws:apigatewayv2/route:Route": ROUTES,
        "aws:apigatewayv2/integration:Integration": INTEGRATIONS,
        "aws:apigatewayv2/authorizer:Authorizer": AUTHORIZERS,
    },
    "aws:apigatewayv2/domainName:DomainName": {"aws:apigatewayv2/apiMapping:ApiMapping": MAPPINGS},
    "aws:apigateway/usagePlan:UsagePlan": {"aws:apigateway/usagePlanKey:UsagePlanKey": KEYS_OF_PLANS},
    "aws:lambda/function:Function": {
        "aws:lambda/functionUrl:FunctionUrl": _urls,
        "aws:lambda/alias:Alias": ALIASES,
    },
    "aws:efs/fileSystem:FileSystem": {"aws:efs/mountTarget:MountTarget": MOUNT_TARGETS},
    "aws:s3/filesFileSystem:FilesFileSystem": {"aws:s3/filesMountTarget:FilesMountTarget": BUCKET_MOUNT_TARGETS},
    "aws:ec2/routeTable:RouteTable": {"aws:ec2/routeTableAssociation:RouteTableAssociation": _associations},
    "aws:iam/role:Role": {"aws:iam/rolePolicy:RolePolicy": _policies},
}
"""By the type of a whole, the types of its parts, and what lists them, given the whole's id. In the order in which they
can be removed."""

KEYS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "aws:lambda/alias:Alias": lambda alias: alias["outputs"]["arn"],
    "aws:lambda/functionUrl:FunctionUrl": lambda url: f"{url['outputs']['functionName']}/{url['outputs']['qualifier']}",
}
"""How a state tells one part from others, where not by its id."""


def lost_parts(state: Mapping[str, Any], client: Client) -> Iterator[Part]:
    """The parts of what a state has that are not in the state themselves."""
    resources = [each for each in resources_of(state) if each.get("custom")]
    owned = {(each["type"], KEYS.get(each["type"], _id)(each)) for each in resources}
    for whole in resources:
        for part_type, parts in PARTS.get(whole["type"], {}).items():
            try:
                found = list(parts(client, whole["id"]))
            except ClientError as error:
                if any(word in error.response.get("Error", {}).get("Code", "") for word in ABSENT):
                    continue  # it was deleted by hand
                raise
            yield from (part for part in found if (part_type, part.key) not in owned)


def removal_of_parts(arn: str, client: Client) -> Iterator[str]:
    """The commands that must come before a whole is deleted."""
    for form, parts in IN_THE_WAY.items():
        if found := re.fullmatch(form, arn):
            yield from (part.command for part in parts(client, found["name"]))


def _id(resource: Mapping[str, Any]) -> str:
    return str(resource["id"])
