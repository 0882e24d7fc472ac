"""A NATS server of a few lines, on 127.0.0.1: for tests of what a node says to one, and of servers that lie.

Beside it stand the same tests with a real one: `make brokers`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

__all__ = ["FakeNats", "fake_nats"]


class _Client:
    def __init__(self, server: FakeNats, writer: asyncio.StreamWriter) -> None:
        self.server, self.writer = server, writer
        #: By number, the subject's parts.
        self.subscriptions: dict[bytes, list[bytes]] = {}
        self.options: dict[str, object] = {}

    def wants(self, subject: bytes) -> list[bytes]:
        parts = subject.split(b".")
        return [
            number
            for number, wanted in self.subscriptions.items()
            if len(wanted) == len(parts) and all(want in (b"*", part) for want, part in zip(wanted, parts, strict=True))
        ]

    def deliver(self, subject: bytes, number: bytes, reply: bytes, data: bytes) -> None:
        words = b" ".join(filter(None, (b"MSG", subject, number, reply, b"%d" % len(data))))
        self.writer.write(words + b"\r\n" + data + b"\r\n")


class FakeNats:
    """`published` is all that came, by subject and data; `lose`: of how many messages from now on none arrives."""

    def __init__(self) -> None:
        self.info: dict[str, object] = {"version": "2.10.0", "max_payload": 1048576, "headers": True, "nonce": "n0nce"}
        self.clients: list[_Client] = []
        self.published: list[tuple[bytes, bytes]] = []
        self.lose = 0
        #: It answers nothing.
        self.silent = False
        self.port = 0
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self._losses: list[asyncio.Future[tuple[bytes, bytes]]] = []

    async def start(self) -> None:
        """Listen, at the same port as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=2**20)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Be gone, and all connections with it."""
        assert self._server is not None
        self._server.close()
        for client in self.clients:
            client.writer.transport.abort()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def serving(self) -> set[asyncio.Task[None]]:
        """The tasks that serve a client each."""
        return self._serving

    def resend(self, subject: bytes, data: bytes) -> None:
        """Deliver that, as if it had just been published."""
        for client in self.clients:
            for number in client.wants(subject):
                client.deliver(subject, number, b"", data)

    def next_lost(self) -> asyncio.Future[tuple[bytes, bytes]]:
        """The subject and data of the next message that is lost."""
        self._losses.append(asyncio.get_running_loop().create_future())
        return self._losses[-1]

    def forget(self, subject: bytes) -> None:
        """Deliver nothing more to whoever listens there, as if it were gone."""
        for client in [each for each in self.clients if each.wants(subject)]:
            client.subscriptions.clear()

    def say(self, data: bytes) -> None:
        """Say something to everybody, whatever it is."""
        for client in self.clients:
            client.writer.write(data)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _Client(self, writer)
        self.clients.append(client)
        if (task := asyncio.current_task()) is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        writer.write(b"INFO " + json.dumps(self.info).encode() + b"\r\n")
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await self._line(client, reader)
        self.clients.remove(client)
        writer.close()

    async def _line(self, client: _Client, reader: asyncio.StreamReader) -> None:
        words = (await reader.readuntil(b"\r\n")).split()
        match words[0]:
            case b"CONNECT":
                client.options = json.loads(b" ".join(words[1:]))
            case b"PING" if not self.silent:
                client.writer.write(b"PONG\r\n")
            case b"SUB":
                client.subscriptions[words[2]] = words[1].split(b".")
            case b"UNSUB":
                client.subscriptions.pop(words[1], None)
            case b"PUB":
                data = (await reader.readexactly(int(words[-1]) + 2))[:-2]
                self._publish(client, words[1], words[2] if len(words) == 4 else b"", data)
                await client.writer.drain()

    def _publish(self, sender: _Client, subject: bytes, reply: bytes, data: bytes) -> None:
        self.published.append((subject, data))
        if self.lose:
            self.lose -= 1
            losses, self._losses = self._losses, []
            for waiting in losses:
                if not waiting.done():
                    waiting.set_result((subject, data))
            return
        found = [(client, number) for client in self.clients for number in client.wants(subject)]
        for client, number in found:
            client.deliver(subject, number, reply, data)
        if reply and not found:
            head = b"NATS/1.0 503\r\n\r\n"
            for number in sender.wants(reply):
                sender.writer.write(b"HMSG %b %b %d %d\r\n%b\r\n" % (reply, number, len(head), len(head), head))


@contextlib.asynccontextmanager
async def fake_nats() -> AsyncIterator[FakeNats]:
    """One that runs, and is gone in the end."""
    server = FakeNats()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
