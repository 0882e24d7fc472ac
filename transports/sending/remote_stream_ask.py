"""An ask of a peer whose answer comes in items, or that items go with, as its asker and its reader know it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, cast

from ...actors.base import DeadlineExceeded, MessageTooLarge, MessageTypeError, SendError
from ...actors.engine import PeakEwma
from ...actors.messages import article, misfit
from ...actors.sends import Wait
from ...actors.streams import ItemBuffer, no_place
from ..lanes import ArrivedItems, ItemQueue, RemoteAsk, StreamLimit, Wrapping, leave_limit, note_kinds
from ..wire import ItemsFrame, Payload, ZeroCopyItems

__all__ = ["RemoteStreamAsk", "as_it_is", "break_off"]


class GrantsItems(Protocol):
    """The streams of the link, as far as one ask knows them: see `StreamAsks`."""

    #: Seconds of the loop's clock.
    now: Callable[[], float]

    def grant(self, ask: RemoteStreamAsk, items: int, size: int) -> None:
        """Its reader has taken `items` of `size` bytes."""

    def left(self, ask: RemoteStreamAsk) -> None:
        """It is over."""


class RemoteStreamAsk(RemoteAsk[Any]):
    """See the module. Also the `ItemSource` of the items that come."""

    __slots__ = ("arrived", "buffer", "flags", "kind", "limit", "narrow", "opened", "sink", "streams", "wrapping")

    #: Counts what another process of this node sends; None: a peer does.
    arrived: ArrivedItems | None
    buffer: ItemBuffer
    #: What goes with the number of its message: see `flags_of`.
    flags: int
    #: Of which type the items are; None: nobody says.
    kind: Any
    #: Where it has a place among the streams that may be open; None: nowhere.
    limit: StreamLimit | None
    #: It gives its answer credit for one item only: the rest goes by a rate.
    narrow: bool
    opened: bool
    sink: ItemQueue | None
    streams: GrantsItems
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
            if kind is not None and (not number or items[0].__class__ is not kind):  # with a number they are of one
                for item in items:
                    error = None if item.__class__ is kind else misfit(self.message, kind, item)
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
            note_kinds(self.buffer, number, items)
            self.buffer.feed(items, size)

    def _has_begun(self) -> None:
        """The first item came, or the end without one. Later ones may wait for their reader, and say nothing."""
        assert self.lane is not None
        now = self.streams.now()
        self.lane.latency.answered(now - self.written, now)

    def left(self, latency: PeakEwma, now: float) -> None:
        """As `RemoteAsk.left`: nobody reads on, or no item came in time. A reader with enough did not wait in vain."""
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

    def turned(self) -> None:
        """It waits for a place among the streams that are open there, or has one now."""
        if not self.done():
            self.buffer.turned()

    def expire(self) -> None:
        """The time of it all is over."""
        if self.buffer.held:
            self.give_up(no_place(self.message))
        else:
            super().expire()

    def fail(self, error: BaseException) -> None:
        """It ended with `error`; where its time was over while it had no place, whoever saw that first."""
        late = isinstance(error, DeadlineExceeded) and self.buffer.held
        super().fail(no_place(self.message) if late else error)

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
        self.streams.left(self)

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


def break_off(ask: RemoteAsk[Any], error: SendError) -> None:
    """An item that goes with it cannot travel: it has failed, and the handler hears that no more come."""
    if not ask.done():
        ask.abandon(ask)
        ask.fail(error)


def as_it_is(item: object) -> Payload:
    """What is handed on was encoded elsewhere."""
    return cast("Payload", item)
