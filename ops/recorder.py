"""Runs a Pulumi program without creating anything, and keeps everything that it registered.

Pulumi's own mocks drop parents, dependencies, options and component outputs; this monitor keeps them. Outputs that AWS
would compute come from `recorded_aws.py`.
"""

import asyncio
import contextvars
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.runtime import mocks, rpc, settings, stack
from pulumi.runtime.config import set_all_config

from local.monitor import STACK_TYPE, Monitor, event_loop
from local.stack_config import PROJECT, project_name
from ops.recorded_aws import REGION, RecordedAws, StoredObject
from policy.invariants.resource import Resource, waits_for

PROJECT_NAME = project_name(PROJECT)


@dataclass(frozen=True, kw_only=True)
class Registered(Resource):
    """One resource as the program registered it."""

    parent: str
    """URN; empty for the root."""
    protect: bool
    retain_on_delete: bool
    ignore_changes: tuple[str, ...]
    delete_before_replace: bool
    replacement_trigger: str
    """Empty if there is none."""
    delete_timeout: str
    """Such as `60m`; empty for the provider's own."""
    update_timeout: str
    aliases: int
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])
    """What a component registered as its outputs."""


class Recorder(Monitor):
    """A monitor that keeps what is registered."""

    def __init__(
        self, objects: Mapping[str, StoredObject] | None = None, images: Mapping[str, str] | None = None
    ) -> None:
        """`objects` is what the buckets hold, by key; `images` the digests in the image repositories, by tag."""
        super().__init__(RecordedAws(dict(objects or {}), dict(images or {})))
        self.registered: list[Registered] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 the protocol's name
        response = super().RegisterResource(request)
        if request.type != STACK_TYPE:
            with event_loop():
                self.registered.append(_registered(request, response.urn))
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 the protocol's name
        with event_loop():
            outputs = rpc.deserialize_properties(request.outputs)
        for resource in self.registered:
            if resource.urn == request.urn:
                resource.outputs.update(outputs)
        return super().RegisterResourceOutputs(request)

    def of(self, type_: str) -> list[Registered]:
        """The resources of a type, such as `aws:s3/bucket:Bucket`."""
        return [each for each in self.registered if each.type == type_]

    def one(self, type_: str) -> Registered:
        """The only resource of a type."""
        (resource,) = self.of(type_)
        return resource

    def named(self, name: str) -> Registered:
        """The only resource of a name."""
        (resource,) = [resource for resource in self.registered if resource.name == name]
        return resource

    def waits_for(self, resource: Registered) -> set[str]:
        """URNs of everything that a resource waits for, directly or through another one."""
        return waits_for(resource, {each.urn: each for each in self.registered})


def _registered(request: Any, urn: str) -> Registered:
    return Registered(
        type=request.type,
        name=request.name,
        urn=urn,
        parent=request.parent,
        inputs=rpc.deserialize_properties(request.object, keep_unknowns=True),
        dependencies=frozenset(request.dependencies),
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        ignore_changes=tuple(request.ignoreChanges),
        delete_before_replace=request.deleteBeforeReplace,
        replacement_trigger=request.replacement_trigger.string_value,
        delete_timeout=request.customTimeouts.delete,
        update_timeout=request.customTimeouts.update,
        aliases=len(request.aliases),
    )


def deploy(
    program: Callable[[], object],
    *,
    config: Mapping[str, str] | None = None,
    objects: Mapping[str, StoredObject] | None = None,
    images: Mapping[str, str] | None = None,
    preview: bool = False,
    stack_name: str = "test",
) -> Recorder:
    """Run a program to its end on a new event loop, and return what it registered.

    A key of `config` without a namespace is the project's own. Raises what the program raises, inside an apply too.
    """
    recorder = Recorder(objects, images)

    def to_its_end() -> None:
        program()

    async def run() -> None:
        # What failed is raised below. asyncio reports a failed task again when it is collected. If that happens while
        # Python compiles, the compilation fails: https://github.com/python/cpython/issues/106905
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        set_all_config(_with_namespaces({"aws:region": REGION, **(config or {})}))
        mocks.set_mocks(recorder.mocks, project=PROJECT_NAME, stack=stack_name, preview=preview, monitor=recorder)
        # A deployment that failed may have left outputs unfinished.
        settings.SETTINGS.outputs.clear()  # pyright: ignore[reportAttributeAccessIssue]
        # set_mocks makes a root resource that has finished; the program makes its own.
        settings.set_root_resource(None)  # pyright: ignore[reportArgumentType]
        await stack.run_in_stack(to_its_end)

    # Pulumi keeps its settings, its configuration and the root resource in context variables: each run has its own.
    contextvars.Context().run(asyncio.run, run())
    return recorder


def _with_namespaces(config: Mapping[str, str]) -> dict[str, str]:
    return {key if ":" in key else f"{PROJECT_NAME}:{key}": value for key, value in config.items()}
