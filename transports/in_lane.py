"""What a peer sends to one reactor here: its window, and its messages that wait beside a full mailbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..actors.envelope import Envelope
from ..actors.errors import SendError
from .flow import ReceiveWindow
from .hello import ChannelInfo
from .outbox import ReplyLane, Turn
from .payload import ChannelCodec

if TYPE_CHECKING:
    from .receive_side import ReceiveSide

__all__ = ["Arrival", "InLane"]


class InLane:
    """What the peer sends to one reactor here. The carrier of its messages: credit comes back through it."""

    __slots__ = ("_side", "codec", "index", "info", "open", "tells", "turn", "window")

    def __init__(self, side: ReceiveSide, index: int, info: ChannelInfo, codec: ChannelCodec) -> None:
        self._side = side
        self.index = index
        self.info = info
        self.codec = codec
        self.window = ReceiveWindow(info.messages, info.bytes)
        self.turn = Turn(ReplyLane(index), info.priority)
        self.tells = 0
        self.open = True

    def dequeued(self, messages: int, size: int) -> None:
        """Messages left the mailbox: their credit may go back. From the actor's thread."""
        self._side.release(self, messages, size)


class Arrival:
    """A peer's message that waits for room in a mailbox which is full of others' messages."""

    __slots__ = ("_lane", "_sequence", "_side", "envelope", "withdrawn")

    def __init__(self, side: ReceiveSide, lane: InLane, envelope: Envelope, sequence: int) -> None:
        self.envelope = envelope
        self.withdrawn = False
        self._side = side
        self._lane = lane
        self._sequence = sequence

    def admitted(self) -> bool:
        """There is room, unless nobody waits for the answer any more."""
        reply = self.envelope.reply
        if reply is not None and reply.done():
            self._lane.dequeued(1, self.envelope.size)
            return False
        return True

    def refused(self, error: SendError) -> None:
        """The mailbox closed. From the actor's thread."""
        self._side.call(lambda: self._side.refused(self._lane, self.envelope, self._sequence, error))
