"""ProviderServer: the emulated AWS as providers on ports of this machine, which Pulumi's engine attaches to."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from local.emulator import HOST
from local.engine.servicer import ProviderServicer
from local.resources.provider import EmulatedProvider

PACKAGES = ("aws", "docker")

THREADS = 32
"""Requests that are worked on at a time; Lambda's network interfaces and invocations make some of them wait."""

STOP_SECONDS = 2.0

UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
"""A stack's dashboards and documents have no limit of the protocol's."""


class ProviderServer:
    """A server for each package. A context manager; leaving it ends them."""

    def __init__(self, provider: EmulatedProvider) -> None:
        self._servers: list[grpc.Server] = []
        self.ports: Mapping[str, int] = {package: self._serve(package, provider) for package in PACKAGES}

    @property
    def environment(self) -> dict[str, str]:
        """What makes an engine attach to these servers."""
        pairs = ",".join(f"{package}:{port}" for package, port in self.ports.items())
        return {"PULUMI_DEBUG_PROVIDERS": pairs}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the servers; what they are working on is waited for a moment."""
        for stopped in [server.stop(STOP_SECONDS) for server in self._servers]:
            stopped.wait()

    def _serve(self, package: str, provider: EmulatedProvider) -> int:
        server = grpc.server(ThreadPoolExecutor(THREADS), options=UNLIMITED)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(ProviderServicer(package, provider), server)
        port = server.add_insecure_port(f"{HOST}:0")
        server.start()
        self._servers.append(server)
        return port
