"""Streams that this node has asked a peer for, and items that it sends along with its asks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, cast

from ...actors.base import DeadlineExceeded, MessageTooLarge, MessageTypeError, SchemaMismatch, SendError, printable
from ...actors.engine import PeakEwma
from ...actors.mailbox import NEVER, Books, ItemCounts
from ...actors.messages import UNNAMED, Address, answer_named, article, item_of, misfit
from ...actors.sends import AskFuture, AskWaiting, Outcome, Wait, Waiting
from ...actors.streams import ItemBuffer, ItemSink, NoSink
from ..lanes import (
    ArrivedItems,
    ItemQueue,
    Outgoing,
    OutLane,
    RemoteAsk,
    StreamLimit,
    Wrapping,
    Writer,
    leave_limit,
    limit_of,
)
from ..wire import (
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
from .losses import Losses
from .open_asks import OpenAsks
from .origins import Origins
from .out_lanes import OutLanes
from .peer_errors import error_of
from .relayed_ask import RelayedAsk
from .sending_host import SendingHost

__all__ = ["RemoteStreamAsk", "StreamAsks", "stream_ask"]


class RemoteStreamAsk(RemoteAsk[Any]):
    """An ask of a peer whose answer comes in items, or that items go with. Also the `ItemSource` of those that come."""

    __slots__ = ("arrived", "buffer", "kind", "limit", "opened", "sink", "streams", "wrapping")

    #: Counts what another process of this node sends; None: a peer does.
    arrived: ArrivedItems | None
    buffer: ItemBuffer
    #: Of which type the items are; None: nobody says.
    kind: Any
    #: Where it has a place among the streams that may be open; None: nowhere.
    limit: StreamLimit | None
    opened: bool
    sink: ItemQueue | None
    streams: StreamAsks
    wrapping: Wrapping | None

    # What the peer says.

    def came(self, frame: ItemsFrame | ZeroCopyItems) -> None:
        """Items of its answer. Raises ProtocolError for more than were granted."""
        lane, payloads, number = self.lane, frame.payloads, frame.number
        assert lane is not None
        size = sum(map(len, payloads))
        if not self.buffer.window.received:
            self._has_begun()
        self.buffer.window.receive(len(payloads), size, len(payloads[-1]))
        self.written = self.streams.now()  # how long an item takes says how busy it is, and not how long all of them do
        codec, kind = lane.codec, self.kind
        assert codec is not None
        try:
            if max(map(len, payloads)) > lane.largest:
                raise MessageTooLarge(f"an item takes more than {lane.largest} bytes, more than its channel allows")
            if number:
                try:
                    decode = codec.decoders[number]
                    items = [decode(payload) for payload in payloads]
                except BaseException:  # noqa: BLE001  # once more, for what is to be said about it
                    items = [codec.decode_reply(number, payload, self.message, None) for payload in payloads]
            else:
                items = [codec.decode_reply(0, payload, self.message, None) for payload in payloads]
            if kind is not None and items[0].__class__ is not kind:
                for item in items:
                    error = misfit(self.message, kind, item)
                    if error is not None:
                        raise error
            if self.wrapping is not None:
                items = self.wrapping.unwrap(items)
        except (SendError, TypeError) as error:
            self.give_up(error if isinstance(error, SendError) else MessageTypeError(str(error)))
            return
        if self.arrived is not None:
            self.arrived.came(len(items))
        if items:
            self.buffer.feed(items, size)

    def _has_begun(self) -> None:
        """The first item came, or the end without one. Later ones may wait for their reader, and say nothing."""
        assert self.lane is not None
        now = self.streams.now()
        self.lane.latency.answered(now - self.written, now)

    def left(self, latency: PeakEwma, now: float) -> None:
        """As `RemoteAsk.left`: nobody reads on, or no item came in time. Who has read enough has not waited in vain."""
        if not self.cancelled() or isinstance(self.buffer.end, DeadlineExceeded):
            latency.failed(now - self.written, now)
        elif not self.buffer.window.received:
            latency.waited(now - self.written, now)

    def all_came(self, count: int) -> None:
        """There are no more; it has sent `count`. Raises ProtocolError where not as many came."""
        self.buffer.window.ended(count)

    def granted(self, items: int, size: int) -> None:
        """Its handler has taken items that go with it. Raises ProtocolError as `ItemCredit.grant`."""
        if self.sink is not None:
            self.sink.granted(items, size)

    def succeed(self, value: object) -> None:
        """The answer is there, and it is none in items."""
        if self.opened:
            super().succeed(value)
        else:
            what = article(type(value).__name__)
            name = type(self.message).__name__
            self.fail(MessageTypeError(f"the answer to {name} is {what}, which is no stream: ask for it instead"))

    def ended(self) -> None:
        """All items have come."""
        if self.done():
            return
        if not self.buffer.window.received:
            self._has_begun()
        said, end = (False, None) if self.wrapping is None else self.wrapping.end()
        if said:
            self.buffer.window.received -= 1
        if isinstance(end, BaseException):
            self.set_exception(end)
        else:
            self.set_result(end)

    def set_result(self, value: Any, /) -> None:
        """It is over."""
        super().set_result(value)
        self._let_go(None)

    def set_exception(self, error: BaseException | type[BaseException], /) -> None:
        """It ended with an error."""
        super().set_exception(error)
        if not self.opened:
            self._log_traceback = False  # its reader gets it
        self._let_go(error if isinstance(error, BaseException) else error())

    def cancel(self, msg: object = None) -> bool:
        """The asker goes away: so does the work."""
        if not super().cancel(msg):
            return False
        gone = SendError(f"the asker of {type(self.message).__name__} went away", message=self.message)
        gone.reason = "cancelled"
        self._let_go(gone)
        return True

    def _let_go(self, error: BaseException | None) -> None:
        if self.slot is not None:
            self.slot.pop(self, None)
        if self.sink is not None:
            self.sink.drop("stream_ended" if error is None else getattr(error, "reason", "handler_failed"))
        if error is None:
            self.buffer.finish()
        else:
            self.buffer.fail(error)
        leave_limit(self)

    # As the source of its items; see `ItemSource`.

    def grant(self, items: int, size: int) -> None:
        """As `ItemSource.grant`."""
        if self.arrived is not None:
            self.arrived.taken(items)
        if not self.done():
            self.streams.grant(self, items, size)

    def stop(self) -> None:
        """As `ItemSource.stop`."""
        if not self.opened and not self.done():
            self.cancel()

    def settle(self, untaken: int) -> None:
        """As `ItemSource.settle`."""
        if self.arrived is not None:
            self.arrived.settle(untaken)

    def waits_for(self) -> Wait | None:
        """As `ItemSource.waits_for`."""
        return self


class AskingLink(Protocol):
    """The link of a connection, as far as an ask for a stream knows it: see `PeerLink`."""

    called: str
    inside: bool
    streams: StreamAsks
    origins: Origins
    _bus: SendingHost
    _losses: Losses
    _origins: dict[str, int]
    _suspended: bool

    @property
    def refusal(self) -> Callable[[str], SendError] | None: ...
    @property
    def _send_ask(self) -> Callable[[OutLane, Outgoing, RemoteAsk[Any], float], bool]: ...
    @property
    def _encoded(self) -> Callable[[str, object, Any, dict[object, object] | None], tuple[OutLane, int, bytes]]: ...
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
    ask = RemoteStreamAsk.of(bus.loop, message, None, link._abandon)
    ask.rid, ask.lane = 0, None
    ask.buffer, ask.opened, ask.sink, ask.streams = buffer, opened, None, link.streams
    ask.arrived, ask.limit, ask.wrapping = None, None, wrapping
    buffer.source = ask
    try:
        if link.refusal is not None:
            raise link.refusal(f"{link.called} takes no new work")
        if not link.streams.understood:
            raise SchemaMismatch(f"{link.called} runs a version that knows no streams: ask it, or update it")
        lane, number, payload = link._encoded(reactor, message, None, None)
    except SendError as error:
        link._losses.fail(reactor, sender, message, error)
        ask.refused(error)
        return ask, ask, NoSink()
    origin = 0 if sender is None else link._origins.get(sender.reactor) or link.origins.number_of(sender.reactor)
    kind = answer_named(type(message))
    item = item_of(kind)
    ask.kind = None if item is None or item is Any or kind is UNNAMED else item
    ask.lane = lane
    if link.inside and wrapping is None:
        ask.arrived = ArrivedItems(bus.books.items(reactor))
    sink: ItemSink = NoSink()
    if opened:
        sink = ask.sink = link.streams.sink(ask, lane)
    number |= flags_of(*buffer.window.whole, opened=opened)
    outgoing = Outgoing(message, sender, ask, deadline, None, len(payload), None, NEVER, number, origin, payload)
    slot = ask.slot = bus.wheel.add(ask, deadline)
    limit = limit_of(lane)
    placed = not link._suspended and limit.take(ask)
    if placed and link._send_ask(lane, outgoing, ask, deadline):
        return ask, ask, sink
    slot.pop(ask, None)
    ask.slot = None
    waiting = link._waiting(lane, outgoing, within)
    if not placed:
        waiting.room = limit
    return ask, AskWaiting(waiting, ask, partial(ask.arm, bus.wheel, deadline)), sink


class StreamAsks:
    """Those of one link, on the loop's thread."""

    __slots__ = ("_asks", "_books", "_lanes", "_late", "_where", "_writer", "now", "understood")

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
        #: The address of a reactor there.
        self._where = where
        self._late = Allowance("ITEMS", asks.now, lambda: 1024.0 * asks.last_rid)

    def grant(self, ask: RemoteStreamAsk | RelayedAsk, items: int, size: int) -> None:
        """Its reader has taken `items` of `size` bytes."""
        assert ask.lane is not None
        self._asks.outbox.control(GrantFrame(reply_lane(ask.lane.index), ask.rid, items, size))
        self._writer.schedule()

    def sink(self, ask: RemoteStreamAsk, lane: OutLane) -> ItemQueue:
        """What sends the items that go with an ask."""
        codec, wrapping = lane.codec, ask.wrapping

        def encode(item: object) -> Payload:
            assert codec is not None
            try:
                return codec.encode_reply(item if wrapping is None else wrapping.wrap(item), lane.largest)
            except MessageTypeError as error:
                text = f"{article(type(item).__name__)} cannot go with {article(name)}: {error}"
                raise MessageTypeError(text, message=item) from None

        name = type(ask.message).__name__
        made = self._sink(ask, lane, encode, self._books.items(lane.info.name))
        if lane.codec is not None:
            made.speak(lane.codec, lane.largest)
        return made

    def hand_on(self, ask: RelayedAsk, lane: OutLane) -> None:
        """Prepare an ask that came from elsewhere, with items that are encoded already."""
        ask.streams = self
        if ask.opened:
            counts = self._books.items(lane.info.name) if ask.counted else ItemCounts()
            ask.sink = self._sink(ask, lane, _as_it_is, counts)

    def _sink(
        self,
        ask: RemoteStreamAsk | RelayedAsk,
        lane: OutLane,
        encode: Callable[[object], Payload],
        counts: ItemCounts,
    ) -> ItemQueue:
        turn = self._lanes.turns[lane.index]
        return ItemQueue(ask_lane(lane.index), 0, turn, self._asks.outbox, self._writer, encode, ask.fail, counts)

    def adopt(
        self, ask: RemoteAsk[Any], lane: OutLane, abandon: Callable[[AskFuture[Any]], str]
    ) -> OutLane | StreamLimit:
        """One that waited for credit elsewhere goes by this connection, whether it is for a stream or not.

        Returns where it is to wait.
        """
        ask.move(lane, abandon)
        if isinstance(ask, RemoteStreamAsk | RelayedAsk):
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
        ask = self._ask(frame.lane, frame.rid)
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
        """The peer's handler has taken items that went with an ask. Raises ProtocolError as `ItemCredit.grant`."""
        ask = self._ask(frame.lane, frame.rid)
        if ask is not None and ask.sink is not None:
            ask.sink.number(frame.rid)
            ask.granted(frame.items, frame.bytes)


def _as_it_is(item: object) -> Payload:
    """What is handed on was encoded elsewhere."""
    return cast("Payload", item)
