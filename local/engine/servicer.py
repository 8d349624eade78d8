"""ProviderServicer: the emulated AWS in the words of Pulumi's provider protocol."""

import json
from collections.abc import Callable
from importlib import metadata
from typing import Any, TypeVar

import grpc
from botocore.exceptions import ClientError
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from local.engine import wire
from local.resources.planning import Kind, Plan
from local.resources.provider import EmulatedProvider, Named, UnknownTypeError
from local.resources.resource_type import AbsentError

T = TypeVar("T")

KINDS: dict[tuple[Kind, bool], provider_pb2.PropertyDiff.Kind.ValueType] = {
    ("add", False): provider_pb2.PropertyDiff.ADD,
    ("add", True): provider_pb2.PropertyDiff.ADD_REPLACE,
    ("update", False): provider_pb2.PropertyDiff.UPDATE,
    ("update", True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
    ("delete", False): provider_pb2.PropertyDiff.DELETE,
    ("delete", True): provider_pb2.PropertyDiff.DELETE_REPLACE,
}
"""By the kind of a change, and whether it replaces the resource."""

OF_AWS = (AbsentError, ClientError, UnknownTypeError, ValueError)
"""Errors whose text says all. Others are shown with their kind."""


class ProviderServicer(provider_pb2_grpc.ResourceProviderServicer):
    """One package, such as `aws`, in the version of its SDK. It keeps nothing of an engine: any number of engines may
    use it, at the same time or one after the other."""

    def __init__(self, package: str, provider: EmulatedProvider) -> None:
        self._package = package
        self._version = metadata.version(f"pulumi-{package}")
        self._provider = provider

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version=self._version)

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": self._package, "version": self._version}))

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """The engine keeps secrets, references and dependencies to itself, and hands over values only."""
        return provider_pb2.ProviderHandshakeResponse()

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        answer = _told(context, lambda: self._provider.call(request.tok, wire.decode(request.args)))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(wire.encode(answer))  # a field whose name is a keyword of Python's
        return response

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        old = wire.decode(request.olds) if request.HasField("olds") else None
        try:
            inputs = self._provider.check(_named(request), wire.decode(request.news), old, request.randomSeed)
        except UnknownTypeError as error:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))
        except ValueError as error:
            failures = [provider_pb2.CheckFailure(reason=str(error))]
            return provider_pb2.CheckResponse(inputs=request.news, failures=failures)
        return provider_pb2.CheckResponse(inputs=wire.encode(inputs))

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        old, new = wire.decode(request.old_inputs), wire.decode(request.news)
        plan, facts = _told(context, lambda: self._provider.diff(_named(request), old, new))
        some, none = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=some if plan else none,
            diffs=list(plan.changes),
            replaces=sorted(plan.replaces),
            stables=sorted(facts.replaces - plan.replaces),
            deleteBeforeReplace=plan.deleted_first,
            detailedDiff=_detailed(plan),
            hasDetailedDiff=True,
        )

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        resource, inputs = _named(request), wire.decode(request.properties)
        if request.preview:
            foreseen = _told(context, lambda: self._provider.foresee_creation(resource, inputs))
            return provider_pb2.CreateResponse(properties=wire.encode(foreseen))
        state = _told(context, lambda: self._provider.create(resource, inputs))
        return provider_pb2.CreateResponse(id=state.id, properties=wire.encode(state.outputs))

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        outputs, inputs = wire.decode(request.properties), wire.decode(request.inputs)
        found = _told(context, lambda: self._provider.read(_named(request), request.id, outputs, inputs))
        if found is None:
            return provider_pb2.ReadResponse()
        state, now = found
        return provider_pb2.ReadResponse(id=state.id, properties=wire.encode(state.outputs), inputs=wire.encode(now))

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        resource = _named(request)
        outputs, new = wire.decode(request.olds), wire.decode(request.news)
        if request.preview:
            old = wire.decode(request.old_inputs)
            foreseen = _told(context, lambda: self._provider.foresee_update(resource, outputs, old, new))
            return provider_pb2.UpdateResponse(properties=wire.encode(foreseen))
        state = _told(context, lambda: self._provider.update(resource, request.id, outputs, new))
        return provider_pb2.UpdateResponse(properties=wire.encode(state.outputs))

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        outputs = wire.decode(request.properties)
        _told(context, lambda: self._provider.delete(_named(request), request.id, outputs))
        return empty_pb2.Empty()


def _told(context: grpc.ServicerContext, action: Callable[[], T]) -> T:
    """What an action gives; where it fails, the engine is told its reason."""
    try:
        return action()
    except UnknownTypeError as error:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))
    except Exception as error:
        text = str(error) if isinstance(error, OF_AWS) else f"{type(error).__name__}: {error}"
        context.abort(grpc.StatusCode.UNKNOWN, text)
    raise AssertionError("unreachable: abort raises")


def _named(request: Any) -> Named:
    """urn:pulumi:STACK::PROJECT::TYPE$TYPE::NAME"""
    _, _, types, name = request.urn.split("::", 3)
    return Named(pulumi_type=types.rpartition("$")[2], name=name)


def _detailed(plan: Plan) -> dict[str, provider_pb2.PropertyDiff]:
    return {
        path: provider_pb2.PropertyDiff(kind=KINDS[kind, key in plan.replaces], inputDiff=True)
        for key, changes in plan.changes.items()
        for path, kind in changes.items()
    }
