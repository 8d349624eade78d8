"""What AWS would answer to a program that is only recorded: the outputs that it computes, and a few calls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.runtime import mocks

ACCOUNT = "123456789012"
REGION = "eu-central-1"


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """An object that a bucket holds before the program runs."""

    body: str
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])


class RecordedAws(mocks.Mocks):
    """What AWS would answer: computed outputs by type. A call that is not answered here raises."""

    def __init__(self, objects: Mapping[str, StoredObject], images: Mapping[str, str]) -> None:
        self.objects = objects
        self.images = images

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if not args.custom:
            return None, dict(args.inputs)
        computed = COMPUTED.get(args.typ, lambda name, inputs: {})(args.name, args.inputs)
        return f"{args.name}-id", {**args.inputs, **computed}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        answer = {
            "aws:s3/getObjects:getObjects": self._list,
            "aws:s3/getObject:getObject": self._get,
            "aws:ecr/getAuthorizationToken:getAuthorizationToken": self._log_in,
            "aws:ecr/getImages:getImages": self._list_images,
            "aws:ec2/getManagedPrefixList:getManagedPrefixList": lambda asked: {**asked, "id": "pl-found"},
        }.get(args.token)
        if answer is None:
            raise NotImplementedError(f"the recorded AWS has no answer to {args.token}")
        return answer(args.args), []

    def _list(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return {**asked, "id": "list", "keys": [key for key in sorted(self.objects) if key.startswith(asked["prefix"])]}

    def _get(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        stored = self.objects[asked["key"]]
        return {**asked, "id": "object", "body": stored.body, "metadata": dict(stored.metadata)}

    def _log_in(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return {**asked, "id": REGION, "userName": "AWS", "password": "secret"}

    def _list_images(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        held = [{"imageTag": tag, "imageDigest": digest} for tag, digest in self.images.items()]
        return {**asked, "id": asked["repositoryName"], "region": REGION, "imageIds": held}


def _named(name: str, inputs: Mapping[str, Any]) -> str:
    prefix = inputs.get("namePrefix")
    return inputs.get("name") or (f"{prefix}1234567" if prefix else f"{name}-1234567")


def _arn(service: str, path: str, *, regional: bool = True) -> str:
    return f"arn:aws:{service}:{REGION if regional else ''}:{ACCOUNT}:{path}"


def _function(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    own = _named(name, inputs)
    arn = _arn("lambda", f"function:{own}")
    return {"name": own, "arn": arn, "version": "1", "qualifiedArn": f"{arn}:1", "invokeArn": f"{arn}/invocations"}


def _alias(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    arn = _arn("lambda", f"function:{inputs['functionName']}:{inputs['name']}")
    return {"arn": arn, "invokeArn": f"{arn}/invocations"}


COMPUTED: dict[str, Callable[[str, Mapping[str, Any]], dict[str, Any]]] = {
    "aws:s3/bucket:Bucket": lambda name, inputs: {
        "bucket": f"{name}-1234567",
        "arn": f"arn:aws:s3:::{name}-1234567",
    },
    "aws:cloudwatch/logGroup:LogGroup": lambda name, inputs: {
        "name": _named(name, inputs),
        "arn": _arn("logs", f"log-group:{_named(name, inputs)}"),
    },
    "aws:iam/role:Role": lambda name, inputs: {
        "name": _named(name, inputs),
        "arn": _arn("iam", f"role/{_named(name, inputs)}", regional=False),
    },
    "aws:lambda/function:Function": _function,
    "aws:lambda/alias:Alias": _alias,
    "aws:apigatewayv2/api:Api": lambda name, inputs: {
        "name": _named(name, inputs),
        "apiEndpoint": f"https://abcdefghij.execute-api.{REGION}.amazonaws.com",
        "executionArn": _arn("execute-api", "abcdefghij"),
    },
    "aws:apigatewayv2/domainName:DomainName": lambda name, inputs: {
        "domainNameConfiguration": {
            **inputs["domainNameConfiguration"],
            "targetDomainName": f"d-abcdefghij.execute-api.{REGION}.amazonaws.com",
            "hostedZoneId": "Z1U9ULNL0V5AJ3",
        },
    },
    "aws:apigateway/restApi:RestApi": lambda name, inputs: {
        "name": _named(name, inputs),
        "executionArn": _arn("execute-api", "abcdefghij"),
    },
    "aws:apigateway/stage:Stage": lambda name, inputs: {
        "arn": f"arn:aws:apigateway:{REGION}::/restapis/{inputs['restApi']}/stages/{inputs['stageName']}",
        "invokeUrl": f"https://abcdefghij.execute-api.{REGION}.amazonaws.com/{inputs['stageName']}",
    },
    "aws:ecr/repository:Repository": lambda name, inputs: {
        "name": _named(name, inputs),
        "arn": _arn("ecr", f"repository/{_named(name, inputs)}"),
        "registryId": ACCOUNT,
        "repositoryUrl": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{_named(name, inputs)}",
    },
    "aws:ec2/securityGroup:SecurityGroup": lambda name, inputs: {"arn": _arn("ec2", f"security-group/{name}-id")},
    "aws:ec2/vpcEndpoint:VpcEndpoint": lambda name, inputs: {"prefixListId": "pl-s3"},
    "aws:efs/fileSystem:FileSystem": lambda name, inputs: {"arn": _arn("elasticfilesystem", f"file-system/{name}-id")},
    "aws:efs/accessPoint:AccessPoint": lambda name, inputs: {
        "arn": _arn("elasticfilesystem", f"access-point/{name}-id"),
    },
    "aws:s3/filesFileSystem:FilesFileSystem": lambda name, inputs: {"arn": _arn("s3files", f"file-system/{name}-id")},
    "aws:s3/filesAccessPoint:FilesAccessPoint": lambda name, inputs: {
        "arn": _arn("s3files", f"file-system/{inputs['fileSystemId']}/access-point/{name}-id"),
    },
    "aws:sqs/queue:Queue": lambda name, inputs: {
        "name": _named(name, inputs),
        "arn": _arn("sqs", _named(name, inputs)),
    },
    "aws:lambda/invocation:Invocation": lambda name, inputs: {"result": '{"failed": false, "models": {}}'},
    "aws:cloudwatch/metricAlarm:MetricAlarm": lambda name, inputs: {
        "name": _named(name, inputs),
        "arn": _arn("cloudwatch", f"alarm:{_named(name, inputs)}"),
    },
    "aws:codedeploy/application:Application": lambda name, inputs: {
        "name": _named(name, inputs),
        "arn": _arn("codedeploy", f"application:{_named(name, inputs)}"),
    },
    "aws:codedeploy/deploymentGroup:DeploymentGroup": lambda name, inputs: {
        "arn": _arn("codedeploy", f"deploymentgroup:{inputs['appName']}/{inputs['deploymentGroupName']}"),
    },
    "docker:index/image:Image": lambda name, inputs: {
        "repoDigest": None if inputs["skipPush"] else inputs["imageName"].split(":")[0] + "@sha256:" + "ab" * 32,
    },
}
"""Outputs that AWS computes, by type. An output that is not given here would vanish without a word."""
