"""Records the real program: what it would register for a stack. Nothing is created and AWS is not called."""

import runpy
from collections.abc import Mapping
from pathlib import Path

from local.stack_config import read_stack_config
from ops.recorder import Recorder, deploy


def record(project: Path, stack: str, overrides: Mapping[str, str]) -> Recorder:
    """What `__main__.py` registers with a stack's configuration, in a made-up account.

    `overrides` are settings by key, as text. Raises StackConfigError if the configuration cannot be read, and
    SettingsError, a ValueError, if it has mistakes.
    """
    return record_with(project, read_stack_config(project, stack, overrides), stack)


def record_with(project: Path, config: Mapping[str, str], stack: str) -> Recorder:
    """What `__main__.py` registers with this configuration. Keys without a namespace are the project's own."""
    return deploy(lambda: runpy.run_path(str(project / "__main__.py")), config=config, stack_name=stack)
