"""A NATS server of a few lines, on 127.0.0.1 or in a simulation: for what a node says to one, and servers that lie.

Beside it stand the same tests with a real one: `make brokers`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import cast

__all__ = ["FakeNats", "NatsClient", "fake_nats"]


class NatsClient(asyncio.Protocol):
    """The server's end of one connection."""

    def __init__(self, server: FakeNats) -> None:
        self.server = server
        #: By number, the subject's parts.
        self.subscriptions: dict[bytes, list[bytes]] = {}
        self.options: dict[str, object] = {}
        self._have = b""
        self._said = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.server.clients.append(self)
        self.say(b"INFO " + json.dumps(self.server.info).encode() + b"\r\n")

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.left(self)

    def data_received(self, data: bytes) -> None:
        have, at = self._have + data, 0
        while (end := have.find(b"\r\n", at)) >= 0:
            words, after = have[at:end].split(), end + 2
            if words[:1] == [b"PUB"]:
                after += int(words[-1]) + 2
                if len(have) < after:
                    break
                self.server.publish(self, words[1], words[2] if len(words) == 4 else b"", have[end + 2 : after - 2])
            else:
                self._told(words)
            at = after
        self._have = have[at:]

    def _told(self, words: list[bytes]) -> None:
        match words[0]:
            case b"CONNECT":
                self.options = json.loads(b" ".join(words[1:]))
                if self.server.refuses:
                    self.say(self.server.refuses)
            case b"PING" if not self.server.silent:
                self.say(b"PONG\r\n")
            case b"SUB":
                self.subscriptions[words[2]] = words[1].split(b".")
            case b"UNSUB":
                self.subscriptions.pop(words[1], None)

    def say(self, data: bytes) -> None:
        """Say that, and hang up where it was the last word."""
        if self._said != self.server.hang_up_after:
            self._said += 1
            self.transport.write(data)
        if self._said == self.server.hang_up_after:
            self.transport.close()

    def wants(self, subject: bytes) -> list[bytes]:
        parts = subject.split(b".")
        return [
            number
            for number, wanted in self.subscriptions.items()
            if len(wanted) == len(parts) and all(want in (b"*", part) for want, part in zip(wanted, parts, strict=True))
        ]

    def deliver(self, subject: bytes, number: bytes, reply: bytes, data: bytes) -> None:
        words = b" ".join(filter(None, (b"MSG", subject, number, reply, b"%d" % len(data))))
        self.say(words + b"\r\n" + data + b"\r\n")


class FakeNats:
    """`published` is all that came, by subject and data; `lose`: of how many messages from now on none arrives."""

    def __init__(self) -> None:
        self.info: dict[str, object] = {"version": "2.10.0", "max_payload": 1048576, "headers": True, "nonce": "n0nce"}
        self.clients: list[NatsClient] = []
        self.published: list[tuple[bytes, bytes]] = []
        self.lose = 0
        #: What it says to a login, before it goes on.
        self.refuses = b""
        #: It answers nothing.
        self.silent = False
        #: It hangs up on everybody behind that many words.
        self.hang_up_after: int | None = None
        self.port = 0
        self._server: asyncio.Server | None = None
        self._empty: list[asyncio.Future[None]] = []
        self._losses: list[asyncio.Future[tuple[bytes, bytes]]] = []

    async def start(self) -> None:
        """Listen, at the same port as before."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: NatsClient(self), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Be gone, and all connections with it."""
        assert self._server is not None
        self._server.close()
        for client in self.clients:
            client.transport.abort()
        await self.empty()
        await self._server.wait_closed()

    async def empty(self) -> None:
        """Wait until nobody is connected."""
        if self.clients:
            self._empty.append(asyncio.get_running_loop().create_future())
            await self._empty[-1]

    def left(self, client: NatsClient) -> None:
        """A client is gone."""
        self.clients.remove(client)
        if not self.clients:
            empty, self._empty = self._empty, []
            for waiting in empty:
                waiting.set_result(None)

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

    def leave(self) -> None:
        """Say that it goes soon, and let nobody in any more."""
        assert self._server is not None
        self._server.close()
        self.say(b"INFO " + json.dumps({**self.info, "ldm": True}).encode() + b"\r\n")

    def say(self, data: bytes) -> None:
        """Say something to everybody, whatever it is."""
        for client in self.clients:
            client.say(data)

    #: Whether that message is lost, beside those of `lose`.
    loses: Callable[[bytes, bytes], bool] = staticmethod(lambda subject, data: False)

    def publish(self, sender: NatsClient, subject: bytes, reply: bytes, data: bytes) -> None:
        """Deliver what a client has published, or lose it."""
        self.published.append((subject, data))
        if self.lose or self.loses(subject, data):
            self.lose = max(0, self.lose - 1)
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
                sender.say(b"HMSG %b %b %d %d\r\n%b\r\n" % (reply, number, len(head), len(head), head))


@contextlib.asynccontextmanager
async def fake_nats() -> AsyncIterator[FakeNats]:
    """One that runs, and is gone in the end."""
    server = FakeNats()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
