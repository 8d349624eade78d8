"""EngineStack: the program under Pulumi's own engine, with its state in a directory of this machine.

The engine runs in a process of the `pulumi` command line, the program in this one: no language host is needed.
"""

import os
import runpy
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pulumi import automation

from local.engine.results import Events, Operation, Result
from local.engine.settings import write_settings
from local.stack_config import project_name

PASSPHRASE = "emulated"  # noqa: S105 see below
"""Encrypts the secrets of a stack that holds none worth keeping: they are the emulated AWS's."""

_one_program = threading.Lock()  # the SDK runs one program at a time in a process


class EngineError(Exception):
    """The engine cannot be used; the message says why and what to do."""


def pulumi_command() -> str | None:
    """The path of the `pulumi` command line; None where there is none."""
    return shutil.which("pulumi")


def required_pulumi() -> str:
    """The path of the `pulumi` command line. Raises EngineError where there is none."""
    found = pulumi_command()
    if found is None:
        raise EngineError(
            "There is no pulumi on PATH. Install the Pulumi CLI, or build it from its Go module; without it, the local "
            "stack is deployed once and not updated (make up, make demo)."
        )
    return found


class EngineStack:
    """One stack. `providers` is the environment that makes the engine attach to the emulated AWS."""

    def __init__(self, project: Path, name: str, directory: Path, providers: Mapping[str, str]) -> None:
        """`directory` holds the state, the settings and what the engine keeps for itself; it is made where it lacks.

        Raises EngineError where there is no `pulumi`.
        """
        required_pulumi()
        self._project = project
        self.name = name
        self.directory = directory
        self._work = directory / "settings"
        for made in (self._work, directory / "state", directory / "home"):
            made.mkdir(parents=True, exist_ok=True)
        self.environment: Mapping[str, str] = {
            "PULUMI_BACKEND_URL": f"file://{directory / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_HOME": str(directory / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            **providers,
        }

    @property
    def settings_file(self) -> Path:
        """The stack file that the engine reads."""
        return self._work / f"Pulumi.{self.name}.yaml"

    def preview(self, overrides: Mapping[str, Any]) -> Result:
        """What an `up` would do."""
        return self._run("preview", overrides, lambda stack, events: stack.preview(on_event=events, color="never"))

    def up(self, overrides: Mapping[str, Any]) -> Result:
        """Let the stack be what the program says with this configuration over the stack file's."""
        return self._run("up", overrides, lambda stack, events: stack.up(on_event=events, color="never"))

    def refresh(self, overrides: Mapping[str, Any]) -> Result:
        """Let the state say what there is."""
        return self._run("refresh", overrides, lambda stack, events: stack.refresh(on_event=events, color="never"))

    def destroy(self, overrides: Mapping[str, Any]) -> Result:
        """Delete everything."""
        return self._run("destroy", overrides, lambda stack, events: stack.destroy(on_event=events, color="never"))

    def resources(self) -> list[Mapping[str, Any]]:
        """The resources of the state, as the engine keeps them."""
        exported = self._select({}).export_stack().deployment
        return list((exported or {}).get("resources", ()))

    def _run(
        self, operation: Operation, overrides: Mapping[str, Any], call: Callable[[automation.Stack, Events], Any]
    ) -> Result:
        events, outputs, succeeded = Events(), dict[str, Any](), True
        with _one_program:
            stack = self._select(overrides)
            started = time.monotonic()
            try:
                done = call(stack, events)
                outputs = {key: output.value for key, output in getattr(done, "outputs", {}).items()}
            except automation.CommandError as error:
                succeeded = False
                if not events.errors:
                    events.errors.append(str(error))
            seconds = time.monotonic() - started
        return Result(
            operation=operation,
            succeeded=succeeded,
            seconds=seconds,
            changes=events.changes,
            steps=tuple(events.steps),
            errors=tuple(events.errors),
            outputs=outputs,
        )

    def _select(self, overrides: Mapping[str, Any]) -> automation.Stack:
        write_settings(self._project, self.name, overrides, self._work)
        # With `work_dir` and no `project_settings`, the settings in the directory are read and none is written over.
        workspace = automation.LocalWorkspace(
            work_dir=str(self._work),
            program=self._program,
            env_vars=self.environment,
            pulumi_home=str(self.directory / "home"),
            secrets_provider="passphrase",
        )
        return automation.Stack.create_or_select(self.name, workspace)

    def _program(self) -> None:
        before = Path.cwd()
        os.chdir(self._project)  # as the language host does: the program may name files from there
        try:
            runpy.run_path(str(self._project / "__main__.py"), run_name="__main__")
        finally:
            os.chdir(before)

    @property
    def qualified_name(self) -> str:
        """The stack's name with its project's, as a `file://` backend has it."""
        return f"organization/{project_name(self._project)}/{self.name}"
