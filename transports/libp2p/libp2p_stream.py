"""A stream of the bus over one stream of libp2p, which has a connection of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from ...actors.base import HandshakeFailed, ProtocolError, StreamBroken, StreamClosed
from ..streams import (
    FLUSH_TIMEOUT,
    HIGH_WATER,
    LOW_WATER,
    Endpoint,
    PathEnd,
    ReceiveBuffer,
    WriteGate,
)
from .connection import Libp2pConnection
from .peer_ids import node_id_of_raw
from .substream import Substream

__all__ = ["PEERBUS", "Libp2pStream"]

#: The protocol of the bus: its preface and its frames, as over any stream.
PEERBUS: Final = "/peerbus/1"


class Libp2pStream(PathEnd):
    """The `Stream` of libp2p. It has no task; it is the owner of its stream of the connection.

    The end of its stream is the end, and proven as all that is sealed; a connection that ends before is broken.
    """

    secure = True

    def __init__(self, connection: Libp2pConnection) -> None:
        super().__init__()
        #: What it runs on, with whatever else the other side has there.
        self.connection: Final = connection
        #: The node id that the other side has proven, which is of the same key as its peer id; '' before `place`.
        self.peer_id = ""
        self._substream: Substream | None = None
        self._buffer = ReceiveBuffer()
        self._gate = WriteGate()
        self._push: Callable[[bytes], None] | None = None
        #: While it is paused: what came, and that it has ended, with or without an error.
        self._paused = False
        self._held: deque[bytes] = deque()
        self._end: StreamBroken | bool = False
        #: It was agreed on, or never will be; nothing more comes.
        self._agreed = asyncio.Event()
        self._over = asyncio.Event()
        self._refusal: Exception | None = None

    async def wait_opened(self) -> None:
        """Wait until both sides have agreed on it. Raises ProtocolRefused, HandshakeFailed; OSError by the network."""
        await self._agreed.wait()
        error = self._refusal
        if error is None:
            return
        if isinstance(error, ProtocolError):
            raise HandshakeFailed(error.reason, error.text) from error
        raise error

    def place(self, local: Endpoint, remote: Endpoint) -> None:
        """Say where the two ends are; whoever is there is added."""
        self.peer_id = node_id_of_raw(self.connection.key)
        self._local = local.with_peer(node_id_of_raw(self.connection.own_key))
        self._remote = remote.with_peer(self.peer_id)

    # The Stream.

    async def read(self) -> bytes:
        """As `Stream.read`."""
        data = await self._buffer.read()
        self._taken(len(data))
        return data

    def push_to(self, receive: Callable[[bytes], None]) -> None:
        """As `Pushing.push_to`."""
        self._push = receive
        self._held.extend(self._buffer.drain())
        self._hand_over()

    def pause(self) -> None:
        """As `Pausing.pause`. What this side has granted still comes, and is held here: a window of it at most."""
        self._paused = self._push is not None

    def resume(self) -> None:
        """As `Pausing.resume`."""
        self._paused = False
        self._hand_over()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """As `Stream.write`."""
        self._gate.check()
        if data and self._substream is not None:
            self._substream.write(data if type(data) is bytes else bytes(data))

    def writelines(self, parts: Sequence[bytes | bytearray | memoryview]) -> None:
        """As `Stream.writelines`."""
        self.write(b"".join(parts))

    @property
    def writable(self) -> bool:
        """As `Stream.writable`."""
        return self._gate.open

    @property
    def retained(self) -> int:
        """As `Retaining.retained`: of its connection, whatever else the other side has there."""
        return sum(map(len, self._held)) + self.connection.retained

    async def drain(self) -> None:
        """As `Stream.drain`."""
        await self._gate.wait_open()

    async def aclose(self) -> None:
        """As `Stream.aclose`."""
        if not self._closed:
            unread = sum(map(len, (*self._buffer.drain(), *self._held)))
            self._close()
            # What is not read must not keep the other side from what it sends last.
            self._taken(unread)
            if self._substream is not None:
                self._substream.finish()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_TIMEOUT):
                    await self._over.wait()
                    self.connection.end()
                    await self.connection.lost.wait()
                    return
            self.connection.abort()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_TIMEOUT):
                    await self.connection.lost.wait()
        except asyncio.CancelledError:
            self.connection.abort()
            raise

    def abort(self) -> None:
        """As `Stream.abort`."""
        self._close()
        self.connection.abort()

    def __repr__(self) -> str:
        state = "over" if self._over.is_set() else "closed" if self._closed else "open"
        return f"<Libp2pStream {self._local} ⇄ {self._remote} {state}>"

    # The owner of its stream of the connection.

    def opened(self, substream: Substream) -> None:
        """As `SubstreamOwner.opened`."""
        self._substream = substream
        self._agreed.set()

    def arrived(self, data: bytes) -> None:
        """As `SubstreamOwner.arrived`."""
        if self._closed:
            self._taken(len(data))
        elif self._push is None:
            self._buffer.feed(data)
        elif self._paused:
            self._held.append(data)
        else:
            self._taken(len(data))
            self._push(data)

    def ended(self) -> None:
        """As `SubstreamOwner.ended`: there are no half-closed streams, so this side ends too."""
        self._ends(StreamBroken("the other side closed the stream"), clean=True)
        if self._substream is not None:
            if not self._closed:
                self._substream.drop_unsent()
            self._substream.finish()
        self.settle("closed")

    def dropped(self, error: Exception) -> None:
        """As `SubstreamOwner.dropped`."""
        self._substream = None
        if not self._agreed.is_set():
            self._refusal = error
            self._agreed.set()
        broken = StreamBroken(f"the connection to {self._remote or 'the other side'} broke: {error}")
        broken.__cause__ = error
        self._ends(broken, clean=False)
        self.settle("closed")

    def regulate(self) -> None:
        """As `SubstreamOwner.regulate`."""
        unsent = self._substream.unsent if self._substream is not None else 0
        if unsent > HIGH_WATER or self.connection.paused:
            self._gate.shut()
        elif unsent <= LOW_WATER:
            self._gate.reopen()

    # Private.

    def _ends(self, why: StreamBroken, *, clean: bool) -> None:
        """Nothing more comes, and nothing more can be written; the first time counts."""
        if self._over.is_set():
            return
        self._over.set()
        if not self._gate.failed:
            self._gate.fail(why)
        self._end = clean or why
        self._hand_over()

    def _hand_over(self) -> None:
        """Give what is held to whoever it is pushed to, and the end behind it to whoever reads."""
        while self._held and self._push is not None and not self._paused:
            data = self._held.popleft()
            self._taken(len(data))
            self._push(data)
        if self._end is not False and not self._held:
            self._buffer.feed_end(None if self._end is True else self._end)

    def _taken(self, size: int) -> None:
        if size and self._substream is not None:
            self._substream.taken(size)

    def _close(self) -> None:
        self._closed = True
        self._push = None
        self._held.clear()
        self._buffer.close()
        self._gate.fail(StreamClosed("the stream was closed on this side"))
