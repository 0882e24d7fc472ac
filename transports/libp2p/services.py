"""What every host of libp2p serves beside its own protocols, and may ask of another one: identify and ping."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable
from typing import Final

from .connection import Libp2pConnection
from .identify import IDENTIFY, MAX_IDENTIFY, Identified, describe
from .idle_traffic import AROUND
from .substream import Substream
from .varint import Delimited, varint

__all__ = ["PING", "IdentifyAsked", "IdentifyServed", "PingAsked", "PingServed", "ask_identify", "ask_ping"]

#: libp2p specs/ping: 32 bytes that come back.
PING: Final = "/ipfs/ping/1.0.0"
PING_SIZE: Final = 32
#: Bytes that wait to be sent back on one stream, where the other side does not read: 128 pings.
MOST_ECHO: Final = 4096


class IdentifyServed:
    """Says what this node is, once, and ends its stream. `addresses`, `observed`: as `describe` takes them."""

    def __init__(self, connection: Libp2pConnection, *, addresses: Iterable[bytes] = (), observed: bytes = b"") -> None:
        self._connection = connection
        self._addresses = addresses
        self._observed = observed
        self._substream: Substream | None = None

    def opened(self, substream: Substream) -> None:
        """As `SubstreamOwner.opened`."""
        self._substream = substream
        said = describe(
            self._connection.own_key,
            protocols=self._connection.protocols,
            addresses=self._addresses,
            observed=self._observed,
        )
        substream.write(varint(len(said)) + said)
        substream.finish()

    def arrived(self, data: bytes) -> None:
        """As `SubstreamOwner.arrived`: there is nothing to say to it."""
        self._connection.charge(2 * len(data) + AROUND)  # it carried nothing, and has paid as what does
        if self._substream is not None:
            self._substream.taken(len(data))

    def ended(self) -> None:
        """As `SubstreamOwner.ended`."""

    def dropped(self, error: Exception) -> None:
        """As `SubstreamOwner.dropped`."""
        self._substream = None

    def regulate(self) -> None:
        """As `SubstreamOwner.regulate`."""


class PingServed:
    """Sends back what comes. What comes faster than it is read there is not granted, and is not kept for long."""

    def __init__(self, connection: Libp2pConnection) -> None:
        self._connection = connection
        self._substream: Substream | None = None
        self._owed = 0

    def opened(self, substream: Substream) -> None:
        """As `SubstreamOwner.opened`."""
        self._substream = substream

    def arrived(self, data: bytes) -> None:
        """As `SubstreamOwner.arrived`."""
        self._connection.charge(2 * len(data) + AROUND)  # as above
        if self._substream is not None:
            self._owed += len(data)
            self._substream.write(data)
            if self._substream.unsent > MOST_ECHO:
                self._substream.reset()
                self._substream = None
            else:
                self.regulate()

    def ended(self) -> None:
        """As `SubstreamOwner.ended`."""
        if self._substream is not None:
            self._substream.finish()

    def dropped(self, error: Exception) -> None:
        """As `SubstreamOwner.dropped`."""
        self._substream = None

    def regulate(self) -> None:
        """As `SubstreamOwner.regulate`."""
        if self._substream is not None and self._owed and not self._substream.unsent:
            owed, self._owed = self._owed, 0
            self._substream.taken(owed)


class _Asked:
    """Waits for what comes on a stream that this side has opened."""

    def __init__(self) -> None:
        self.substream: Substream | None = None
        self._news = asyncio.Event()
        self._failure: Exception | None = None

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition on what came. Raises what ended the stream before it held."""
        while not condition():
            if self._failure is not None:
                raise self._failure
            self._news.clear()
            await self._news.wait()

    def opened(self, substream: Substream) -> None:
        """As `SubstreamOwner.opened`."""
        self.substream = substream
        self._news.set()

    def arrived(self, data: bytes) -> None:
        """As `SubstreamOwner.arrived`."""
        if self.substream is not None:
            self.substream.taken(len(data))
        self.take(data)
        self._news.set()

    def take(self, data: bytes) -> None:
        """Bytes came."""

    def ended(self) -> None:
        """As `SubstreamOwner.ended`."""
        if self.substream is not None:
            self.substream.finish()
        self.dropped(ConnectionResetError("the other side ended the stream"))

    def dropped(self, error: Exception) -> None:
        """As `SubstreamOwner.dropped`."""
        self.substream = None
        self._failure = self._failure or error
        self._news.set()

    def regulate(self) -> None:
        """As `SubstreamOwner.regulate`."""


class IdentifyAsked(_Asked):
    """Reads what another host says of itself: one message."""

    def __init__(self) -> None:
        super().__init__()
        self._messages = Delimited(MAX_IDENTIFY)
        self.said: bytes | None = None

    def take(self, data: bytes) -> None:
        """Bytes came."""
        try:
            self._messages.feed(data)
            self.said = self._messages.next() if self.said is None else self.said
        except ValueError as error:
            substream = self.substream
            self.dropped(error)
            if substream is not None:
                substream.reset()


class PingAsked(_Asked):
    """Reads what comes back."""

    def __init__(self) -> None:
        super().__init__()
        self.back = b""

    def take(self, data: bytes) -> None:
        """Bytes came."""
        self.back = (self.back + data)[: PING_SIZE + 1]


async def ask_identify(connection: Libp2pConnection) -> Identified:
    """What the other side says of itself; the caller sets a deadline.

    Raises ProtocolRefused where it does not say, ValueError where that cannot be read, OSError where nothing comes.
    """
    asked = IdentifyAsked()
    connection.open(IDENTIFY, asked)
    await asked.wait_until(lambda: asked.said is not None)
    return Identified.parse(asked.said or b"")


async def ask_ping(connection: Libp2pConnection) -> float:
    """Seconds that 32 bytes take to the other side and back; the caller sets a deadline. Raises as `ask_identify`."""
    asked = PingAsked()
    connection.open(PING, asked)
    await asked.wait_until(lambda: asked.substream is not None)
    loop, said = asyncio.get_running_loop(), secrets.token_bytes(PING_SIZE)
    begun = loop.time()
    if asked.substream is not None:
        asked.substream.write(said)
    await asked.wait_until(lambda: len(asked.back) >= PING_SIZE)
    took = loop.time() - begun
    if asked.back != said:
        raise ValueError("something else came back than was sent")
    if asked.substream is not None:
        asked.substream.finish()
    return took
