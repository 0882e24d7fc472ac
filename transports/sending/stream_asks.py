"""Streams that this node has asked a peer for, and items that it sends along with its asks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from ...actors.base import MessageTypeError, SchemaMismatch, SendError, printable
from ...actors.mailbox import NEVER, Books, ItemCounts
from ...actors.messages import UNNAMED, Address, answer_named, article, item_of
from ...actors.sends import AskFuture, AskWaiting, Outcome, Waiting
from ...actors.streams import ItemBuffer, ItemSink, NoSink
from ..lanes import (
    FIRST_ITEMS,
    ArrivedItems,
    ItemGrowth,
    ItemPacing,
    ItemQueue,
    Outgoing,
    OutLane,
    RemoteAsk,
    StreamLimit,
    StreamPace,
    Wrapping,
    Writer,
    leave_limit,
    limit_of,
    unsent_on,
    weight_of_unread,
)
from ..wire import (
    NUMBER,
    Allowance,
    EndFrame,
    Error,
    GrantFrame,
    ItemsFrame,
    Payload,
    ZeroCopyItems,
    ask_lane,
    flags_of,
    reply_lane,
)
from .ask_sending import AskSending
from .losses import Losses
from .open_asks import OpenAsks
from .origins import Origins
from .out_lanes import OutLanes
from .outgoing_encoder import OutgoingEncoder
from .peer_errors import error_of
from .relayed_ask import RelayedAsk
from .remote_stream_ask import RemoteStreamAsk, as_it_is, break_off
from .sending_host import SendingHost

__all__ = ["StreamAsks", "hand_stream", "stream_ask"]


class AskingLink(Protocol):
    """The link of a connection, as far as an ask for a stream knows it: see `PeerLink`."""

    called: str
    inside: bool
    streams: StreamAsks
    origins: Origins
    encoder: OutgoingEncoder
    _bus: SendingHost
    _losses: Losses
    _origins: dict[str, int]
    _suspended: bool

    @property
    def refusal(self) -> Callable[[str], SendError] | None: ...
    @property
    def _ask_sending(self) -> AskSending: ...
    def _waiting(self, lane: OutLane, outgoing: Outgoing, deadline: float) -> Waiting: ...
    def _abandon(self, ask: AskFuture[Any]) -> str: ...


def stream_ask(
    link: AskingLink,
    reactor: str,
    message: object,
    *,
    sender: Address[object] | None,
    deadline: float,
    within: float,
    buffer: ItemBuffer,
    opened: bool,
    wrapping: Wrapping | None = None,
) -> tuple[AskFuture[Any], Outcome[Any], ItemSink]:
    """As `Link.stream`. `wrapping`: what the items travel in, None: they go as they are."""
    bus = link._bus
    ask = _ask_of(link, message, buffer, opened=opened)
    ask.wrapping = wrapping
    try:
        origin = 0 if sender is None else link._origins.get(sender.reactor) or link.origins.number_of(sender.reactor)
        lane, outgoing = _prepared(link, ask, reactor, sender, origin, deadline)
    except SendError as error:
        link._losses.fail(reactor, sender, message, error)
        ask.refused(error)
        return ask, ask, NoSink()
    if link.inside and wrapping is None:
        ask.arrived = ArrivedItems(bus.books.items(reactor))
    sink: ItemSink = NoSink()
    if opened:
        sink = ask.sink = link.streams.sink(ask, lane, bus.books.items(lane.info.name))
    slot = ask.slot = bus.wheel.add(ask, deadline)
    limit = limit_of(lane)
    placed = not link._suspended and limit.take(ask)
    if placed and outgoing.number and link._ask_sending.send(lane, outgoing, ask, deadline):
        return ask, ask, sink
    slot.pop(ask, None)
    ask.slot = None
    waiting = link._waiting(lane, outgoing, within)
    if not placed:
        waiting.room = limit
    return ask, AskWaiting(waiting, ask, partial(ask.arm, bus.wheel, deadline)), sink


def hand_stream(
    link: AskingLink,
    reactor: str,
    message: object,
    *,
    sender: Address[object] | None,
    origin: int,
    deadline: float,
    buffer: ItemBuffer,
    opened: bool,
) -> tuple[RemoteStreamAsk, Outgoing | None]:
    """As `stream_ask`, of one that an actor here has taken for the one there: its items are counted here, and once.

    `origin`: the number of its sender. None: it was sent; else what is to wait for credit. Raises SendError.
    """
    ask = _ask_of(link, message, buffer, opened=opened)
    lane, outgoing = _prepared(link, ask, reactor, sender, origin, deadline)
    if opened:
        ask.sink = link.streams.sink(ask, lane, ItemCounts())
    placed = not link._suspended and limit_of(lane).take(ask)
    sent = placed and outgoing.number and link._ask_sending.send(lane, outgoing, ask, deadline)
    return ask, None if sent else outgoing


def _ask_of(link: AskingLink, message: object, buffer: ItemBuffer, *, opened: bool) -> RemoteStreamAsk:
    ask = RemoteStreamAsk.of(link._bus.loop, message, None, link._abandon)
    ask.rid, ask.lane = 0, None
    ask.buffer, ask.opened, ask.sink, ask.streams = buffer, opened, None, link.streams
    ask.arrived, ask.limit, ask.wrapping, ask.narrow, ask.flags = None, None, None, False, 0
    buffer.source = ask
    return ask


def _prepared(
    link: AskingLink, ask: RemoteStreamAsk, reactor: str, sender: Address[object] | None, origin: int, deadline: float
) -> tuple[OutLane, Outgoing]:
    """The lane that it goes by, and what goes there. Raises SendError where it cannot go."""
    message = ask.message
    if link.refusal is not None:
        raise link.refusal(f"{link.called} takes no new work")
    if not link.streams.understood:
        raise SchemaMismatch(f"{link.called} runs a version that knows no streams: ask it, or update it")
    lane, number, payload = link.encoder.encoded(reactor, message, None, None)
    kind = answer_named(type(message))
    item = item_of(kind)
    ask.kind = None if item is None or item is Any or kind is UNNAMED else item
    ask.lane = lane
    ask.flags = flags_of(*link.streams.begins(ask, lane, ask.buffer.window.whole), opened=ask.opened)
    if number:
        number |= ask.flags
    elif ask.opened:
        name = article(type(message).__name__)
        raise SchemaMismatch(f"{link.called} has yet to say what {name} is there, and items go with it: open it again")
    return lane, Outgoing(message, sender, ask, deadline, None, len(payload), None, NEVER, number, origin, payload)


class StreamAsks:
    """Those of one link, on the loop's thread."""

    __slots__ = (
        "_asks",
        "_books",
        "_lanes",
        "_late",
        "_open",
        "_where",
        "_writer",
        "growth",
        "now",
        "pacing",
        "understood",
    )

    def __init__(
        self,
        asks: OpenAsks,
        lanes: OutLanes,
        writer: Writer,
        books: Books,
        where: Callable[[str], Address[object]],
        *,
        understood: bool,
    ) -> None:
        self._asks = asks
        self.now = asks.now
        self._lanes = lanes
        self._writer = writer
        self._books = books
        #: The peer knows streams.
        self.understood = understood
        self._open: set[RemoteStreamAsk] = set()
        #: What holds items to the rates of their channels; None: nothing does.
        self.pacing: ItemPacing | None = None
        #: What lets windows of answers grow; None: nothing does.
        self.growth: ItemGrowth | None = None
        #: The address of a reactor there.
        self._where = where
        self._late = Allowance("ITEMS", asks.now, lambda: 1024.0 * asks.last_rid)

    def grant(self, ask: RemoteStreamAsk | RelayedAsk, items: int, size: int) -> None:
        """Its reader has taken `items` of `size` bytes."""
        pace = None if self.pacing is None else self.pacing.paces.get(ask)
        if pace is None:
            granted: tuple[int, int] | None = items, size
            if self.growth is not None and isinstance(ask, RemoteStreamAsk):
                granted = self.growth.took(ask, ask.buffer, items, size)
            if granted is not None:
                self._say(ask, *granted)
        elif not pace.over:
            pace.of.owe(pace, items, size)

    def begins(self, ask: RemoteStreamAsk, lane: OutLane, window: tuple[int, int]) -> tuple[int, int]:
        """What its answer has credit for from the start, of that window: the rest goes by the rate of its channel."""
        self._open.add(ask)
        pace = None if self.pacing is None else self._paced(self.pacing, ask, lane, FIRST_ITEMS, always=ask.narrow)
        ask.narrow = pace is not None
        if pace is None:
            return window
        pace.begun = False
        pace.owed, pace.owed_size = window[0] - FIRST_ITEMS[0], window[1] - FIRST_ITEMS[1]
        return FIRST_ITEMS

    def _paced(
        self, pacing: ItemPacing, ask: RemoteStreamAsk, lane: OutLane, credit: tuple[int, int], *, always: bool = False
    ) -> StreamPace | None:
        own = None if lane.codec is None else lane.codec.channel.rate
        return pacing.begins(ask, lane.info.name, own, partial(self._say, ask), credit, always=always)

    @property
    def unread(self) -> int:
        """Bytes of memory of items of answers that came, and that nobody has taken."""
        return sum(weight_of_unread(ask.buffer) for ask in self._open)

    def left(self, ask: RemoteStreamAsk) -> None:
        """It is over, or goes by another connection."""
        self._open.discard(ask)
        if self.pacing is not None:
            self.pacing.left(ask)
        if self.growth is not None:
            self.growth.left(ask)

    def judged(self) -> None:
        """The rates are other ones: streams that are open go by them too."""
        if self.pacing is not None:
            for lane in self._lanes.by_index:
                for outgoing in unsent_on(lane):
                    self._narrow(lane, outgoing)
            for outgoing in self._asks.by_rid.values():
                ask = outgoing.reply
                if isinstance(ask, RemoteStreamAsk) and ask.lane is not None and ask not in self.pacing.paces:
                    self._paced(self.pacing, ask, ask.lane, ask.buffer.window.left)

    def _narrow(self, lane: OutLane, outgoing: Outgoing) -> None:
        """The peer has heard nothing of it yet: it begins as one that is asked for now."""
        ask = outgoing.reply
        if isinstance(ask, RemoteStreamAsk) and ask.lane is lane and not ask.narrow:
            ask.flags = flags_of(*self.begins(ask, lane, ask.buffer.window.whole), opened=ask.opened)
            if outgoing.number:
                outgoing.number = outgoing.number & NUMBER | ask.flags

    def _say(self, ask: RemoteStreamAsk | RelayedAsk, items: int, size: int) -> None:
        assert ask.lane is not None
        self._asks.outbox.control(GrantFrame(reply_lane(ask.lane.index), ask.rid, items, size))
        self._writer.schedule()

    def sink(self, ask: RemoteStreamAsk, lane: OutLane, counts: ItemCounts) -> ItemQueue:
        """What sends the items that go with an ask, and are counted there."""
        codec, wrapping = lane.codec, ask.wrapping

        def encode(item: object) -> Payload:
            assert codec is not None
            if codec.declared_otherwise(item):
                raise codec.refusal_of(item)
            try:
                return codec.encode_reply(item if wrapping is None else wrapping.wrap(item), lane.largest)
            except MessageTypeError as error:
                text = f"{article(type(item).__name__)} cannot go with {article(name)}: {error}"
                raise MessageTypeError(text, message=item) from None

        name = type(ask.message).__name__
        made = self._sink(ask, lane, encode, counts)
        if lane.codec is not None:
            made.speak(lane.codec, lane.largest)
        return made

    def hand_on(self, ask: RelayedAsk, lane: OutLane) -> None:
        """Prepare an ask that came from elsewhere, with items that are encoded already."""
        ask.streams = self
        if ask.opened:
            counts = self._books.items(lane.info.name) if ask.counted else ItemCounts()
            ask.sink = self._sink(ask, lane, as_it_is, counts)

    def _sink(
        self,
        ask: RemoteStreamAsk | RelayedAsk,
        lane: OutLane,
        encode: Callable[[object], Payload],
        counts: ItemCounts,
    ) -> ItemQueue:
        turn, broken = self._lanes.turns[lane.index], partial(break_off, ask)
        return ItemQueue(ask_lane(lane.index), 0, turn, self._asks.outbox, self._writer, encode, broken, counts)

    def adopt(
        self, ask: RemoteAsk[Any], lane: OutLane, abandon: Callable[[AskFuture[Any]], str]
    ) -> OutLane | StreamLimit:
        """One that waited for credit elsewhere goes by this connection, whether it is for a stream or not.

        Returns where it is to wait.
        """
        ask.move(lane, abandon)
        if isinstance(ask, RemoteStreamAsk | RelayedAsk):
            if isinstance(ask, RemoteStreamAsk):
                ask.streams.left(ask)
                self._open.add(ask)
                if ask.narrow:  # it says so already, whatever the rate is now
                    self.begins(ask, lane, ask.buffer.window.whole)
            ask.streams = self
            leave_limit(ask)  # a place there is none here
            if ask.sink is not None:
                ask.sink.move(ask_lane(lane.index), self._lanes.turns[lane.index], self._asks.outbox, self._writer)
        return self.room_of(ask, lane)

    def room_of(self, ask: object, lane: OutLane) -> OutLane | StreamLimit:
        """Where an ask waits that is to go by that lane, and has no place there yet."""
        return limit_of(lane) if isinstance(ask, RemoteStreamAsk | RelayedAsk) and ask.limit is None else lane

    def _ask(self, lane: int, rid: int) -> RemoteStreamAsk | RelayedAsk | None:
        found = self._lanes.at(lane // 2)
        outgoing = self._asks.by_rid.get(rid)
        ask = None if outgoing is None else outgoing.reply
        if isinstance(ask, RemoteStreamAsk | RelayedAsk) and ask.lane is found:
            return ask
        self._late.spend()
        return None

    def items(self, frame: ItemsFrame | ZeroCopyItems) -> None:
        """Items of an answer. Raises ProtocolError for more than were granted."""
        ask, pacing = self._ask(frame.lane, frame.rid), self.pacing
        if pacing is not None:
            size = sum(map(len, frame.payloads))
            if ask is None:
                found = self._lanes.at(frame.lane // 2)
                pacing.late(found.info.name, len(frame.payloads), size)
            elif pacing.paces:
                pacing.came(ask, len(frame.payloads), size, len(frame.payloads[-1]))
        if ask is not None:
            ask.came(frame)

    def ended(self, frame: EndFrame) -> None:
        """An answer in items has come to its end. Raises ProtocolError where not as many came as were sent."""
        ask = self._ask(frame.lane, frame.rid)
        if ask is None:
            return
        lane = ask.lane
        assert lane is not None
        ask.all_came(frame.count)
        if frame.code:
            text = f"{self._where(lane.info.name)}: {printable(frame.text)}"
            self._asks.failed(lane, frame.rid, error_of(Error(frame.rid, lane.index, 0, frame.code, frame.text), text))
        else:
            self._asks.over(ask)
            ask.ended()

    def granted(self, frame: GrantFrame) -> None:
        """The peer's handler has taken items that went with an ask; of none: that waits for a place, or has one now.

        Raises ProtocolError as `ItemCredit.grant`.
        """
        ask = self._ask(frame.lane, frame.rid)
        if ask is None:
            return
        if not (frame.items or frame.bytes):
            ask.turned()
        elif ask.sink is not None:
            ask.sink.number(frame.rid)
            ask.granted(frame.items, frame.bytes)
