"""A server that answers predictions after a while, in a thread of its own."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

METADATA = {
    "name": "iris",
    "inputs": [
        {"name": "features", "datatype": "FP32", "shape": [-1, 4]},
        {"name": "name", "datatype": "BYTES", "shape": [-1]},
        {"name": "count", "datatype": "INT64", "shape": [-1, 1]},
    ],
}


class Server:
    """Answers with status 200, the first `cold` answers as cold ones; every `failing`th prediction with 503."""

    def __init__(self, *, seconds: float = 0.0, cold: int = 0, failing: int = 0, chunked: bool = False) -> None:
        self.seconds, self.cold, self.failing, self.chunked = seconds, cold, failing, chunked
        self.asked: list[tuple[str, bytes]] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                method, path, _ = line.decode().split()
                length = 0
                while (header := await reader.readline()) not in (b"\r\n", b""):
                    name, _, value = header.decode().partition(":")
                    length = int(value) if name.lower() == "content-length" else length
                body = await reader.readexactly(length)
                writer.write(await self.answer(method, path, body))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def answer(self, method: str, path: str, body: bytes) -> bytes:
        if method == "GET":
            return _message(200, json.dumps(METADATA).encode())
        self.asked.append((path, body))
        number = len(self.asked)
        await asyncio.sleep(self.seconds)
        if self.failing and number % self.failing == 0:
            return _message(503, b"{}")
        head = "X-Cold-Start: 1\r\n" if number <= self.cold else ""
        if self.chunked:
            return f"HTTP/1.1 200 OK\r\n{head}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n".encode()
        return _message(200, b"{}", head)


def _message(status: int, body: bytes, head: str = "") -> bytes:
    return f"HTTP/1.1 {status} X\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """Serve on a free port until the block ends."""
    loop = asyncio.new_event_loop()
    listening = loop.run_until_complete(asyncio.start_server(server.serve, "127.0.0.1", 0))
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield server
    loop.call_soon_threadsafe(listening.close)
    asyncio.run_coroutine_threadsafe(_end_tasks(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


async def _end_tasks() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
