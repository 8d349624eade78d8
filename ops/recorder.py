"""Runs a Pulumi program against a recorded AWS and keeps everything that it registered.

Pulumi's own mocks drop parents, dependencies, options and component outputs; this monitor keeps them. Nothing is
created: `recorded_aws.py` says what AWS would answer.
"""

import asyncio
import contextvars
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from pulumi.runtime import mocks, rpc, settings, stack
from pulumi.runtime.config import set_all_config

from ops.recorded_aws import REGION, RecordedAws, StoredObject

PROJECT_NAME = "tensorflow-lambda"


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
    delete_before_replace: bool
    replacement_trigger: str
    """Empty if there is none."""
    delete_timeout: str
    """Such as `60m`; empty for the provider's own."""
    aliases: int
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])
    """What a component registered as its outputs."""


class Recorder(mocks.MockMonitor):
    """A monitor that keeps what is registered; `objects` is what the buckets hold, by key, and `images` the
    digests that the image repositories hold, by tag."""

    def __init__(
        self, objects: Mapping[str, StoredObject] | None = None, images: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(RecordedAws(dict(objects or {}), dict(images or {})))
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
                    delete_before_replace=request.deleteBeforeReplace,
                    replacement_trigger=request.replacement_trigger.string_value,
                    delete_timeout=request.customTimeouts.delete,
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


def deploy(
    program: Callable[[], object],
    *,
    config: Mapping[str, str] | None = None,
    objects: Mapping[str, StoredObject] | None = None,
    images: Mapping[str, str] | None = None,
    preview: bool = False,
    stack_name: str = "test",
) -> Recorder:
    """Run a program to its end, on an event loop of its own, and hand back what it registered.

    `config` is by key, without namespace where it is the project's own. Raises what the program raised, also inside an
    apply.
    """
    recorder = Recorder(objects, images)

    loops: list[asyncio.AbstractEventLoop] = []

    def open_loop() -> None:
        """Give a worker thread the event loop that the monitor would otherwise open in it and leave open."""
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    def to_its_end() -> None:
        program()

    async def run() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(4, initializer=open_loop))
        set_all_config(_with_namespaces({"aws:region": REGION, **(config or {})}))
        mocks.set_mocks(recorder.mocks, project=PROJECT_NAME, stack=stack_name, preview=preview, monitor=recorder)
        # What a deployment that failed left unfinished.
        settings.SETTINGS.outputs.clear()  # pyright: ignore[reportAttributeAccessIssue]
        # set_mocks makes a root that has finished; the program brings its own.
        settings.set_root_resource(None)  # pyright: ignore[reportArgumentType]
        await stack.run_in_stack(to_its_end)

    # Pulumi keeps its settings, its configuration and the root resource in context variables: a fresh context each.
    try:
        contextvars.Context().run(asyncio.run, run())
    finally:
        for loop in loops:
            loop.close()
    return recorder


def _with_namespaces(config: Mapping[str, str]) -> dict[str, str]:
    return {key if ":" in key else f"{PROJECT_NAME}:{key}": value for key, value in config.items()}
