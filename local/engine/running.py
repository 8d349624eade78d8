"""The program deployed into an emulated AWS by Pulumi's own engine, and kept for further engines."""

import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.deployment import Deployment, DeploymentError, Resource
from local.engine.attached import announce, fresh_directory
from local.engine.results import Result
from local.engine.server import ProviderServer
from local.engine.stack import EngineStack
from local.resources.account import EmulatedAccount
from local.resources.provider import EmulatedProvider
from local.stack import SETTINGS, LocalStack, deployed, emulated_account
from local.stack_config import PROJECT, read_stack_config


@dataclass(frozen=True, kw_only=True)
class EngineRun:
    """An emulated AWS that an engine attaches to, and the stack in it."""

    account: EmulatedAccount
    stack: EngineStack

    def local_stack(self, result: Result, overrides: Mapping[str, str]) -> LocalStack:
        """The stack as an `up` with these settings left it."""
        config = read_stack_config(self.account.project, self.stack.name, {**SETTINGS, **overrides})
        resources = [
            Resource(
                type=each["type"],
                name=each["urn"].split("::", 3)[3],
                id=each["id"],
                inputs=frozenset(each.get("inputs", ())),
            )
            for each in self.stack.resources()
            if each.get("custom") and not each["type"].startswith("pulumi:")
        ]
        deployment = Deployment(
            config=config, outputs=result.outputs, resources=tuple(resources), warnings=result.warnings
        )
        return deployed(self.account, deployment)


@contextmanager
def engine_run(directory: Path, *, stack: str = "dev", project: Path = PROJECT, **options: Any) -> Generator[EngineRun]:
    """Start the emulated AWS, with nothing deployed, and what an engine attaches to.

    Args:
        directory: for the stack's state and settings.
        stack: which stack file to read.
        project: the directory of the program.
        options: of `emulated_account`.

    Raises:
        EngineError: there is no `pulumi`.
        EmulatorError: the emulated AWS did not start.
    """
    with (
        emulated_account(project=project, **options) as account,
        ProviderServer(EmulatedProvider(account)) as server,
    ):
        yield EngineRun(account=account, stack=EngineStack(project, stack, directory, server.environment))


@contextmanager
def kept_stack(overrides: Mapping[str, str], *, stack: str = "dev", **options: Any) -> Generator[LocalStack]:
    """`local_stack`, with the same arguments, by the engine: other processes may attach to the stack.

    Raises:
        EngineError: there is no `pulumi`, or another process keeps this stack.
        DeploymentError: the update failed; the message has the engine's errors.
        EmulatorError: the emulated AWS did not start.
    """
    directory = fresh_directory(PROJECT, stack)
    try:
        with engine_run(directory, stack=stack, **options) as run:
            announce(run.stack)
            result = run.stack.up({**SETTINGS, **overrides})
            if not result.succeeded:
                raise DeploymentError("\n".join(result.errors))
            yield run.local_stack(result, overrides)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
