"""The settings of the stack that is deployed: the one place that asks Pulumi for its configuration."""

import os
from pathlib import Path

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from components.configuration.reading import SettingsError, read_settings
from components.configuration.rules import ADVICE, problems
from components.settings.settings import Settings


class RefusedConfiguration(SettingsError, pulumi.RunError):
    """The stack's configuration has mistakes. Pulumi shows a RunError's message alone, without a traceback."""


def stack_settings(project: Path) -> Settings:
    """Read this stack's settings and say what it had better not do. Raises RefusedConfiguration, with every mistake."""
    # pulumi.Config answers for one key at a time and gives no list, so that a misspelt key would pass unseen.
    configuration = {**get_config_env(), **CONFIG.get()}
    namespace = f"{pulumi.get_project()}:"
    values = {key.removeprefix(namespace): value for key, value in configuration.items() if key.startswith(namespace)}
    region = configuration.get("aws:region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    try:
        settings = read_settings(values, project, region)
    except SettingsError as error:
        raise RefusedConfiguration(error.problems) from None
    for advice in problems(settings, ADVICE):
        pulumi.warn(str(advice))
    return settings
