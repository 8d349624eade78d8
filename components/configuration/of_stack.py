"""The settings of the stack that is deployed. Only this file asks Pulumi for the configuration."""

import os
from pathlib import Path

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from components.configuration.reading import SettingsError, read_settings
from components.configuration.rules import ADVICE, problems
from components.settings.settings import Settings


class RefusedConfiguration(SettingsError, pulumi.RunError):
    """The stack's configuration has mistakes. Pulumi shows the message of a RunError without a traceback."""


def stack_settings(project: Path) -> Settings:
    """Read this stack's settings, and warn of what it should not do. Raises RefusedConfiguration with every mistake."""
    # pulumi.Config gives one key at a time and no list of keys, so it cannot find a misspelt key.
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
