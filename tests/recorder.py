"""Runs a Pulumi program against a recorded AWS and keeps everything that it registered.

Pulumi's own mocks drop parents, dependencies, options and component outputs; this monitor keeps them.
"""

import asyncio
import contextvars
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from pulumi.runtime import mocks, rpc, settings, stack
from pulumi.runtime.config import set_all_config

PROJECT = "tensorflow-lambda"
ACCOUNT = "123456789012"
REGION = "eu-central-1"


@dataclass(frozen=True, kw_only=True)
class Registered:
    """One resource as the program registered it. Input keys are the provider's, in camelCase."""

    type: str
    name: str
    urn: str
    parent: str
    """URN; empty for the root."""
    inputs: Mapping[str, Any]
    dependencies: frozenset[str]
    """URNs of what it waits for."""
    protect: bool
    retain_on_delete: bool
    ignore_changes: tuple[str, ...]
    aliases: int
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])
    """What a component registered as its outputs."""


class Recorder(mocks.MockMonitor):
    """A monitor that keeps what is registered; `objects` is what the buckets hold, by key."""

    def __init__(self, objects: Mapping[str, "StoredObject"] | None = None) -> None:
        super().__init__(_Aws(dict(objects or {})))
        self.registered: list[Registered] = []
        self.exports: dict[str, Any] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        response = super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            self.registered.append(
                Registered(
                    type=request.type,
                    name=request.name,
                    urn=response.urn,
                    parent=request.parent,
                    inputs=rpc.deserialize_properties(request.object, keep_unknowns=True),
                    dependencies=frozenset(request.dependencies),
                    protect=request.protect,
                    retain_on_delete=request.retainOnDelete,
                    ignore_changes=tuple(request.ignoreChanges),
                    aliases=len(request.aliases),
                )
            )
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        outputs = rpc.deserialize_properties(request.outputs)
        for resource in self.registered:
            if resource.urn == request.urn:
                resource.outputs.update(outputs)
        if request.urn.split("::")[2] == "pulumi:pulumi:Stack":
            self.exports.update(outputs)
        return super().RegisterResourceOutputs(request)

    def of(self, type_: str) -> list[Registered]:
        """The resources of a type, such as `aws:s3/bucket:Bucket`."""
        return [resource for resource in self.registered if resource.type == type_]

    def one(self, type_: str) -> Registered:
        """The only resource of a type."""
        (resource,) = self.of(type_)
        return resource

    def named(self, name: str) -> Registered:
        """The only resource of a name."""
        (resource,) = [resource for resource in self.registered if resource.name == name]
        return resource

    def waits_for(self, resource: Registered) -> set[str]:
        """URNs of everything that a resource waits for, directly or not."""
        by_urn = {each.urn: each for each in self.registered}
        found: set[str] = set()
        waiting = list(resource.dependencies)
        while waiting:
            urn = waiting.pop()
            if urn not in found:
                found.add(urn)
                waiting += by_urn[urn].dependencies if urn in by_urn else ()
        return found


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """An object that a bucket holds before the program runs."""

    body: str
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])


class _Aws(mocks.Mocks):
    """What AWS would answer: computed outputs by type. A call that is not answered here raises."""

    def __init__(self, objects: Mapping[str, StoredObject]) -> None:
        self.objects = objects

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if not args.custom:
            return None, dict(args.inputs)
        computed = COMPUTED.get(args.typ, lambda name, inputs: {})(args.name, args.inputs)
        return f"{args.name}-id", {**computed, **args.inputs}

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        answer = {
            "aws:s3/getObjects:getObjects": self._list,
            "aws:s3/getObject:getObject": self._get,
            "aws:ecr/getAuthorizationToken:getAuthorizationToken": self._log_in,
            "aws:ec2/getManagedPrefixList:getManagedPrefixList": lambda asked: {**asked, "id": "pl-found"},
        }.get(args.token)
        if answer is None:
            raise NotImplementedError(f"the recorded AWS has no answer to {args.token}")
        return answer(args.args)

    def _list(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return {**asked, "id": "list", "keys": [key for key in sorted(self.objects) if key.startswith(asked["prefix"])]}

    def _get(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        stored = self.objects[asked["key"]]
        return {**asked, "id": "object", "body": stored.body, "metadata": dict(stored.metadata)}

    def _log_in(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return {**asked, "id": REGION, "userName": "AWS", "password": "secret"}


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
    "docker:index/image:Image": lambda name, inputs: {
        "repoDigest": inputs["imageName"].split(":")[0] + "@sha256:" + "ab" * 32,
    },
}
"""Outputs that AWS computes, by type. An output that is not given here would vanish without a word."""


def deploy(
    program: Callable[[], object],
    *,
    config: Mapping[str, str] | None = None,
    objects: Mapping[str, StoredObject] | None = None,
    preview: bool = False,
) -> Recorder:
    """Run a program to its end, on an event loop of its own, and hand back what it registered.

    `config` is by key without namespace. Raises what the program raised, also inside an apply.
    """
    recorder = Recorder(objects)

    loops: list[asyncio.AbstractEventLoop] = []

    def open_loop() -> None:
        """Give a worker thread the event loop that the monitor would otherwise open in it and leave open."""
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    async def run() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(4, initializer=open_loop))
        set_all_config({f"{PROJECT}:{key}": value for key, value in (config or {}).items()})
        mocks.set_mocks(recorder.mocks, project=PROJECT, stack="test", preview=preview, monitor=recorder)
        settings.SETTINGS.outputs.clear()  # what a deployment that failed left unfinished
        settings.set_root_resource(None)  # set_mocks makes a root that has finished; the program brings its own
        await stack.run_in_stack(program)

    # Pulumi keeps its settings, its configuration and the root resource in context variables: a fresh context each.
    try:
        contextvars.Context().run(asyncio.run, run())
    finally:
        for loop in loops:
            loop.close()
    return recorder
