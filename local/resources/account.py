"""EmulatedAccount: what every resource type works with."""

import secrets
import threading
from collections import defaultdict
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.bucket_events import BucketEvents
from local.containers import Containers
from local.emulator import ACCOUNT, REGION, Emulator
from local.file_systems import FileSystems
from local.function_urls import FunctionUrls
from local.guard import Guard
from local.invocations import Invocations
from local.invoke_api import InvokeApi
from local.resources.ledger import Ledger
from local.resources.network_interfaces import NetworkInterfaces
from local.resources.work import Work


@dataclass
class Quotas:
    """What AWS raises on request. What is here is what every account has."""

    routes: int = 300
    integrations: int = 300
    """Of an HTTP API. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""

    provisioned_mibps: int = 1024
    """Of an EFS file system. https://docs.aws.amazon.com/efs/latest/ug/limits.html"""


class EmulatedAccount:
    """The emulated AWS and the functions' workers, as one account in one region."""

    region = REGION
    account_id = ACCOUNT

    def __init__(
        self,
        guard: Guard,
        emulator: Emulator,
        invocations: Invocations,
        invoke_api: InvokeApi,
        project: Path,
        containers: Containers | None = None,
    ) -> None:
        """`project` is the directory of the program that is deployed; `containers` builds its image, if anything."""
        self.guard = guard
        self.emulator = emulator
        self.invocations = invocations
        self.invoke_api = invoke_api
        self.project = project
        self.containers = containers
        self.file_systems = FileSystems(guard)
        self.bucket_events = BucketEvents()
        self.baked: dict[str, Path] = {}
        """What images hold in /opt/models, by the image's URI."""
        self.inactive: set[str] = set()
        """The names of functions that were idle for weeks."""
        self.changed_today: set[str] = set()
        """The file systems whose throughput was lowered, or set to another mode, in the last 24 hours."""
        self.has_gateway_log_role = True
        """Whether somebody set the role by which API Gateway writes the logs of REST APIs."""
        self.minute_seconds = 0.0
        """How many seconds a minute of a CodeDeploy shift takes. With 0, traffic moves at once."""
        self.base_updates = 0
        """How many security updates images of other registries had. Each gives them another digest."""
        self.endpoints: dict[str, str] = {}
        """Where functions find what the emulator does not have, by the environment variable that says so."""
        self.function_urls = FunctionUrls()
        self._session = emulator.session()
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()  # making a client is not safe in several threads; using one is
        self._alone = defaultdict[str, threading.Lock](threading.Lock)
        self.work = Work()
        self.quotas = Quotas()
        self.ledger = Ledger()
        self.interfaces = NetworkInterfaces(self.client("ec2"))

    def client(self, service: str) -> Any:
        """The boto3 client of a service, made once."""
        with self._lock:
            if service not in self._clients:
                # boto3's overloads know services by literal name only.
                self._clients[service] = self._session.client(service, endpoint_url=self.emulator.url)  # pyright: ignore
            return self._clients[service]

    def alone_in(self, service: str) -> AbstractContextManager[bool]:
        """Lets one at a time make something in a service, so that a rule still holds when the emulator acts."""
        return self._alone[service]

    @contextmanager
    def changing(self, thing: str) -> Generator[bool]:
        """Whether nobody else changes a thing inside the block."""
        free = self._alone[thing].acquire(blocking=False)
        try:
            yield free
        finally:
            if free:
                self._alone[thing].release()

    def unique(self, prefix: str) -> str:
        """A text that nothing else in the account has, as AWS's API wants one from its callers."""
        return f"{prefix}-{secrets.token_hex(8)}"
