"""EngineStack: the program under Pulumi's own engine, with its state in a directory of this machine.

The engine runs in a process of the `pulumi` command line, the program in this one: no language host is needed.
"""

import json
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pulumi import automation
from pulumi.automation._stack import StackInitMode  # pyright: ignore[reportPrivateUsage] the SDK does not export it
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS  # pyright: ignore[reportPrivateUsage] the SDK offers no other way

from local.engine.program import Program
from local.engine.results import Events, Operation, Result
from local.engine.settings import copy_settings, set_settings
from local.stack_config import project_name

PASSPHRASE = "emulated"  # noqa: S105 see below
"""Encrypts the secrets of a stack that holds none worth keeping: they are the emulated AWS's."""

WITHOUT_CHECKPOINTS = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
"""For previews, which change no state. With checkpoints the engine writes the whole stack down after each resource: ten
times as many resources take a hundred times as long."""

Settings = Mapping[str, Any]
"""By key, which may leave out the project's namespace; as text, or as the values themselves."""

NO_SETTINGS: Settings = {}

Show = Callable[[str], object]

PROGRAM_END = 60.0
"""Seconds for which a program may go on after its operation. The engine goes first where a resource fails early."""

_OWN_CONNECTIONS = ("grpc.use_local_subchannel_pool", 1)
if _OWN_CONNECTIONS not in _GRPC_CHANNEL_OPTIONS:
    # A process that updates stacks for hours meets an address again at which an earlier engine listened. gRPC shares
    # the connection with the channels of then, and the wait after each refusal too: "Connection refused" at once.
    _GRPC_CHANNEL_OPTIONS.append(_OWN_CONNECTIONS)

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
            'There is no pulumi on PATH. Install the Pulumi CLI, or build it with Go: PATH="$(.ci/pulumi-cli):$PATH". '
            "Without it, the local stack is deployed once and not updated (make up, make demo)."
        )
    return found


class _Workspace(automation.LocalWorkspace):
    """Asks the command line for less than the SDK does: each question is a process of its own."""

    def select_stack(self, stack_name: str) -> None:
        """Each command names its stack, so none needs to be selected."""

    def stack_outputs(self, stack_name: str) -> automation.OutputMap:
        """The outputs, of which nobody asks here which ones are secret."""
        command = ["stack", "output", "--json", "--show-secrets", "--stack", stack_name]
        values = json.loads(self._run_pulumi_cmd_sync(command).stdout)
        return {key: automation.OutputValue(value=value, secret=False) for key, value in values.items()}


class _Stack(automation.Stack):
    """Asks for no history."""

    def info(self, show_secrets: bool = True) -> Any:
        """What the SDK adds to each result from the stack's history; nothing here reads it."""
        return ()


@cache
def _command() -> automation.PulumiCommand:
    """The `pulumi` on PATH, whose version is asked for once."""
    return automation.PulumiCommand()


