"""The answers of AWS to a program that is only recorded: outputs that AWS computes, and provider functions."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.runtime import mocks

from ops.resource_types import resource_types

ACCOUNT = "123456789012"
REGION = "eu-central-1"
BASE_DIGEST = f"sha256:{'ba5e' * 16}"
"""Of any image in another registry."""

MAIN_TABLE = "rtb-found"
"""The route table of every VPC that was there before the program runs, and of all of its subnets."""

GUARDED_BUCKET: Mapping[str, Any] = {
    "VersioningConfiguration": {"Status": "Enabled"},
    "BucketEncryption": {
        "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
    },
    "PublicAccessBlockConfiguration": {
        **{"BlockPublicAcls": True, "BlockPublicPolicy": True, "IgnorePublicAcls": True, "RestrictPublicBuckets": True}
    },
}
"""Every bucket that was there before the program runs, in CloudFormation's words."""

SHARED_KEY: Mapping[str, Any] = {
    "KeyPolicy": {
        "Statement": [
            {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}
            for principal in ({"AWS": "*"}, {"Service": "logs.amazonaws.com"})
        ]
    }
}
"""Every key that was there before the program runs, in CloudFormation's words."""

ZONE_LETTERS = {"ap-northeast-1": "acd", "us-west-1": "ac"}
"""The zones that a new account has, where they are others than `a`, `b` and `c`."""


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """An object that a bucket holds before the program runs."""

    body: str
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])


