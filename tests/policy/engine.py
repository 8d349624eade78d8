"""Acts as Pulumi's engine for a policy pack: starts the pack as the CLI does, and sends it resources."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pulumi
from google.protobuf import struct_pb2
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from local.engine.wire import ASSET, SIGNATURE
from ops.recorder import Registered


@dataclass(frozen=True, kw_only=True)
class Said:
    """One report of the pack."""

    policy: str
    message: str
    mandatory: bool
    urn: str


class Pack:
    """A running policy pack."""

    def __init__(self, analyzer: analyzer_pb2_grpc.AnalyzerStub) -> None:
        self._analyzer = analyzer

    def policies(self) -> Mapping[str, Any]:
        """The pack's policies by name."""
        return {policy.name: policy for policy in self._analyzer.GetAnalyzerInfo(Empty()).policies}

    def about(self, type_: str, name: str, inputs: Mapping[str, Any]) -> list[Said]:
        """The pack's reports about one resource."""
        return _said(
            self._analyzer.Analyze(
                analyzer_pb2.AnalyzeRequest(type=type_, name=name, urn=_urn(type_, name), properties=_struct(inputs))
            )
        )

    def about_stack(self, resources: Sequence[Registered]) -> list[Said]:
        """The pack's reports about a whole stack."""
        return _said(
            self._analyzer.AnalyzeStack(
                analyzer_pb2.AnalyzeStackRequest(
                    resources=[
                        analyzer_pb2.AnalyzerResource(
                            type=each.type,
                            name=each.name,
                            urn=each.urn,
                            parent=each.parent,
                            properties=_struct(each.inputs),
                            dependencies=sorted(each.dependencies),
                        )
                        for each in resources
                    ]
                )
            )
        )


@contextmanager
def running(python: Path, directory: Path) -> Iterator[Pack]:
    """Run the pack in `directory` as the CLI does: in that directory, with the engine's address."""
    command = [python, "-u", "-m", "pulumi.policy", "127.0.0.1:1", "."]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "PYTHON"))}
    process = subprocess.Popen(command, cwd=directory, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        port = process.stdout.readline().strip()
        assert port.isdigit(), f"the policy pack did not start; it printed {port!r}"
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Pack(analyzer_pb2_grpc.AnalyzerStub(channel))
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _said(response: analyzer_pb2.AnalyzeResponse) -> list[Said]:
    return [
        Said(
            policy=each.policyName,
            message=each.message,
            mandatory=each.enforcementLevel == analyzer_pb2.MANDATORY,
            urn=each.urn,
        )
        for each in response.diagnostics
    ]


def _urn(type_: str, name: str) -> str:
    return f"urn:pulumi:test::tensorflow-lambda::{type_}::{name}"


def _struct(inputs: Mapping[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(_plain(inputs))
    return struct


def _plain(value: Any) -> Any:
    if isinstance(value, pulumi.FileAsset):
        return {SIGNATURE: ASSET, "path": value.path}
    if isinstance(value, pulumi.StringAsset):
        return {SIGNATURE: ASSET, "text": value.text}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
