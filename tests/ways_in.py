"""Stacks behind every kind of API, on this machine, with what each needs around it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from components.settings.api_settings import ApiKind
from local.deployment import deploy
from local.resources.account import EmulatedAccount
from local.stack import SETTINGS, LocalStack, deployed, emulated_account
from local.surroundings import make_surroundings
from tests.packaged import as_configuration


def needs_of(api: ApiKind, account: EmulatedAccount, repository: Path) -> Mapping[str, Any]:
    """The settings that a stack needs to have this kind of API."""
    if api != "alb":
        return {"api": api}
    around = make_surroundings(account, repository)
    return {
        "api": api,
        "auth": "none",
        "balancerVpcId": around.vpc_id,
        "balancerSubnetIds": around.subnet_ids,
        "balancerCallers": ["10.0.0.0/8"],
        "domainName": "models.example.com",
        "certificateArn": around.certificate_arn,
    }


@contextmanager
def stack_behind(api: ApiKind, repository: Path, **settings: Any) -> Iterator[LocalStack]:
    """A stack behind this kind of API."""
    with emulated_account() as account:
        values = as_configuration(**needs_of(api, account, repository), **settings)
        yield deployed(account, deploy(account, "dev", {**SETTINGS, **values}))
