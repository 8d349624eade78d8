"""LocalStack: starts the emulated AWS and the workers, and deploys the program into them."""

import json
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from math import inf
from pathlib import Path
from typing import Any

from local.codedeploy_api import CodeDeployApi
from local.containers import Containers
from local.deployment import Deployment, deploy
from local.embedded_metrics import EmbeddedMetrics
from local.emulator import REGION, Emulator
from local.gate import BALANCER_PATHS
from local.guard import Guard
from local.invocations import ACCOUNT_CONCURRENCY, Invocations
from local.invoke_api import InvokeApi
from local.log_delivery import LogDelivery
from local.resources.account import EmulatedAccount
from local.stack_config import PROJECT, project_name
from local.workers import STANDS_IN, ProcessWorkers, client_is_replaced


@dataclass(frozen=True, kw_only=True)
class LocalStack:
    """A deployed stack that answers requests."""

    deployment: Deployment
    emulator: Emulator
    invocations: Invocations
    invoke_api: InvokeApi
    stands_in: bool = False
    """Whether `runtime_client.py` takes the place of AWS's runtime client."""

    @property
    def not_emulated(self) -> tuple[str, ...]:
        """What differs from AWS, a line for each kind."""
        return (*self.deployment.not_emulated, *((STANDS_IN,) if self.stands_in else ()))

    @cached_property
    def api_url(self) -> str:
        """The base URL of the API on this machine."""
        if self.setting("api") == "alb":
            [balancer] = self.emulator.client("elbv2").describe_load_balancers()["LoadBalancers"]
            return f"{self.emulator.url}{BALANCER_PATHS}{balancer['LoadBalancerName']}"
        return self.emulator.reached(str(self.deployment.outputs["apiUrl"]))

    def setting(self, key: str) -> str:
        """The value of a setting of the program, as text."""
        return self.deployment.config[f"{project_name(PROJECT)}:{key}"]

    def token(self, **options: Any) -> str:
        """A token that the API accepts where its auth is jwt. `options` are those of `Issuer.token`."""
        audience, scopes = (json.loads(self.setting(key)) for key in ("jwtAudience", "jwtScopes"))
        return self.emulator.issuer.token(
            self.setting("jwtIssuer"), **{"audience": audience[0], "scopes": scopes, **options}
        )

    @property
    def models(self) -> list[str]:
        """The models that it serves."""
        return list(self.deployment.outputs["models"])

    def function_of(self, model: str) -> str:
        """The name of the function that serves a model."""
        return str(self.deployment.outputs["functionNames"][model])

    def log_tails(self, lines: int = 15) -> str:
        """The last lines of every function's log."""
        tails = [(each.name, self.invocations.logs(each.name).tail(lines)) for each in self.invocations.functions()]
        return "\n".join(f"--- {name}\n{tail}" for name, tail in tails if tail)


StartStack = Callable[[Mapping[str, str]], AbstractContextManager[LocalStack]]
"""Starts a stack with these settings over the stack file's: `local_stack` with the rest of its arguments given."""


SETTINGS: Mapping[str, str] = {"auth": "none", "aws:region": REGION}
"""Settings over every stack file's: whoever runs a stack on this machine may call it, and there is one region."""


SWITCH_SECONDS = 0.0005
"""How soon a thread lets another one run. A request passes through five, each of which waits as long for one that
computes, such as the one that delivers the logs."""


@contextmanager
def emulated_account(
    *,
    port: int = 0,
    project: Path = PROJECT,
    docker: bool = False,
    base_image: str | None = None,
    concurrency: int = ACCOUNT_CONCURRENCY,
    keep_seconds: float = inf,
    most_invocations: int = 0,
) -> Generator[EmulatedAccount]:
    """Start the emulated AWS and the workers, with nothing deployed, and remove everything at the end.

    Args:
        port: of the emulated AWS; 0 for a free one.
        project: the directory of the program.
        docker: build the image and run the functions in containers of it.
        base_image: with `docker`, the base image instead of the program's.
        concurrency: how many environments the account may run at a time.
        keep_seconds: how long an idle environment is kept. Lambda promises nothing; five to fifteen minutes are seen.
        most_invocations: how many are on their way to functions at a time, while the others wait; 0 for all that come.
            Lambda has processors for each environment. Here, more than this machine has only hinder one another.

    Raises:
        EmulatorError: the emulated AWS did not start.
        ImageError: with `docker`, no Docker engine answers.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    with ExitStack() as cleanup:
        guard = cleanup.enter_context(Guard())
        emulator = cleanup.enter_context(Emulator(guard, port, most_invocations))
        containers = Containers(guard, emulator.url, base_image) if docker else None
        processes = ProcessWorkers(guard, project, emulator.url)
        metrics = EmbeddedMetrics(emulator.client("cloudwatch", checked=False))
        cleanup.callback(metrics.stop)
        delivery = LogDelivery(emulator.client("logs", checked=False))
        cleanup.callback(delivery.stop)

        def read(group: str, line: str) -> None:
            metrics.read(line)
            delivery.read(group, line)

        logs = guard.directory("tensorflow-lambda-logs-")
        invocations = Invocations(containers or processes, logs, concurrency, read, keep_seconds)
        cleanup.callback(invocations.stop)
        invoke_api = InvokeApi(invocations)
        cleanup.callback(invoke_api.stop)
        account = EmulatedAccount(guard, emulator, invocations, invoke_api, project, containers)
        cleanup.callback(account.function_urls.stop)
        cleanup.callback(CodeDeployApi(account).stop)
        yield account


def deployed(account: EmulatedAccount, deployment: Deployment) -> LocalStack:
    """The stack that a deployment made in an account."""
    return LocalStack(
        deployment=deployment,
        emulator=account.emulator,
        invocations=account.invocations,
        invoke_api=account.invoke_api,
        stands_in=account.containers is None and client_is_replaced(),
    )


@contextmanager
def local_stack(overrides: Mapping[str, str], *, stack: str = "dev", **options: Any) -> Generator[LocalStack]:
    """Start the emulated AWS, deploy the program into it, and remove everything at the end.

    Args:
        overrides: settings over the stack file's, by key and as text.
        stack: which stack file to read.
        options: of `emulated_account`.

    Raises:
        EmulatorError: the emulated AWS did not start.
        StackConfigError: the configuration cannot be read.
        DeploymentError: a resource could not be created.
        ImageError: with `docker`, no Docker engine answers or the build failed.
        Exception: whatever the program raises.
    """
    with emulated_account(**options) as account:
        yield deployed(account, deploy(account, stack, {**SETTINGS, **overrides}))
