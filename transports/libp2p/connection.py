"""One libp2p connection over TCP: the upgrade, then streams, each of which belongs to a protocol's owner."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, MutableMapping
from typing import Final, cast

from ...actors.base import HandshakeFailed, ProtocolError
from ..streams import HIGH_WATER, LOW_WATER, RECEIVE_BUFFER
from .idle_traffic import AROUND, STREAM_COST, IdleTraffic
from .noise_identity import NoiseIdentity
from .secure_channel import SEALED, SecureChannel
from .substream import Substream, SubstreamOwner
from .upgrade import Upgrade
from .yamux import (
    PROTOCOL_ERROR,
    Yamux,
    YamuxArrived,
    YamuxEnded,
    YamuxEvent,
    YamuxGone,
    YamuxOpened,
    YamuxRoom,
    YamuxStream,
)
from .yamux_life import YamuxLife

__all__ = ["Libp2pConnection"]

#: Bytes of answers to pings, grants and the like that may wait for a peer that does not read: some thousand.
MAX_CONTROL: Final = 64 * 1024
#: Bytes of a piece that is joined to others before it is handed over: of a larger one the copy costs more than that.
SMALL: Final = 4096
#: Frames that carry nothing and may come in one read: some milliseconds. A hundred milliseconds of grants are fewer.
MOST_BARE: Final = 2048
#: SO_LINGER on, zero seconds: closing sends RST at once (RFC 9293 §3.10.5).
_RESET: Final = struct.pack("ii", 1, 0)


class Libp2pConnection(asyncio.Protocol):
    """See the module. It has no task: the event loop calls its Protocol methods.

    `judge` sees the key that the other side has proven, and raises what ends the connection. `protocols`: what makes an
    owner for a stream of each protocol that the other side may ask for; changing it takes effect at once.
    """

    def __init__(
        self,
        sock: socket.socket,
        identity: NoiseIdentity,
        *,
        initiator: bool,
        judge: Callable[[bytes], None],
        protocols: MutableMapping[str, Callable[[], SubstreamOwner]],
    ) -> None:
        self.socket = sock
        self.protocols = protocols
        #: The other side's key, 32 bytes, once it is proven.
        self.key = b""
        #: This side's.
        self.own_key = identity.raw
        #: What was written waits in this process.
        self.paused = False
        #: Set when there is no connection any more.
        self.lost = asyncio.Event()
        self._initiator = initiator
        self._upgrade: Upgrade | None = Upgrade(identity, initiator=initiator, judge=judge)
        self._upgraded = asyncio.Event()
        self._channel: SecureChannel | None = None
        self._mux: Yamux | None = None
        self._substreams: dict[int, Substream] = {}
        #: What came in a row on one stream, and has not been handed over yet.
        self._arriving: YamuxStream | None = None
        self._arrived: list[bytes] = []
        self._idle = IdleTraffic(asyncio.get_running_loop().time())
        #: Bytes of control that were written while it was paused.
        self._control = 0
        #: This side has said its end: nothing more is written.
        self._finished = False
        self._transport: asyncio.Transport | None = None
        self._failure: Exception | None = None

    @property
    def mux(self) -> Yamux:
        """Its streams. Only after the upgrade."""
        assert self._mux is not None
        return self._mux

    @property
    def failure(self) -> Exception | None:
        """What ended it, other than this side; None before."""
        return self._failure

    @property
    def retained(self) -> int:
        """Bytes of memory of a message that is here in part, and of what waits to be sent."""
        channel, transport = self._channel, self._transport
        waits = sum(substream.unsent for substream in self._substreams.values())
        waits += 0 if transport is None else transport.get_write_buffer_size()
        return waits + (0 if channel is None else channel.retained)

    async def wait_upgraded(self) -> None:
        """Wait until it carries streams. Raises HandshakeFailed, and OSError where the network failed."""
        await self._upgraded.wait()
        if self._mux is None:
            assert self._failure is not None
            raise self._failure

    def open(self, protocol: str, owner: SubstreamOwner) -> Substream:
        """Open a stream of that protocol. Raises ConnectionError where there is no connection any more."""
        if self.lost.is_set() or self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("the connection has ended")
        stream = self.mux.open()
        made = Substream(self, stream, protocols=self.protocols, owner=owner, wanted=protocol)
        self._substreams[stream.id] = made
        return made

    def charge(self, size: int) -> None:
        """Bytes of what came were of no use here."""
        if self._idle.came(size):
            self._check_idle()

    def end(self) -> None:
        """Say that this side is done, and send what was written; then the other side ends it too."""
        transport = self._transport
        if transport is None or self._finished or self.lost.is_set() or transport.is_closing():
            return
        if self._mux is not None:
            self._mux.go_away()
            self.flush()
        self._finished = True
        # Closing it while unread bytes wait resets the connection, and what was written last is lost with it.
        transport.write_eof()

    def abort(self) -> None:
        """End it at once. Idempotent."""
        if self._transport is None or self.lost.is_set():
            return
        with contextlib.suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    # What its streams call.

    def flush(self) -> None:
        """Seal and write what the streams have to say."""
        mux, channel, transport = self._mux, self._channel, self._transport
        if mux is None or channel is None or transport is None:
            return
        out = mux.take()
        if not out or self._finished or transport.is_closing():
            return
        if self.paused:
            self._control += len(out)
            if self._control > MAX_CONTROL:
                self._fail(ProtocolError("control", f"it has not read {self._control} bytes of answers"))
                return
        transport.write(channel.seal(out))

    def forget(self, stream: YamuxStream) -> None:
        """Its stream is over, or soon will be."""
        if stream.life is YamuxLife.OVER:
            self._substreams.pop(stream.id, None)

    # The Protocol: the event loop calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is ready."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=HIGH_WATER, low=LOW_WATER)
        assert self._upgrade is not None
        self._transport.write(self._upgrade.start())

    def data_received(self, data: bytes) -> None:
        """Bytes arrived."""
        if self._channel is None:
            self._upgrading(data)
            return
        try:
            opened = self._channel.open(data)
        except ValueError as error:
            self._fail(ProtocolError("noise", str(error)))
            return
        bare = self.mux.bare
        for plain in opened:
            self._plain(plain)
            if self.mux.bare - bare > MOST_BARE:
                self._fail(ProtocolError("idle", f"more than {MOST_BARE} frames that carry nothing, at once"))
            if self._failure is not None:
                return
        self._hand_over()
        self.flush()

    def eof_received(self) -> bool:
        """The other side has ended the connection; the loop then closes this side too."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        self.lost.set()
        if self._failure is None:
            self._failure = exc or ConnectionResetError("the connection ended")
        self._upgraded.set()
        substreams, self._substreams = self._substreams, {}
        for substream in substreams.values():
            substream.dropped(self._failure)

    def pause_writing(self) -> None:
        """HIGH_WATER is reached."""
        self.paused = True
        for substream in tuple(self._substreams.values()):
            substream.regulate()

    def resume_writing(self) -> None:
        """LOW_WATER is reached."""
        self.paused = False
        self._control = 0
        for substream in tuple(self._substreams.values()):
            substream.pump()

    # Private.

    def _upgrading(self, data: bytes) -> None:
        upgrade = self._upgrade
        if upgrade is None or self._transport is None:
            return  # it has failed, and closes
        try:
            send, behind = upgrade.receive(data)
        except HandshakeFailed as error:
            self._fail(error)
            return
        if send:
            self._transport.write(send)
        if not upgrade.done:
            return
        self._upgrade = None
        self._channel, self.key = upgrade.channel, upgrade.key
        self._mux = Yamux(initiator=self._initiator, window=RECEIVE_BUFFER)
        self._upgraded.set()
        if behind:
            self._plain(behind)
            self._hand_over()
            self.flush()

    def _plain(self, plain: bytes) -> None:
        mux = self.mux
        dropped = mux.dropped
        try:
            events = mux.feed(plain)
        except ValueError as error:
            self._fail(ProtocolError("yamux", str(error)))
            return
        let_go = mux.dropped - dropped
        carried = 0
        for event in events:
            if self._failure is not None:
                return
            if type(event) is YamuxArrived:
                carried += len(event.data)
                if event.stream is not self._arriving or len(event.data) > SMALL:
                    self._hand_over()
                    self._arriving = event.stream
                self._arrived.append(event.data)
            else:
                self._hand_over()
                self._event(event)
        # What is carried pays for as much again, and a message that carries something for what is around one.
        self.charge(len(plain) + SEALED - let_go - (2 * carried + AROUND if carried else 0))

    def _hand_over(self) -> None:
        """Give what came in a row on one stream to its owner: many small pieces cost that as much as large ones."""
        parts = self._arrived
        if parts and self._arriving is not None:
            self._arrived = []
            substream = self._substreams.get(self._arriving.id)
            if substream is not None:
                substream.arrived(parts[0] if len(parts) == 1 else b"".join(parts))

    def _event(self, event: YamuxEvent) -> None:
        match event:
            case YamuxOpened(stream):
                self._idle.came(STREAM_COST)
                self._substreams[stream.id] = Substream(self, stream, protocols=self.protocols)
            case YamuxRoom(stream):
                if (substream := self._substreams.get(stream.id)) is not None:
                    substream.pump()
            case YamuxEnded(stream):
                if (substream := self._substreams.get(stream.id)) is not None:
                    substream.ended()
                    self.forget(stream)
            case YamuxGone(stream):
                # Without one: it takes no new stream, and those that there are go on.
                substream = None if stream is None else self._substreams.pop(stream.id, None)
                if substream is not None:
                    substream.dropped(ConnectionResetError("the other side dropped the stream"))

    def _check_idle(self) -> None:
        try:
            self._idle.check(asyncio.get_running_loop().time())
        except ValueError as error:
            self._fail(ProtocolError("idle", str(error)))

    def _fail(self, error: Exception) -> None:
        """The other side is not to be dealt with: it is told so, if it listens, and the connection ends."""
        if self._failure is not None:
            return
        self._failure = error
        self._upgrade = None
        transport = self._transport
        if transport is None:
            return
        silent = self.paused or self._finished or transport.is_closing()
        if self._mux is not None and self._channel is not None and not silent:
            self._mux.go_away(PROTOCOL_ERROR)
            transport.write(self._channel.seal(self._mux.take()))
        transport.abort()
