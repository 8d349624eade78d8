"""What the program says of a configuration: its settings, its refusal or its advice."""

from pathlib import Path

import pytest

from components.configuration.reading import SettingsError, read_settings
from components.configuration.rules import ADVICE, problems
from components.settings.settings import Settings
from tests.packaged import as_configuration
from tests.paths import PROJECT
from tests.recorder import REGION


def read(root: Path, region: str | None = REGION, **values: object) -> Settings:
    """The settings of a configuration whose model repository is at `root`."""
    return read_settings(as_configuration(**{"modelRepository": str(root), **values}), PROJECT, region)


def refusal(root: Path, region: str | None = REGION, **values: object) -> str:
    """The message that refuses a configuration."""
    with pytest.raises(SettingsError) as error:
        read(root, region, **values)
    return str(error.value)


def advice(root: Path, **values: object) -> str:
    """What a user is told of a configuration that is accepted."""
    return "\n".join(map(str, problems(read(root, **values), ADVICE)))
