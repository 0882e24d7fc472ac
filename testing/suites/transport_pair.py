"""Two transports that can reach each other, and the streams that a check opens between them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from ...actors.base import StreamBroken
from ...transports.streams import Endpoint, Listener, Stream, Transport
from .claims import require, turns

__all__ = [
    "PATIENCE",
    "TransportCheck",
    "TransportFactory",
    "TransportPair",
    "closing",
    "connected",
    "dial",
    "dial_and_be_heard",
    "ends",
    "listening",
    "read_exactly",
    "talk",
    "until_broken",
]

#: Seconds after which a check counts as hanging.
PATIENCE: Final = 20.0
#: More than all buffers between two ends can hold: Linux gives a TCP socket up to 4 MiB to send
#: and 32 MiB to receive.
MORE_THAN_BUFFERS: Final = 48 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class TransportPair:
    """Two nodes' transports that can reach each other, and what they should prove."""

    dialer: Transport
    acceptor: Transport
    #: An endpoint to listen on that nobody else uses; a new one at each call.
    fresh: Callable[[], Endpoint]
    #: The node ids that streams of this transport prove, or None where they prove nothing.
    dialer_id: str | None = None
    acceptor_id: str | None = None
    #: A dial to where nobody listens is refused at once; False where nobody is there to refuse it, as on a radio: then
    #: it ends with its time.
    refuses: bool = True
    #: More bytes than all buffers between two ends can hold.
    more_than_buffers: int = MORE_THAN_BUFFERS


#: Makes a pair for one check.
TransportFactory = Callable[[], AbstractContextManager[TransportPair]]
#: Raises AssertionError for a transport that does not do as it should.
TransportCheck = Callable[[TransportPair], Awaitable[None]]


@contextlib.asynccontextmanager
async def listening(pair: TransportPair) -> AsyncIterator[Listener]:
    """A listener of the acceptor, closed in the end."""
    listener = await pair.acceptor.listen(pair.fresh())
    try:
        yield listener
    finally:
        await listener.aclose()


@contextlib.asynccontextmanager
async def closing(stream: Stream) -> AsyncIterator[Stream]:
    """The stream, closed in the end."""
    try:
        yield stream
    finally:
        await stream.aclose()


@contextlib.asynccontextmanager
async def connected(pair: TransportPair, *, close_listener: bool = False) -> AsyncIterator[tuple[Stream, Stream]]:
    """Both ends of a stream, the dialed one first; `close_listener`: with nobody to dial any more."""
    async with listening(pair) as listener:
        dialed, accepted = await asyncio.gather(dial(pair, listener), listener.accept())
        if close_listener:
            await listener.aclose()
        try:
            yield dialed, accepted
        finally:
            # At once: each then sees the other's end, and neither waits for it.
            await asyncio.gather(dialed.aclose(), accepted.aclose())


async def dial(pair: TransportPair, listener: Listener) -> Stream:
    """A stream to the listener."""
    return await pair.dialer.dial(listener.endpoint, expect=None, timeout=PATIENCE)


async def dial_and_be_heard(pair: TransportPair, listener: Listener) -> None:
    """Open a stream that works, behind any number that were given up: these end, if they came at all."""
    async with closing(await dial(pair, listener)) as dialed:
        dialed.write(b"the one that stayed")
        while True:
            async with closing(await listener.accept()) as accepted:
                with contextlib.suppress(StreamBroken):
                    if await accepted.read():
                        return


async def talk(speaker: Stream, hearer: Stream) -> None:
    """Some bytes go one way."""
    speaker.write(b"a question")
    require(await read_exactly(hearer, 10) == b"a question", "something else arrived")


async def read_exactly(stream: Stream, size: int) -> bytes:
    """Read `size` bytes. Raises AssertionError where more come together, or the stream ends before."""
    parts: list[bytes] = []
    while size > 0:
        data = await stream.read()
        require(bool(data), f"the stream ended {size} bytes early")
        parts.append(data)
        size -= len(data)
    require(size == 0, f"{-size} bytes too many arrived")
    return b"".join(parts)


async def ends(stream: Stream) -> None:
    """Read on until the stream ends, cleanly or not."""
    with contextlib.suppress(StreamBroken):
        while await stream.read():
            pass


async def until_broken(stream: Stream) -> None:
    """Wait until the other side's end has arrived, which writing notices and reading might not."""
    while True:
        try:
            stream.write(b"")
        except StreamBroken:
            return
        await turns(1)
