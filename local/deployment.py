"""Deployment: runs the unmodified program, and creates what it registers in the emulated AWS.

The Pulumi SDK talks to its engine through one interface, the resource monitor. Here the monitor is an object of this
process: each resource of a provider is checked and created by its class in `local.resources`, whose outputs go back.
Dependencies are the SDK's own work: it registers a resource when its inputs are known and what it waits for is there.
"""

import asyncio
import contextvars
import logging
import runpy
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from pulumi.runtime import configure, rpc, run_in_stack, set_all_config
from pulumi.runtime.mocks import MockCallArgs, MockEngine, MockResourceArgs, Mocks
from pulumi.runtime.settings import Settings

from local.monitor import Monitor
from local.resources.account import EmulatedAccount
from local.resources.not_emulated import not_emulated
from local.resources.provider import EmulatedProvider, Named, UnknownTypeError
from local.resources.resource_type import AbsentError
from local.resources.values import for_sdk, plain
from local.stack_config import project_name, read_stack_config


class DeploymentError(Exception):
    """A resource could not be created; the message names it."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource that a deployment created."""

    type: str
    name: str
    id: str
    inputs: frozenset[str] = frozenset()
    """The names of those that the program gave."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What a deployment made."""

    config: Mapping[str, str]
    """What the program was configured with, by namespaced key."""
    outputs: Mapping[str, Any]
    """The stack's outputs."""
    resources: tuple[Resource, ...]
    warnings: tuple[str, ...]
    """What the program warned of."""

    @property
    def not_emulated(self) -> tuple[str, ...]:
        """What was accepted and is not emulated on this machine, a line for each kind."""
        with_inputs = (f"{each.type}.{name}" for each in self.resources for name in each.inputs)
        return not_emulated((*(each.type for each in self.resources), *with_inputs))


def deploy(account: EmulatedAccount, stack: str, overrides: Mapping[str, str]) -> Deployment:
    """Run `__main__.py` of the account's project with the configuration of a stack.

    Raises DeploymentError for a resource that cannot be created, StackConfigError for a configuration that cannot be
    read, and whatever the program raises.
    """
    config = read_stack_config(account.project, stack, overrides)
    name = project_name(account.project)
    # A context of its own, for the SDK keeps a deployment's state in context variables.
    return contextvars.Context().run(_run, account, name, stack, config)


def _run(account: EmulatedAccount, project: str, stack: str, config: Mapping[str, str]) -> Deployment:
    provider = _Provider(account)
    monitor = Monitor(provider)
    warnings = _Warnings()
    logger = logging.Logger("pulumi", logging.WARNING)
    logger.addHandler(warnings)
    configure(
        Settings(
            project=project,
            stack=stack,
            monitor=monitor,
            engine=MockEngine(logger),
            dry_run=False,
            organization="local",
            root_directory=str(account.project),
        )
    )
    set_all_config(dict(config))

    def program() -> None:
        runpy.run_path(str(account.project / "__main__.py"), run_name="__main__")

    asyncio.run(run_in_stack(program))
    return Deployment(
        config=config,
        outputs=_plain(monitor.exports),
        resources=tuple(provider.created),
        warnings=tuple(warnings.messages),
    )


class _Provider(Mocks):
    """All providers in one, as the SDK's monitor asks for them. Says which resource failed."""

    def __init__(self, account: EmulatedAccount) -> None:
        self._provider = EmulatedProvider(account)
        self._lock = threading.Lock()
        self.created: list[Resource] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        inputs = _plain(args.inputs)
        if not args.custom or args.typ.startswith("pulumi:providers:"):
            return args.name if args.custom else None, inputs
        resource = Named(pulumi_type=args.typ, name=args.name)
        try:
            made = self._provider.create(resource, self._provider.check(resource, plain(inputs)))
        except UnknownTypeError as error:
            raise DeploymentError(str(error)) from None
        except Exception as error:
            raise DeploymentError(f"Creating {args.typ} {args.name!r} failed: {error}") from error
        with self._lock:
            self.created.append(Resource(type=args.typ, name=args.name, id=made.id, inputs=frozenset(inputs)))
        return made.id, for_sdk(made.outputs)

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        try:
            return self._provider.call(args.token, plain(_plain(args.args))), []
        except UnknownTypeError as error:
            raise DeploymentError(str(error)) from None
        except (AbsentError, ClientError) as error:
            return {}, [("", str(error))]  # a program may catch what AWS refuses, as it may under the engine
        except Exception as error:
            raise DeploymentError(f"Calling {args.token} failed: {error}") from error


class _Warnings(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def _plain(value: Any) -> Any:
    """A value without Pulumi's wrapping of secrets: nothing leaves this machine, and the emulator wants the content."""
    value = rpc.unwrap_rpc_secret(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
