"""EmulatedAccount: what every resource function works with."""

import secrets
import threading
from pathlib import Path
from typing import Any

from local.bucket_events import BucketEvents
from local.containers import Containers
from local.emulator import ACCOUNT, REGION, Emulator
from local.file_systems import FileSystems
from local.guard import Guard
from local.invocations import Invocations
from local.invoke_api import InvokeApi


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
        self._session = emulator.session()
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()  # making a client is not safe in several threads; using one is

    def client(self, service: str) -> Any:
        """The boto3 client of a service, made once."""
        with self._lock:
            if service not in self._clients:
                # boto3's overloads know services by literal name only.
                self._clients[service] = self._session.client(service, endpoint_url=self.emulator.url)  # pyright: ignore
            return self._clients[service]

    def physical_name(self, inputs: dict[str, Any], logical: str, separator: str = "-") -> str:
        """The name that the program chose, or one with random hexadecimal digits, as Pulumi makes them."""
        if name := inputs.get("name"):
            return str(name)
        return f"{inputs.get('namePrefix') or logical + separator}{secrets.token_hex(4)[:7]}"
