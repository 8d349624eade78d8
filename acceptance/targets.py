"""Targets: where stacks are deployed: an AWS account, or the emulated AWS of this machine."""

import os
import shutil
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Protocol

import boto3
from botocore.credentials import Credentials

from clients.signing import Signer
from local.emulator import CREDENTIALS, REGION
from local.engine.running import engine_run
from local.engine.stack import EngineStack
from local.stack import SETTINGS
from local.stack_config import PROJECT

STACK = "acceptance"
"""The name of the stack in its state. Nothing in an account is named after a stack file."""


MINUTE_SECONDS = 0.6
"""How long a minute of a shift takes on this machine, in seconds."""

OF_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".on.aws")
"""How the host names end that AWS gives to APIs."""


class SignerOf(Protocol):
    """Makes what signs a caller's requests for a service."""

    def __call__(self, *, service: str) -> Signer: ...


class TargetError(Exception):
    """The target cannot be used; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """One place, while a case runs in it."""

    name: str
    stack: EngineStack
    client: Callable[[str], Any]
    """The boto3 client of a service."""
    settings: Mapping[str, Any]
    """What every stack in it needs."""
    address: Callable[[str], str]
    """Where an API's URL is called."""
    host: Callable[[str], str]
    """The host behind an address's host name."""
    signer: SignerOf
    emulated: bool


@contextmanager
def on_this_machine(directory: Path, file: str) -> Generator[Target]:
    """The emulated AWS, empty, with Pulumi's own engine. Its state does not outlive the block."""
    _copy_stack_file(directory, file)
    with engine_run(directory, stack=STACK) as run:
        run.account.minute_seconds = MINUTE_SECONDS
        yield Target(
            name="local",
            stack=run.stack,
            client=run.account.client,
            settings=SETTINGS,
            address=run.account.emulator.reached,
            host=str,
            signer=partial(Signer, REGION, credentials=Credentials(*CREDENTIALS.values())),
            emulated=True,
        )


@contextmanager
def in_an_account(directory: Path, file: str, region: str) -> Generator[Target]:
    """The account of this machine's AWS credentials. The state stays in `directory`, also after an interruption.

    Raises TargetError without credentials.
    """
    session = boto3.Session(region_name=region)
    credentials = session.get_credentials()
    if credentials is None:
        raise TargetError("there are no AWS credentials; set AWS_PROFILE, or run `aws sso login`")
    _copy_stack_file(directory, file)
    environment = {"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "false", "AWS_REGION": region}
    given = {key: os.environ[key] for key in ("PULUMI_CONFIG_PASSPHRASE",) if key in os.environ}
    yield Target(
        name=region,
        stack=EngineStack(PROJECT, STACK, directory, {**environment, **given}),
        client=session.client,  # pyright: ignore[reportArgumentType] any service
        settings={"aws:region": region, "tags": {"purpose": STACK}},
        address=str,
        host=cache(partial(host_behind, session.client("apigatewayv2"))),
        signer=partial(Signer, region, credentials=credentials),
        emulated=False,
    )


def host_behind(apis: Any, name: str) -> str:
    """The host that answers for a host name: for one that is not of AWS, API Gateway's behind it, whatever DNS says.

    `apis` is boto3's client of API Gateway.
    """
    if name.endswith(OF_AWS):
        return name
    [configuration] = apis.get_domain_name(DomainName=name)["DomainNameConfigurations"]
    return str(configuration["ApiGatewayDomainName"])


def _copy_stack_file(directory: Path, file: str) -> None:
    """Let the stack begin with the settings of a stack file."""
    own = directory / "settings" / f"Pulumi.{STACK}.yaml"
    own.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(PROJECT / f"Pulumi.{file}.yaml", own)
