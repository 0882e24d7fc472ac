"""Streams that this node has asked a peer for, and items that it sends along with its asks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from ...actors.base import MessageTooLarge, MessageTypeError, SchemaMismatch, SendError, printable
from ...actors.mailbox import NEVER, Books
from ...actors.messages import UNNAMED, Address, answer_named, article, item_of, misfit
from ...actors.sends import AskFuture, AskWaiting, Outcome, Wait, Waiting
from ...actors.streams import ItemBuffer, ItemSink, NoSink
from ..lanes import ItemQueue, Outgoing, OutLane, RemoteAsk, Writer
from ..wire import (
    EndFrame,
    Error,
    GrantFrame,
    ItemsFrame,
    ZeroCopyItems,
    ask_lane,
    flags_of,
    reply_lane,
)
from .allowances import Allowance
from .losses import Losses
from .open_asks import OpenAsks
from .origins import Origins
from .out_lanes import OutLanes
from .peer_errors import error_of
from .sending_host import SendingHost

__all__ = ["RemoteStreamAsk", "StreamAsks", "stream_ask"]


class RemoteStreamAsk(RemoteAsk[Any]):
    """An ask of a peer whose answer comes in items, or that items go with. Also the `ItemSource` of those that come."""

    __slots__ = ("buffer", "kind", "opened", "sink", "streams")

    buffer: ItemBuffer
    #: Of which type the items are; None: nobody says.
    kind: Any
    opened: bool
    sink: ItemQueue | None
    streams: StreamAsks

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
        if not self.done():
            self.set_result(None)

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

    # As the source of its items; see `ItemSource`.

    def grant(self, items: int, size: int) -> None:
        """As `ItemSource.grant`."""
        if not self.done():
            self.streams.grant(self, items, size)

    def stop(self) -> None:
        """As `ItemSource.stop`."""
        if not self.opened and not self.done():
            self.cancel()

    def settle(self, untaken: int) -> None:
        """As `ItemSource.settle`: whoever sends them counts them."""

    def waits_for(self) -> Wait | None:
        """As `ItemSource.waits_for`."""
        return self


class AskingLink(Protocol):
    """The link of a connection, as far as an ask for a stream knows it: see `PeerLink`."""

    peer_id: str
    refusal: Callable[[str], SendError] | None
    streams: StreamAsks
    origins: Origins
    _bus: SendingHost
    _losses: Losses
    _origins: dict[str, int]
    _suspended: bool

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
) -> tuple[AskFuture[Any], Outcome[Any], ItemSink]:
    """As `Link.stream`."""
    bus = link._bus
    ask = RemoteStreamAsk.of(bus.loop, message, None, link._abandon)
    ask.rid, ask.lane = 0, None
    ask.buffer, ask.opened, ask.sink, ask.streams = buffer, opened, None, link.streams
    buffer.source = ask
    try:
        if link.refusal is not None:
            raise link.refusal(f"{link.peer_id} takes no new work")
        if not link.streams.understood:
            raise SchemaMismatch(f"peer {link.peer_id} runs a version that knows no streams: ask it, or update it")
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
    sink: ItemSink = NoSink()
    if opened:
        sink = ask.sink = link.streams.sink(ask, lane)
    number |= flags_of(*buffer.window.whole, opened=opened)
    outgoing = Outgoing(message, sender, ask, deadline, None, len(payload), None, NEVER, number, origin, payload)
    slot = ask.slot = bus.wheel.add(ask, deadline)
    if not link._suspended and link._send_ask(lane, outgoing, ask, deadline):
        return ask, ask, sink
    slot.pop(ask, None)
    ask.slot = None
    waiting = link._waiting(lane, outgoing, within)
    return ask, AskWaiting(waiting, ask, partial(ask.arm, bus.wheel, deadline)), sink


class StreamAsks:
    """Those of one link, on the loop's thread."""

    __slots__ = ("_asks", "_books", "_lanes", "_late", "_where", "_writer", "understood")

    def __init__(
        self, asks: OpenAsks, lanes: OutLanes, writer: Writer, books: Books, peer_id: str, *, understood: bool
    ) -> None:
        self._asks = asks
        self._lanes = lanes
        self._writer = writer
        self._books = books
        #: The peer knows streams.
        self.understood = understood
        self._where = peer_id
        self._late = Allowance("ITEMS", asks.now, lambda: 1024.0 * asks.last_rid)

    def grant(self, ask: RemoteStreamAsk, items: int, size: int) -> None:
        """Its reader has taken so many."""
        assert ask.lane is not None
        self._asks.outbox.control(GrantFrame(reply_lane(ask.lane.index), ask.rid, items, size))
        self._writer.schedule()

    def sink(self, ask: RemoteStreamAsk, lane: OutLane) -> ItemQueue:
        """What sends the items that go with an ask."""

        def encode(item: object) -> tuple[int, bytes]:
            assert lane.codec is not None
            try:
                return lane.codec.encode_reply(item, lane.largest)
            except MessageTypeError as error:
                text = f"{article(type(item).__name__)} cannot go with {article(name)}: {error}"
                raise MessageTypeError(text, message=item) from None

        name = type(ask.message).__name__
        turn, counts = self._lanes.turns[lane.index], self._books.items(lane.info.name)
        return ItemQueue(ask_lane(lane.index), 0, turn, self._asks.outbox, self._writer, encode, ask.fail, counts)

    def _ask(self, lane: int, rid: int) -> RemoteStreamAsk | None:
        found = self._lanes.at(lane // 2)
        outgoing = self._asks.by_rid.get(rid)
        ask = None if outgoing is None else outgoing.reply
        if isinstance(ask, RemoteStreamAsk) and ask.lane is found:
            return ask
        self._late.spend()
        return None

    def items(self, frame: ItemsFrame | ZeroCopyItems) -> None:
        """Items of an answer. Raises ProtocolError for more than were granted."""
        ask = self._ask(frame.lane, frame.rid)
        if ask is None:
            return
        lane, payloads, number = ask.lane, frame.payloads, frame.number
        assert lane is not None
        size = sum(map(len, payloads))
        ask.buffer.window.receive(len(payloads), size, len(payloads[-1]))
        ask.written = self._asks.now()  # how long an item takes says how busy it is, and not how long all of them do
        codec, kind = lane.codec, ask.kind
        assert codec is not None
        try:
            if max(map(len, payloads)) > lane.largest:
                raise MessageTooLarge(f"an item takes more than {lane.largest} bytes, more than its channel allows")
            if number:
                try:
                    decode = codec.decoders[number]
                    items = [decode(payload) for payload in payloads]
                except BaseException:  # noqa: BLE001  # once more, for what is to be said about it
                    items = [codec.decode_reply(number, payload, ask.message, None) for payload in payloads]
            else:
                items = [codec.decode_reply(0, payload, ask.message, None) for payload in payloads]
            if kind is not None and items[0].__class__ is not kind:
                for item in items:
                    error = misfit(ask.message, kind, item)
                    if error is not None:
                        raise error
        except (SendError, TypeError) as error:
            ask.give_up(error if isinstance(error, SendError) else MessageTypeError(str(error)))
            return
        ask.buffer.feed(items, size)

    def ended(self, frame: EndFrame) -> None:
        """An answer in items has come to its end. Raises ProtocolError where others came than were sent."""
        ask = self._ask(frame.lane, frame.rid)
        if ask is None:
            return
        lane = ask.lane
        assert lane is not None
        ask.buffer.window.ended(frame.count)
        if frame.code:
            text = f"bus://{self._where}/{lane.info.name}: {printable(frame.text)}"
            self._asks.failed(lane, frame.rid, error_of(Error(frame.rid, lane.index, 0, frame.code, frame.text), text))
        else:
            self._asks.over(ask)
            ask.ended()

    def granted(self, frame: GrantFrame) -> None:
        """The peer's handler has taken items that went with an ask. Raises ProtocolError as `ItemCredit.grant`."""
        ask = self._ask(frame.lane, frame.rid)
        if ask is not None and ask.sink is not None:
            ask.sink.rid = frame.rid
            ask.sink.granted(frame.items, frame.bytes)
