"""Messages of one peer to one reactor here: their window, their answers' turn, and what became of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from ...actors.base import MessageTypeError, ProtocolError, SendError
from ...actors.mailbox import Account, Envelope, Mailbox, ReplyTo, Weighed
from ...actors.messages import Address
from ..wire import NO_ASKS, NO_TELLS, ChannelCodec, ChannelInfo, Weight, body_limit, weight_of
from .ask_limit import AskLimit, LimitedAnswers
from .credit import ReceiveWindow
from .lane_turn import LaneTurn, ReplyLane
from .refusing import Refusing
from .window_tuning import WindowTuner

__all__ = ["Arrival", "InLane", "largest_on"]


class InSide(Protocol):
    """The connection's receiving half."""

    @property
    def answers(self) -> LimitedAnswers:
        """Where answers go."""

    def call(self, action: Callable[[], None]) -> None:
        """Run `action` on the loop's thread."""

    def release(self, lane: InLane, messages: int, size: int) -> None:
        """Messages left their mailbox. From any thread."""

    def refused(self, lane: InLane, envelope: Envelope, sequence: int, error: SendError) -> None:
        """A message found no place."""

    def settle(self) -> None:
        """A message that waited waits no longer."""


class InLane:
    """What the peer sends to one reactor here. The carrier of its messages: credit comes back through it."""

    __slots__ = (
        "_heaviest",
        "_side",
        "arrivals",
        "asking",
        "asks",
        "codec",
        "index",
        "info",
        "open",
        "refused",
        "room",
        "telling",
        "tells",
        "told",
        "tuner",
        "turn",
        "window",
    )

    def __init__(self, side: InSide, index: int, info: ChannelInfo, codec: ChannelCodec) -> None:
        self._side = side
        self.index = index
        self.info = info
        self.codec = codec
        #: What reads what the peer tells, and asks: the codec, where the peer may.
        self.telling: ChannelCodec | Refusing = codec
        self.asking: ChannelCodec | Refusing = codec
        #: How many asks may be in flight; None: as many as there is credit for.
        self.asks: AskLimit | None = None
        self._heaviest: Weight | None = None
        self.window: ReceiveWindow = ReceiveWindow(info.messages, info.bytes)
        #: How large the peer was told last that the window is, and what decides that.
        self.told = self.window.announced
        self.tuner = WindowTuner()
        #: The mailbox that has as much more room as the window has grown by, with messages and bytes; None: none has.
        self.room: tuple[Mailbox, int, int] | None = None
        self.turn = LaneTurn(ReplyLane(index), info.priority)
        self.tells = 0
        self.open = True
        #: Messages that were refused, by reason, and those that wait beside a full mailbox.
        self.refused: dict[str, int] = {}
        self.arrivals: dict[Arrival, None] = {}

    def allow(self, *, tell: bool, ask: bool) -> None:
        """The peer may tell, and ask, from now on; or its messages are refused unseen."""
        self.telling = self.codec if tell else Refusing("tell")
        self.asking = self.codec if ask else Refusing("ask")

    def limit_asks(self, most: int | None) -> None:
        """At most `most` asks may be in flight from now on; None: as many as there is credit for."""
        if self.asks is not None:
            self.asks.freed = int
        self.asks = None if most is None else AskLimit(most, self._side.answers)

    def look(self) -> None:
        """Credit may be there that was held back."""
        self._side.release(self, 0, 0)

    @property
    def heaviest(self) -> Weight:
        """What its messages weigh at most."""
        if self._heaviest is None:
            weights = [weight_of(each) for each in self.codec.messages] or [Weight(0, 1.0)]
            self._heaviest = Weight(max(each.each for each in weights), max(each.per_byte for each in weights))
        return self._heaviest

    @property
    def refuses(self) -> tuple[str, ...]:
        """What the peer may not do: `tell`, `ask`."""
        verbs = (("tell", self.telling), ("ask", self.asking))
        return tuple(verb for verb, reads in verbs if reads is not self.codec)

    @property
    def refused_bits(self) -> int:
        """The same as the peer is told of it; see `ChannelInfo.refused`."""
        codec = self.codec
        return NO_TELLS * (self.telling is not codec) | NO_ASKS * (self.asking is not codec)

    @property
    def account(self) -> Account:
        """What became of what has arrived."""
        received, waiting = self.window.received, len(self.arrivals)
        return Account(received, received - waiting - sum(self.refused.values()), waiting, dict(self.refused))

    def weighed(
        self,
        message: object,
        sender: Address[object] | None,
        reply: ReplyTo | None,
        deadline: float,
        source: object,
        size: int,
        lane: InLane,
    ) -> Weighed:
        """As `Envelope`, of a message that was decoded just now."""
        weight = self.codec.weight(message, size)
        return Weighed(message, sender, reply, deadline, source, size, lane, weight=weight)

    def check(self, number: int, size: int) -> None:
        """Raise MessageTypeError for what is no message, ProtocolError for one of too many bytes."""
        if number == 0:
            raise MessageTypeError(f"channel {self.info.name!r} takes its declared messages, not plain values")
        if size > self.info.max_message:
            raise ProtocolError("bad_field", f"{size} bytes on channel {self.info.name!r}")

    def refuse(self, reason: str) -> None:
        """Count a message that found no place."""
        self.refused[reason] = self.refused.get(reason, 0) + 1

    def waits(self, envelope: Envelope, sequence: int) -> Arrival:
        """The mailbox has no room for a message that has arrived."""
        arrival = Arrival(self._side, self, envelope, sequence)
        self.arrivals[arrival] = None
        return arrival

    def dequeued(self, messages: int, size: int) -> None:
        """Messages left the mailbox: their credit may go back. From the actor's thread."""
        self._side.release(self, messages, size)


def largest_on(lanes: list[InLane], number: int) -> int:
    """Bytes of the largest body on a lane of messages. Raises ProtocolError for one that is not there."""
    if number % 2 or number // 2 >= len(lanes):
        raise ProtocolError("unknown_lane", f"lane {number}")
    return body_limit(lanes[number // 2].info.max_message)


class Arrival:
    """A peer's message that waits for room in a mailbox which is full of others' messages."""

    __slots__ = ("_lane", "_sequence", "_side", "envelope", "withdrawn")

    def __init__(self, side: InSide, lane: InLane, envelope: Envelope, sequence: int) -> None:
        self.envelope = envelope
        self.withdrawn = ""
        self._side = side
        self._lane = lane
        self._sequence = sequence

    def admitted(self) -> bool:
        """There is room, unless nobody waits for the answer any more."""
        reply = self.envelope.reply
        wanted = reply is None or not reply.done()
        self._side.call(self._over if wanted else self._cancelled)
        return wanted

    def refused(self, error: SendError) -> None:
        """The mailbox closed. From the actor's thread."""
        self._side.call(partial(self._refuse, error))

    def _refuse(self, error: SendError) -> None:
        self._side.refused(self._lane, self.envelope, self._sequence, error)
        self._over()

    def _cancelled(self) -> None:
        self._lane.refuse("cancelled")
        self._lane.dequeued(1, self.envelope.size)
        self._over()

    def _over(self) -> None:
        self._lane.arrivals.pop(self, None)
        self._side.settle()
