"""A stack that another process keeps running, and how a terminal of its own works on it."""

import json
import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

from local.engine.stack import EngineError, EngineStack

DIRECTORY = Path("build/pulumi")
"""Where the state of stacks of the emulated AWS lies, below the project's directory, by the stack's name."""

ATTACH_FILE = "attach.json"
"""Says in a stack's directory which process keeps the emulated AWS, and how an engine attaches to it."""

LANGUAGE_HOST = "pulumi-language-python"

RUN_THE_PROGRAM = ("preview", "up")
"""Operations of the command line that need the language host."""


def directory_of(project: Path, stack: str) -> Path:
    """Where a stack has its state."""
    return project / DIRECTORY / stack


def fresh_directory(project: Path, stack: str) -> Path:
    """A stack's directory, emptied: a new emulated AWS holds nothing of what an old state says.

    Raises EngineError if a process that still runs keeps the stack.
    """
    directory = directory_of(project, stack)
    if (owner := _owner(directory)) is not None:
        raise EngineError(
            f"Process {owner} keeps the stack {stack!r} running, with its state in {directory}. "
            "Stop it, or choose another stack file with --stack."
        )
    shutil.rmtree(directory, ignore_errors=True)
    return directory


def announce(stack: EngineStack) -> None:
    """Let other processes find the stack."""
    document = {"process": os.getpid(), "environment": dict(stack.environment)}
    (stack.directory / ATTACH_FILE).write_text(json.dumps(document), encoding="utf-8")


def attach(project: Path, stack: str) -> EngineStack:
    """The stack that another process keeps running. Raises EngineError if none does."""
    directory = directory_of(project, stack)
    if _owner(directory) is None:
        raise EngineError(f"Nothing keeps the stack {stack!r} running. Start it in another terminal: make up")
    document = json.loads((directory / ATTACH_FILE).read_text(encoding="utf-8"))
    return EngineStack(project, stack, directory, document["environment"])


def instructions(project: Path, stack: EngineStack) -> Iterator[str]:
    """What to type in another terminal, in the project's directory."""
    settings = shlex.quote(os.path.relpath(stack.settings_file, project))
    host = shutil.which(LANGUAGE_HOST)
    yield f"Pulumi, in another terminal. The stack's settings are in {settings}: edit them, then preview and up"
    yield f"  export {' '.join(f'{key}={shlex.quote(value)}' for key, value in stack.environment.items())}"
    for verb in ("preview", "up", "refresh", "destroy"):
        if host or verb not in RUN_THE_PROGRAM:
            yield f"  pulumi {verb} --stack {stack.name} --config-file {settings}"
        else:
            yield f"  .venv/bin/python -m local engine {verb} --stack {stack.name}"
    yield f"  pulumi stack graph --stack {stack.name} /dev/stdout"
    if not host:
        yield f"  (pulumi {' and '.join(RUN_THE_PROGRAM)} themselves need {LANGUAGE_HOST}, which is not on PATH; a full"
        yield "  installation of Pulumi has it)"


def _owner(directory: Path) -> int | None:
    """The process that keeps a stack; None where there is none, or it has ended."""
    file = directory / ATTACH_FILE
    if not file.exists():
        return None
    process = int(json.loads(file.read_text(encoding="utf-8"))["process"])
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return process
