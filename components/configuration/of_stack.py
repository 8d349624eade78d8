"""The settings of the stack that is deployed. Only this file asks Pulumi for the configuration."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pulumi
import pulumi_aws as aws
from pulumi.runtime.config import CONFIG, get_config_env

from components.configuration.bucket_lookup import NoBucketError, found_bucket
from components.configuration.issuer import issuer_is_what_its_document_says
from components.configuration.key_lookup import found_key
from components.configuration.network_lookup import NoNetworkError, found_network
from components.configuration.problem import Problem
from components.configuration.reading import SettingsError, read_settings
from components.configuration.rules import ADVICE, model_bucket, problems
from components.configuration.rules import found_key as of_key
from components.configuration.rules import found_network as found
from components.configuration.rules.found_network import FoundNetwork
from components.configuration.rules.model_bucket import FoundBucket
from components.network.subnets import default_zones
from components.settings.settings import Settings
from components.settings.storage_settings import MOUNTED_STORAGES


class RefusedConfiguration(SettingsError, pulumi.RunError):
    """The stack's configuration has mistakes. Pulumi shows the message of a RunError without a traceback."""


def stack_settings(project: Path, made_by: Mapping[str, str]) -> Settings:
    """Read this stack's settings, and warn of what it should not do. `made_by`: the tag of what the stack made.

    Raises RefusedConfiguration with every mistake.
    """
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
    network = _network_there(settings)
    of_network = [] if network is None else [each for rule in found.ADVISED for each in rule(network)]
    bucket = _bucket_there(settings, made_by)
    of_bucket = [] if bucket is None else [each for rule in model_bucket.ADVISED for each in rule(settings, bucket)]
    for advice in [*problems(settings, ADVICE), *of_network, *of_bucket, *_advice_on_key(settings)]:
        pulumi.warn(str(advice))
    return settings


def _network_there(settings: Settings) -> FoundNetwork | None:
    """The network in vpcId and subnetIds, if one is named and used. Raises RefusedConfiguration if the stack cannot use
    it."""
    if settings.vpc_id is None or not settings.uses(*MOUNTED_STORAGES):
        return None
    try:
        network = found_network(settings.vpc_id, settings.subnet_ids, settings.region)
    except NoNetworkError as error:
        message = f"AWS does not show {settings.vpc_id} and its subnets to this account; name those it has: {error}"
        raise RefusedConfiguration([Problem(keys=("vpcId", "subnetIds"), message=message)]) from None
    if refused := [each for rule in found.REFUSED for each in rule(network)]:
        raise RefusedConfiguration(refused)
    return network


def _bucket_there(settings: Settings, made_by: Mapping[str, str]) -> FoundBucket | None:
    """The bucket in modelBucket, if one is named. Raises RefusedConfiguration if the stack cannot use it."""
    if settings.model_bucket is None:
        return None
    try:
        bucket = found_bucket(settings.model_bucket, made_by)
    except NoBucketError as error:
        message = f"AWS does not show the bucket {settings.model_bucket} to this account; name one that it has: {error}"
        raise RefusedConfiguration([Problem(keys=(model_bucket.KEY,), message=message)]) from None
    if refused := [each for rule in model_bucket.REFUSED for each in rule(settings, bucket)]:
        raise RefusedConfiguration(refused)
    return bucket


def _advice_on_key(settings: Settings) -> Iterator[Problem]:
    """What the policy of the key in kmsKeyArn lacks, if one is named and AWS shows it."""
    key = found_key(settings.kms_key_arn) if settings.kms_key_arn else None
    if key is not None:
        for rule in of_key.ADVISED:
            yield from rule(key)


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
