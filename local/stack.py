"""LocalStack: everything of one machine together, from the emulated AWS to the deployed program."""

from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.containers import Containers
from local.deployment import Deployment, deploy
from local.emulator import REGION, Emulator
from local.guard import Guard
from local.invocations import Invocations
from local.invoke_api import InvokeApi
from local.resources.account import EmulatedAccount
from local.stack_config import PROJECT, project_name
from local.workers import ProcessWorkers


@dataclass(frozen=True, kw_only=True)
class LocalStack:
    """A deployed stack that answers."""

    deployment: Deployment
    emulator: Emulator
    invocations: Invocations
    invoke_api: InvokeApi

    @property
    def api_url(self) -> str:
        """Where the HTTP API answers."""
        return str(self.deployment.outputs["apiUrl"])

    def setting(self, key: str) -> str:
        """What the program was configured with under a key of its own, as text."""
        return self.deployment.config[f"{project_name(PROJECT)}:{key}"]

    @property
    def models(self) -> list[str]:
        """The models that it serves."""
        return list(self.deployment.outputs["models"])

    def function_of(self, model: str) -> str:
        """The name of the function that serves a model."""
        return str(self.deployment.outputs["functionNames"][model])

    def log_tails(self, lines: int = 15) -> str:
        """The latest lines of every function."""
        tails = [(each.name, self.invocations.logs(each.name).tail(lines)) for each in self.invocations.functions()]
        return "\n".join(f"--- {name}\n{tail}" for name, tail in tails if tail)


@contextmanager
def local_stack(
    overrides: Mapping[str, str],
    *,
    stack: str = "dev",
    port: int = 0,
    project: Path = PROJECT,
    docker: bool = False,
    base_image: str | None = None,
) -> Generator[LocalStack]:
    """Start the emulated AWS, deploy the program into it, and take everything away at the end.

    The emulator checks no signatures, so that `auth` is `none` unless the overrides say otherwise. Raises
    EmulatorError, DeploymentError, StackConfigError, and what the program raises.

    With `docker`, the image is built, on `base_image` if there is one, and the functions run in containers of it.
    Raises ImageError, too, if no Docker engine answers.
    """
    with ExitStack() as cleanup:
        guard = cleanup.enter_context(Guard())
        emulator = cleanup.enter_context(Emulator(guard, port))
        containers = Containers(guard, emulator.url, base_image) if docker else None
        workers = containers or ProcessWorkers(guard, project, emulator.url)
        invocations = Invocations(workers, guard.directory("tensorflow-lambda-logs-"))
        cleanup.callback(invocations.stop)
        invoke_api = InvokeApi(invocations)
        cleanup.callback(invoke_api.stop)
        account = EmulatedAccount(guard, emulator, invocations, invoke_api, project, containers)
        deployment = deploy(account, stack, {"auth": "none", "aws:region": REGION, **overrides})
        yield LocalStack(deployment=deployment, emulator=emulator, invocations=invocations, invoke_api=invoke_api)
