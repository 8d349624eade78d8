"""The settings of the stack that is deployed. Only this file asks Pulumi for the configuration."""

import os
from collections.abc import Iterator
from pathlib import Path

import pulumi
import pulumi_aws as aws
from pulumi.runtime.config import CONFIG, get_config_env

from components.configuration.issuer import issuer_is_what_its_document_says
from components.configuration.problem import Problem
from components.configuration.reading import SettingsError, read_settings
from components.configuration.rules import ADVICE, problems
from components.network.subnets import default_zones
from components.settings.settings import Settings
from components.settings.storage_settings import MOUNTED_STORAGES


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
        settings = read_settings(values, project, region, pulumi.get_stack())
    except SettingsError as error:
        raise RefusedConfiguration(error.problems) from None
    if refused := [*_zones_that_the_account_lacks(settings), *issuer_is_what_its_document_says(settings)]:
        raise RefusedConfiguration(refused)
    for advice in problems(settings, ADVICE):
        pulumi.warn(str(advice))
    return settings


def _zones_that_the_account_lacks(settings: Settings) -> Iterator[Problem]:
    """Which zones a region has differs between accounts. AWS refuses a subnet in another one, late in a deployment."""
    if settings.vpc_id or not settings.region or not settings.uses(*MOUNTED_STORAGES):
        return
    filters: list[aws.GetAvailabilityZonesFilterArgsDict] = [{"name": "zone-type", "values": ["availability-zone"]}]
    held = aws.get_availability_zones(filters=filters, region=settings.region)
    found, chosen = held.names, settings.zones or default_zones(settings.region)
    if lacking := [zone for zone in chosen if zone not in found]:
        yield Problem(
            keys=("zones",),
            message=f"the account has no availability zone {' and no '.join(lacking)}; it has "
            f"{', '.join(sorted(found))}; set zones to two of them (pulumi config set --path 'zones[0]' ZONE)",
        )