class EngineStack:
    """One stack. `providers` is the environment that makes the engine attach to the emulated AWS.

    Each operation takes settings that go over those of the stack file in `settings_file`, and stay there.
    """

    def __init__(self, project: Path, name: str, directory: Path, providers: Mapping[str, str]) -> None:
        """`directory` holds the state, the settings and what the engine keeps for itself; it is made where it lacks.

        Raises EngineError where there is no `pulumi`, StackConfigError where a file of the project cannot be read.
        """
        required_pulumi()
        self._project = project
        self.name = name
        self.directory = directory
        self._program = Program(project)
        self._work = directory / "settings"
        for made in (self._work, directory / "state", directory / "home"):
            made.mkdir(parents=True, exist_ok=True)
        copy_settings(project, name, self._work)
        self.environment: Mapping[str, str] = {
            # Without `.attrs` files: they are not replaced as a whole, and an empty one, left by an engine that was
            # killed, makes the state unreadable.
            "PULUMI_BACKEND_URL": f"file://{directory / 'state'}?metadata=skip",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_DIY_BACKEND_GZIP": "false",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            **providers,
        }

    @property
    def settings_file(self) -> Path:
        """The stack file that the engine reads."""
        return self._work / f"Pulumi.{self.name}.yaml"

    def preview(
        self, settings: Settings = NO_SETTINGS, *, show: Show | None = None, policy_packs: Sequence[Path] = ()
    ) -> Result:
        """What an `up` would do. `show` is called with each line that the engine prints. `policy_packs`: what it holds
        the stack to, each a directory for which the engine has a language host, or a program that serves the pack."""
        return self._run("preview", settings, show, policy_packs=[str(path) for path in policy_packs])

    def up(self, settings: Settings = NO_SETTINGS, *, show: Show | None = None) -> Result:
        """Let the stack be what the program says."""
        return self._run("up", settings, show)

    def refresh(self, settings: Settings = NO_SETTINGS, *, show: Show | None = None) -> Result:
        """Let the state say what there is."""
        return self._run("refresh", settings, show)

    def destroy(
        self, settings: Settings = NO_SETTINGS, *, show: Show | None = None, exclude_protected: bool = False
    ) -> Result:
        """Delete everything, if a preview finds that it can be: what is protected stops the whole, or is left out."""
        options = {"exclude_protected": exclude_protected}
        preview = self._run("preview_destroy", settings, show, **options)
        return self._run("destroy", NO_SETTINGS, show, **options) if preview.succeeded else preview

    def forget(self) -> None:
        """Remove the stack with its state, and leave what it still has: `pulumi stack rm --force --preserve-config`."""
        self._select(NO_SETTINGS).workspace.remove_stack(self.name, force=True, preserve_config=True)

    def resources(self) -> list[Mapping[str, Any]]:
        """The resources of the state, as the engine keeps them."""
        return list((self.exported()["deployment"] or {}).get("resources", ()))

    def exported(self) -> Mapping[str, Any]:
        """The state, with the version of its format."""
        state = self._select(NO_SETTINGS).export_stack()
        return {"version": state.version, "deployment": state.deployment}

    def import_state(self, state: Mapping[str, Any]) -> None:
        """Take an exported state for this stack's own."""
        deployment = automation.Deployment(version=state["version"], deployment=state["deployment"])
        self._select(NO_SETTINGS).import_stack(deployment)

    def recover(self, settings: Settings = NO_SETTINGS) -> Result:
        """After an engine was killed: `pulumi cancel`, then `pulumi refresh --clear-pending-creates`."""
        self._select(settings).cancel()
        return self._run("refresh", NO_SETTINGS, None, clear_pending_creates=True)

    def _run(self, operation: Operation, settings: Settings, show: Show | None, **options: Any) -> Result:
        events, outputs, succeeded = Events(), dict[str, Any](), True
        with _one_program:
            stack = self._select(settings, **(WITHOUT_CHECKPOINTS if operation == "preview" else {}))
            started = time.monotonic()
            try:
                done = getattr(stack, operation)(on_event=events, on_output=show, color="never", **options)
                outputs = {key: output.value for key, output in getattr(done, "outputs", {}).items()}
            except automation.CommandError as error:
                succeeded = False
                if not events.errors:
                    events.errors.append(str(error))
            seconds = time.monotonic() - started
            self._program.wait(PROGRAM_END)  # the next one shares this process's directory and modules with it
        return Result(
            operation=operation,
            succeeded=succeeded,
            seconds=seconds,
            changes=events.changes,
            steps=tuple(events.steps),
            errors=tuple(events.errors),
            warnings=tuple(events.warnings),
            outputs=outputs,
        )

    def _select(self, settings: Settings, **environment: str) -> automation.Stack:
        set_settings(self._project, self.settings_file, settings)
        # With `work_dir` and no `project_settings`, the files in the directory are read and none is written over.
        workspace = _Workspace(
            work_dir=str(self._work),
            program=self._program,
            env_vars={**self.environment, **environment},
            pulumi_home=str(self.directory / "home"),
            secrets_provider="passphrase",
            pulumi_command=_command(),
        )
        stacks = self.directory / "state" / ".pulumi" / "stacks" / project_name(self._project)
        made = (stacks / f"{self.name}.json").exists()
        return _Stack(self.name, workspace, StackInitMode.SELECT if made else StackInitMode.CREATE)
