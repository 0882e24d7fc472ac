"""The limit of whatever asks over NATS: the raw Protocol through a server, in its client protocol's barest words."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import TypeVar, cast

from ..processes import Served
from ..remote_raw import TALLY, RawClient, RawReceiver, RawSender
from ..run import Run
from ..tally import obey
from .nats_broker import broker

__all__ = ["connected", "serve"]

#: Where the receiver hears, and where the sender does.
_TO, _BACK = b"_INBOX.receiver", b"_INBOX.sender"
#: What the server may hold for a receiver that is slow, as for nats-py.
_MAX_PENDING = 1 << 30

_P = TypeVar("_P", bound="_Subscribed")


class _Wrapped:
    """The transport, with each write as a message to a subject."""

    def __init__(self, transport: asyncio.Transport, subject: bytes) -> None:
        self._transport, self._subject = transport, subject
        self.close = transport.close

    def write(self, data: bytes) -> None:
        self._transport.write(b"PUB %b %d\r\n%b\r\n" % (self._subject, len(data), data))


class _Subscribed(asyncio.Protocol):
    """Says hello, subscribes, and hands on what messages carry."""

    transport: asyncio.Transport
    hears: bytes
    tells: bytes

    def __init__(self) -> None:
        super().__init__()
        self._rest = b""
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        made = cast("asyncio.Transport", transport)
        made.write(b'CONNECT {"verbose":false,"pedantic":false}\r\nSUB %b 1\r\nPING\r\n' % self.hears)
        self.transport = cast("asyncio.Transport", _Wrapped(made, self.tells))  # all that is used of it

    def unwrapped(self, data: bytes) -> Iterator[bytes]:
        """What the messages carry that are complete."""
        data, at = self._rest + data, 0
        while (eol := data.find(b"\r\n", at)) >= 0:
            if not data.startswith(b"MSG", at):
                if data.startswith(b"PONG", at) and not self.ready.done():
                    self.ready.set_result(None)
                at = eol + 2
                continue
            end = eol + 2 + int(data[data.rindex(b" ", at, eol) : eol])
            if len(data) < end + 2:
                break
            yield data[eol + 2 : end]
            at = end + 2
        self._rest = data[at:]


class _Receiver(_Subscribed, RawReceiver):
    hears, tells = _TO, _BACK

    def data_received(self, data: bytes) -> None:
        for body in self.unwrapped(data):
            RawReceiver.data_received(self, body)


class _Sender(_Subscribed, RawSender):
    hears, tells = _BACK, _TO

    def data_received(self, data: bytes) -> None:
        for body in self.unwrapped(data):
            RawSender.data_received(self, body)


@contextlib.contextmanager
def connected(run: Run, product: str, server: Served) -> Iterator[RawClient]:
    """Connected to the server that the receiver started."""
    port, process = server.line.split()
    with run.runner() as runner:
        sender = runner.run(_join(_Sender, int(port)))
        client = RawClient(runner, sender)
        client.between = (int(process),)
        yield client
        sender.transport.close()


def serve(run: Run, product: str) -> None:
    """Start the server, subscribe."""
    with broker(f"max_pending: {_MAX_PENDING}") as (port, process):
        run.main(_serve(port, process))


async def _serve(port: int, process: int) -> None:
    receiver = await _join(_Receiver, port)
    print(port, process, flush=True)  # for the sender
    await asyncio.to_thread(obey, TALLY)
    receiver.transport.close()


async def _join(kind: type[_P], port: int) -> _P:
    _, protocol = await asyncio.get_running_loop().create_connection(kind, "127.0.0.1", port)
    await protocol.ready
    return protocol