class RecordedAws(mocks.Mocks):
    """Answers as AWS would. Raises NotImplementedError for a provider function without an answer here."""

    def __init__(self, objects: Mapping[str, StoredObject], images: Mapping[str, str]) -> None:
        self.objects = objects
        self.images = images

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if not args.custom:
            return None, dict(args.inputs)
        known = {**args.inputs, **_identity(args.typ, args.name, args.inputs)}
        computed = COMPUTED.get(args.typ, lambda name, known: {})(args.name, known)
        return _id(args.name), {**known, **computed}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        answer = {
            "aws:s3/getObjects:getObjects": self._list,
            "aws:s3/getObject:getObject": self._get,
            "aws:s3/getBucket:getBucket": self._find_bucket,
            "aws:s3/getBucketPolicy:getBucketPolicy": self._policy_of_bucket,
            "aws:cloudcontrol/getResource:getResource": self._describe,
            "aws:resourcegroupstaggingapi/getResources:getResources": self._list_tagged,
            "aws:ecr/getAuthorizationToken:getAuthorizationToken": self._log_in,
            "aws:ecr/getImages:getImages": self._list_images,
            "docker:index/getRegistryImage:getRegistryImage": self._find_image,
            "aws:index/getAvailabilityZones:getAvailabilityZones": self._list_zones,
            "aws:ec2/getManagedPrefixList:getManagedPrefixList": lambda asked: {**asked, "id": "pl-found"},
            "aws:ec2/getVpc:getVpc": self._find_vpc,
            "aws:ec2/getSubnet:getSubnet": self._find_subnet,
            "aws:ec2/getRouteTables:getRouteTables": lambda asked: {**asked, "id": REGION, "ids": []},
            "aws:ec2/getRouteTable:getRouteTable": self._find_route_table,
            "aws:ec2/getVpcEndpoint:getVpcEndpoint": self._find_endpoint,
        }.get(args.token)
        if answer is None:
            raise NotImplementedError(f"the recorded AWS has no answer to {args.token}")
        return answer(args.args), []

    def _list(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return {**asked, "id": "list", "keys": [key for key in sorted(self.objects) if key.startswith(asked["prefix"])]}

    def _get(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        stored = self.objects[asked["key"]]
        return {**asked, "id": "object", "body": stored.body, "metadata": dict(stored.metadata)}

    def _find_bucket(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        name = asked["bucket"]
        return {**asked, "id": name, "arn": f"arn:aws:s3:::{name}", "bucketRegion": REGION}

    def _policy_of_bucket(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        arn = f"arn:aws:s3:::{asked['bucket']}"
        denial = {
            **{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, f"{arn}/*"]},
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        return {**asked, "id": asked["bucket"], "policy": json.dumps({"Statement": [denial]})}

    def _describe(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """A bucket, or a key."""
        described = GUARDED_BUCKET if asked["typeName"] == "AWS::S3::Bucket" else SHARED_KEY
        return {**asked, "id": asked["identifier"], "properties": json.dumps(described)}

    def _list_tagged(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return {**asked, "id": REGION, "resourceTagMappingLists": []}

    def _list_zones(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        region = asked.get("region") or REGION
        letters = ZONE_LETTERS.get(region, "abc")
        return {**asked, "id": region, "names": [f"{region}{letter}" for letter in letters]}

    def _find_vpc(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        self._vpc_id: str = asked["id"]
        attributes = {"enableDnsSupport": True, "enableDnsHostnames": True, "mainRouteTableId": MAIN_TABLE}
        return {**asked, "region": REGION, **attributes}

    def _find_subnet(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """A subnet of the VPC that was asked for before. The last letter of its id is that of its zone."""
        return {**asked, "vpcId": self._vpc_id, "availabilityZone": f"{REGION}{asked['id'][-1]}"}

    def _find_route_table(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return {**asked, "id": asked["routeTableId"], "associations": [], "routes": []}

    def _find_endpoint(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The gateway endpoint of S3, to which the main route table of the VPC leads."""
        return {**asked, "id": "vpce-found", "routeTableIds": [MAIN_TABLE]}

    def _log_in(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return {**asked, "id": REGION, "userName": "AWS", "password": "secret"}

    def _find_image(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return {**asked, "id": asked["name"], "sha256Digest": BASE_DIGEST}

    def _list_images(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        held = [{"imageTag": tag, "imageDigest": digest} for tag, digest in self.images.items()]
        return {**asked, "id": asked["repositoryName"], "region": REGION, "imageIds": held}


def _id(logical_name: str) -> str:
    return f"{logical_name}-id"


def _identity(type_: str, logical_name: str, inputs: Mapping[str, Any]) -> dict[str, str]:
    """A resource's name, and its ARN if `resource_types.toml` has one for the type."""
    prefix = inputs.get("namePrefix")
    name = inputs.get("name") or (f"{prefix}1234567" if prefix else f"{logical_name}-1234567")
    known = resource_types().get(type_)
    if known is None or known.arn is None:
        return {"name": name}
    fields = {**inputs, "name": name, "id": _id(logical_name), "region": REGION, "account": ACCOUNT}
    return {"name": name, "arn": known.arn.format_map(fields)}


EXECUTION_ARN = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:abcdefghij"

COMPUTED: dict[str, Callable[[str, Mapping[str, Any]], dict[str, Any]]] = {
    "aws:s3/bucket:Bucket": lambda name, known: {"bucket": known["name"]},
    "aws:lambda/function:Function": lambda name, known: {
        "version": "1",
        "qualifiedArn": f"{known['arn']}:1",
        "invokeArn": f"{known['arn']}/invocations",
    },
    "aws:lambda/alias:Alias": lambda name, known: {"invokeArn": f"{known['arn']}/invocations"},
    "aws:sqs/queue:Queue": lambda name, known: {"url": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{known['name']}"},
    "aws:lb/loadBalancer:LoadBalancer": lambda name, known: {
        "dnsName": f"internal-{known['name']}.{REGION}.elb.amazonaws.com",
        "zoneId": "Z215JYRZR1TBD5",
    },
    "aws:lambda/functionUrl:FunctionUrl": lambda name, known: {
        "functionUrl": f"https://abcdefghij.lambda-url.{REGION}.on.aws/"
    },
    "aws:apigatewayv2/api:Api": lambda name, known: {
        "apiEndpoint": f"https://abcdefghij.execute-api.{REGION}.amazonaws.com",
        "executionArn": EXECUTION_ARN,
    },
    "aws:apigatewayv2/domainName:DomainName": lambda name, known: {
        "domainNameConfiguration": {
            **known["domainNameConfiguration"],
            "targetDomainName": f"d-abcdefghij.execute-api.{REGION}.amazonaws.com",
            "hostedZoneId": "Z1U9ULNL0V5AJ3",
        },
    },
    "aws:apigateway/restApi:RestApi": lambda name, known: {"executionArn": EXECUTION_ARN},
    "aws:apigateway/stage:Stage": lambda name, known: {
        "invokeUrl": f"https://abcdefghij.execute-api.{REGION}.amazonaws.com/{known['stageName']}",
    },
    "aws:ecr/repository:Repository": lambda name, known: {
        "registryId": ACCOUNT,
        "repositoryUrl": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{known['name']}",
    },
    "aws:ec2/vpcEndpoint:VpcEndpoint": lambda name, known: {"prefixListId": "pl-s3"},
    "aws:lambda/invocation:Invocation": lambda name, known: {"result": '{"failed": false, "models": {}}'},
    "docker:index/image:Image": lambda name, known: {
        "repoDigest": None if known["skipPush"] else known["imageName"].split(":")[0] + "@sha256:" + "ab" * 32,
    },
}
"""Outputs that AWS computes beside the name and the ARN, by type: from the logical name, and from the inputs with the
name and the ARN. A program that reads an output which is missing here gets None without a warning."""
