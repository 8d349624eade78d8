"""The real program, recorded: what it would register for a stack, with nothing created and nobody asked."""

import runpy
from collections.abc import Mapping
from pathlib import Path

from local.stack_config import read_stack_config
from ops.recorder import Recorder, deploy


def record(project: Path, stack: str, overrides: Mapping[str, str]) -> Recorder:
    """What `__main__.py` registers with a stack's configuration, its account and region made up.

    `overrides` are settings by key, as text. Raises StackConfigError for a configuration that cannot be read, and
    SettingsError, a ValueError, for one that has mistakes.
    """
    return record_with(project, read_stack_config(project, stack, overrides), stack)


def record_with(project: Path, config: Mapping[str, str], stack: str) -> Recorder:
    """What `__main__.py` registers with this configuration, whose keys may leave out the project's namespace."""
    return deploy(lambda: runpy.run_path(str(project / "__main__.py")), config=config, stack_name=stack)
