"""One stream of a libp2p connection: agrees on a protocol, and is then its owner's."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from .multistream import Offering, ProtocolRefused, Selecting
from .secure_channel import MAX_PLAIN
from .yamux import Yamux, YamuxStream
from .yamux_frames import HEADER

__all__ = ["Substream", "SubstreamOwner"]

#: Bytes of one frame: with its header it fills one sealed message.
MAX_DATA: Final = MAX_PLAIN - HEADER


class SubstreamOwner(Protocol):
    """What a protocol does with a stream."""

    def opened(self, substream: Substream) -> None:
        """Both sides have agreed; first of all."""
        ...

    def arrived(self, data: bytes) -> None:
        """Bytes came: say `Substream.taken` once nobody holds them any more."""
        ...

    def ended(self) -> None:
        """The other side sends no more."""
        ...

    def dropped(self, error: Exception) -> None:
        """Nothing goes any more, either way. At most once, and last."""
        ...

    def regulate(self) -> None:
        """How much waits to be sent has changed."""
        ...


class _Carrier(Protocol):
    """The connection, as far as a stream of it knows it."""

    @property
    def mux(self) -> Yamux: ...

    @property
    def paused(self) -> bool:
        """What was sent before has not left yet."""
        ...

    def flush(self) -> None: ...

    def forget(self, stream: YamuxStream) -> None: ...


class Substream:
    """See the module. `owner`: on the side that opens it; the other makes one of `protocols`, once it is agreed on."""

    __slots__ = ("_agreement", "_carrier", "_finishing", "_mux", "_owner", "_protocols", "_queue", "_stream", "unsent")

    def __init__(
        self,
        carrier: _Carrier,
        stream: YamuxStream,
        *,
        protocols: Mapping[str, Callable[[], SubstreamOwner]],
        owner: SubstreamOwner | None = None,
        wanted: str = "",
    ) -> None:
        self._carrier = carrier
        self._mux = carrier.mux
        self._stream = stream
        self._protocols = protocols
        self._owner = owner
        self._agreement: Selecting | Offering | None = Selecting(wanted) if owner else Offering(protocols)
        self._queue: deque[bytes | memoryview] = deque()
        self._finishing = False
        #: Bytes that wait for room.
        self.unsent = 0
        self.write(self._agreement.start())

    def write(self, data: bytes) -> None:
        """Send bytes, or keep them until there is room."""
        size = len(data)
        if not self._queue and size <= self._stream.room and size <= MAX_DATA and not self._carrier.paused:
            self._mux.send(self._stream, data)
            self._carrier.flush()
            return
        self._queue.append(data)
        self.unsent += size
        self.pump()

    def pump(self) -> None:
        """Send what there is room for."""
        carrier, stream = self._carrier, self._stream
        while self._queue and stream.room and not carrier.paused:
            data = self._next(min(stream.room, MAX_DATA))
            self.unsent -= len(data)
            self._mux.send(stream, data)
            carrier.flush()
        if self._finishing and not self._queue:
            self._finishing = False
            self._mux.finish(stream)
            carrier.flush()
            carrier.forget(stream)
        if self._owner is not None:
            self._owner.regulate()

    def finish(self) -> None:
        """Send what waits, and no more after that. Idempotent."""
        self._finishing = True
        self.pump()

    def drop_unsent(self) -> None:
        """Send nothing of what waits."""
        self._queue.clear()
        self.unsent = 0

    def reset(self) -> None:
        """Drop it, without a word to the owner."""
        self.drop_unsent()
        self._mux.reset(self._stream)
        self._carrier.flush()
        self._carrier.forget(self._stream)

    def taken(self, size: int) -> None:
        """`size` of the bytes that came are held no longer: the other side may send as many."""
        if self._mux.taken(self._stream, size):
            self._carrier.flush()

    # The connection calls these.

    def arrived(self, data: bytes) -> None:
        """Bytes came."""
        if self._agreement is None:
            assert self._owner is not None
            self._owner.arrived(data)
        else:
            self._negotiate(self._agreement, data)

    def ended(self) -> None:
        """The other side sends no more."""
        if self._agreement is not None:
            self.reset()
            self.dropped(ConnectionResetError("the stream ended before both had agreed on a protocol"))
        elif self._owner is not None:
            self._owner.ended()

    def dropped(self, error: Exception) -> None:
        """Nothing goes any more."""
        self.drop_unsent()
        self._finishing = False
        owner, self._owner = self._owner, None
        self._agreement = None
        if owner is not None:
            owner.dropped(error)

    def regulate(self) -> None:
        """What was sent has left, or does not leave."""
        if self._owner is not None:
            self._owner.regulate()

    def _next(self, room: int) -> bytes | memoryview:
        """At most `room` bytes of what waits, taken out."""
        first = self._queue.popleft()
        if len(first) > room:
            view = memoryview(first)
            self._queue.appendleft(view[room:])
            return view[:room]
        if not self._queue or len(first) + len(self._queue[0]) > room:
            return first
        parts, size = [first], len(first)
        while self._queue and size + len(self._queue[0]) <= room:
            parts.append(self._queue.popleft())
            size += len(parts[-1])
        return b"".join(parts)

    def _negotiate(self, agreement: Selecting | Offering, data: bytes) -> None:
        try:
            answer = agreement.receive(data)
        except (ProtocolRefused, ValueError) as error:
            self.reset()
            self.dropped(error)
            return
        if agreement.agreed is None:
            self.taken(len(data))
        if answer:
            self.write(answer)
        if agreement.agreed is None:
            return
        self._agreement = None
        rest = agreement.rest()
        self.taken(len(data) - len(rest))
        if self._owner is None:
            self._owner = self._protocols[agreement.agreed]()
        self._owner.opened(self)
        if rest and self._owner is not None:
            self._owner.arrived(rest)
