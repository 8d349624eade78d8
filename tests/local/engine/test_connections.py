"""What a long run of updates in one process must not stumble over."""

import contextvars
from collections.abc import Callable
from concurrent import futures
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc
from pulumi.runtime.settings import Settings

import local.engine.stack  # noqa: F401 for what it sets


class Engine(engine_pb2_grpc.EngineServicer):
    def Log(self, _request: Any, _context: Any) -> empty_pb2.Empty:  # noqa: N802 the protocol's name
        return empty_pb2.Empty()


def listening_at(address: str) -> tuple[grpc.Server, int]:
    server = grpc.server(futures.ThreadPoolExecutor(1))
    engine_pb2_grpc.add_EngineServicer_to_server(Engine(), server)
    port = server.add_insecure_port(address)
    server.start()
    return server, port


def program_at(port: int) -> Callable[[], object]:
    """Says a line to the engine, over a connection as a program makes it."""

    def connected() -> Any:
        return Settings(project="house", stack="dev", engine=f"127.0.0.1:{port}").engine

    engine = contextvars.copy_context().run(connected)
    return lambda: engine.Log(engine_pb2.LogRequest(message="here"))


def test_an_engine_is_reached_at_the_address_of_one_that_ended():
    first, port = listening_at("127.0.0.1:0")
    ended = program_at(port)
    ended()
    first.stop(grace=0).wait()
    for _ in range(3):  # so that the next try is a second away
        with pytest.raises(grpc.RpcError):
            ended()
    second, again = listening_at(f"127.0.0.1:{port}")
    assert again == port
    program_at(port)()
    second.stop(grace=0).wait()
