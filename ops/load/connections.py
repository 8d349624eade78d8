"""Connections: HTTP/1.1 over as many open connections as there are requests under way. As little work as can be."""

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass
from urllib.parse import SplitResult

END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    head: bytes
    """The status line and the headers, in lower case."""
    received: float
    """When the last byte was there, by the loop's clock."""


class Connections:
    """Sends messages to one server. Each needs a connection of its own until it is answered; then it is used again."""

    def __init__(self, url: SplitResult) -> None:
        self._host, self._tls = url.hostname or "", url.scheme == "https"
        self._port = url.port or (443 if self._tls else 80)
        self._context = ssl.create_default_context() if self._tls else None
        self._idle: deque[_Connection] = deque()
        self.opened = 0

    async def exchange(self, message: bytes) -> Answer:
        """Send a message; its answer. Raises OSError if the connection fails."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                break
        else:
            connection = await self._open()
        try:
            answer = await connection.exchange(message)
        except BaseException:
            connection.close()  # also if nobody waits any longer: its answer would be taken for the next one's
            raise
        if connection.is_open:
            self._idle.append(connection)
        return answer

    async def warm(self, count: int) -> None:
        """Open connections ahead of their first use."""
        self._idle.extend(await asyncio.gather(*(self._open() for _ in range(count))))

    async def close(self) -> None:
        """Close those that are idle."""
        while self._idle:
            self._idle.pop().close()
        await asyncio.sleep(0)  # a transport closes in the loop's next turn

    async def _open(self) -> "_Connection":
        loop = asyncio.get_running_loop()
        self.opened += 1
        _, connection = await loop.create_connection(_Connection, self._host, self._port, ssl=self._context)
        return connection


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self.is_open = False
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._head_end = -1
        self._answer: asyncio.Future[Answer] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 a TCP connection has no other
        self._transport, self.is_open = transport, True

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("the server closed the connection"))

    async def exchange(self, message: bytes) -> Answer:
        if self._transport is None:
            raise ConnectionResetError("the connection is not open")
        self._buffer.clear()
        self._head_end = -1
        self._answer = self._loop.create_future()
        self._transport.write(message)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._head_end < 0:
            end = self._buffer.find(END_OF_HEAD)
            if end < 0:
                return
            self._head_end = end + len(END_OF_HEAD)
        head = bytes(self._buffer[: self._head_end]).lower()
        if not self._is_whole(head) or self._answer is None or self._answer.done():
            return
        status = int(head[9:12])
        self._answer.set_result(Answer(status=status, head=head, received=self._loop.time()))
        if b"\r\nconnection: close" in head:
            self.is_open = False
            self.close()

    def _is_whole(self, head: bytes) -> bool:
        at = head.find(b"\r\ncontent-length:")
        if at >= 0:
            length = int(head[at + 17 : head.index(b"\r\n", at + 2)])
            return len(self._buffer) >= self._head_end + length
        if b"\r\ntransfer-encoding: chunked" in head:
            return self._buffer.endswith(b"0\r\n\r\n")
        return True
