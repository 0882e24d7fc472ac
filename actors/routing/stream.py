"""A stream on its way: of an actor here, a peer, or one of a role's, and of another one where the first is gone.

Another is asked only before the first item has come: from then on its reader knows what it has, and asks for the rest.
"""

from __future__ import annotations

from contextlib import nullcontext, suppress
from functools import partial
from math import inf
from threading import get_ident
from typing import Any

from ..base import MessageTypeError, PeerbusError, SchemaMismatch, SendError, WouldDeadlock, new_task
from ..engine import Cell, LoopCell, Ref, ThreadCell, expected
from ..mailbox import Envelope, Mailbox
from ..messages import Address, GroupAddress, Role, Stream, Unresolved, answer_named, item_of
from ..sends import DELIVERED, AskFuture, AskWaiting, DeadlineWheel, FailedOutcome, Outcome, Sending, Waiting
from ..streams import (
    LOCAL_ITEMS,
    Begun,
    ItemBuffer,
    ItemReader,
    ItemSink,
    ItemWindow,
    LateAsk,
    LocalSink,
    LocalStreamAsk,
    NoSink,
    OpenStream,
    ThreadStream,
    ThreadStreamReply,
)
from .deferred import Deferred
from .directory import Directory
from .dispatch import Awaited, ByLoop, Group, Way, way_to
from .link import StreamLink
from .nobody import unroutable
from .outward import Outward
from .purpose import Purpose
from .receivers import Receiver, check_address, one_of, streaming
from .time_limit import seconds_of
from .tries import Tries

__all__ = ["routed_open", "routed_stream"]


def routed_stream(
    bus: Directory,
    to: Ref[Any] | Address[Any],
    message: object,
    timeout: float | None,
    idle: float | None,
    sender: Cell | None,
    *,
    wait: bool = False,
) -> Stream[Any]:
    """A stream for `sender` (None: plain code), on the thread of the caller. Read on another than the loop's, it is
    asked for there and comes in batches. `wait`: for a receiver, where there is none.

    Raises TypeError for what is no address, ValueError for one of several, PeerbusError where the bus does not run.
    """
    if get_ident() != bus.thread:
        check_one(to)
        bus.life.check_running()
        return ThreadStream(bus, message, partial(stream_here, bus, to, message, timeout, idle, sender, wait=wait))
    return stream_here(bus, to, message, timeout, idle, sender, wait=wait)


def stream_here(
    bus: Directory,
    to: Ref[Any] | Address[Any],
    message: object,
    timeout: float | None,
    idle: float | None,
    sender: Cell | None,
    *,
    wait: bool = False,
) -> ItemReader[Any]:
    """As `routed_stream`, on the loop's thread."""
    send = StreamSend(bus, to, message, timeout, idle, sender, opened=False, wait=wait)
    return ItemReader(send.buffer, send.begin_traced().begun)


def routed_open(
    bus: Directory,
    to: Ref[Any] | Address[Any],
    message: object,
    timeout: float | None,
    idle: float | None,
    sender: Cell | None,
    *,
    wait: bool = False,
) -> OpenStream[Any]:
    """A conversation of `sender`; as `routed_stream`."""
    send = StreamSend(bus, to, message, timeout, idle, sender, opened=True, wait=wait)
    asked = send.begin_traced()
    return OpenStream(asked.future, send.buffer, asked.sink, asked.begun, bus.wheel, bus.loop, send.idle)


class AskedStream:
    """An ask that was made, or waits for room, or for a receiver: `begun` waits for that."""

    __slots__ = ("begun", "future", "sink")

    def __init__(self, future: AskFuture[Any], outcome: Outcome[Any], sink: ItemSink) -> None:
        self.future = future
        self.begun: Begun | None = outcome if isinstance(outcome, AskWaiting) else None
        self.sink = sink


class AwaitedStream(LateAsk):
    """An ask that waits for a receiver, and is made when there is one. Whoever needs it waits for it."""

    def __init__(self, send: StreamSend, receivers: Deferred[None]) -> None:
        self._send = send
        self._receivers = receivers

    async def enter(self) -> None:
        """As `LateAsk.enter`."""
        try:
            try:
                await self._receivers
            except SendError as error:
                self._send.buffer.fail(error)
                raise
            asked = self._send.asked
            assert asked is not None
            self.future, self.sink = asked.future, asked.sink
            begun, asked.begun = asked.begun, None
            if begun is not None:
                await begun.enter()
        finally:
            del self


class StreamSend:
    """One stream, or conversation, from its sender's side: whom it asks."""

    __slots__ = (
        "_bus",
        "_deadline",
        "_message",
        "_opened",
        "_sender",
        "_sending",
        "_to",
        "_tries",
        "_wait",
        "asked",
        "buffer",
        "idle",
    )

    def __init__(
        self,
        bus: Directory,
        to: Ref[Any] | Address[Any],
        message: object,
        timeout: float | None,
        idle: float | None,
        sender: Cell | None,
        *,
        opened: bool,
        wait: bool = False,
    ) -> None:
        check_one(to)
        self._bus = bus
        self._to = to
        self._message = message
        self._sender = sender
        self._opened = opened
        #: Where there is no receiver, wait for one; and the ask that was made then.
        self._wait = wait
        self.asked: AskedStream | None = None
        self._deadline = inf if timeout is None else bus.loop.time() + timeout
        #: Seconds that one item may take: what is said, or where no time is said at all, the channel's.
        self.idle = idle if idle is not None else inf if timeout is not None else seconds_of(bus, to, None)
        self.buffer = ItemBuffer(message, bus.loop, bus.wheel, ItemWindow(), self.idle)
        #: None while no other than the first was thought of.
        self._tries: Tries | None = None
        #: It is traced.
        self._sending: Sending | None = None

    def begin_traced(self) -> AskedStream:
        """As `begin`, as a span where the sends of this bus are traced."""
        bus = self._bus
        if bus.tracer is None:
            return self.begin()
        seconds = self._deadline - bus.loop.time()
        self._sending = sending = bus.tracer.sending(
            "open" if self._opened else "stream", self._to, self._message, seconds
        )
        if sending is None:
            return self.begin()
        self.buffer.closed = sending.ended
        with sending.current():
            return self.begin()

    def begin(self) -> AskedStream:
        """Ask the first."""
        bus, to = self._bus, self._to
        need = 1 if self._wait else 0
        way: Way = way_to(bus, to, self._sender, self._message, by_loop=True, need=need, purpose=Purpose.ASK)
        if isinstance(way, ByLoop):
            raise PeerbusError(f"a stream is read on the event loop of {bus!r}, not on another thread")
        if isinstance(way, SendError):
            unroutable(bus, way, to, self._sender)
            return self._refused(way)
        if isinstance(way, Outward):
            return self._ask_outside(way)
        if isinstance(way, Awaited):
            return self._awaited()
        assert not isinstance(way, Group)  # refused
        if isinstance(to, Address) and isinstance(to.where, Role):
            if not getattr(way, "knows_streams", True) and (found := streaming(bus, to, self._message)):
                way = one_of(bus, to, found)
            if not self._opened:
                self.buffer.again = partial(self._again, way)
        return self._ask(way)

    def _refused(self, error: SendError) -> AskedStream:
        future: AskFuture[Any] = AskFuture.of(self._bus.loop, self._message, None, _nobody)
        future.refused(error)
        self.buffer.fail(error)
        return AskedStream(future, future, NoSink())

    def _awaited(self) -> AskedStream:
        bus, to = self._bus, self._to
        assert isinstance(to, Address)
        deadline = self._within()
        wait: Deferred[None] = Deferred(
            bus, to, self._message, self._sender, need=1, deadline=deadline, purpose=Purpose.ASK, send=self._there
        )
        future: AskFuture[Any] = AskFuture.of(bus.loop, self._message, None, _nobody)
        asked = AskedStream(future, future, NoSink())
        asked.begun = AwaitedStream(self, wait)
        return asked

    def _there(self, _left: float) -> Outcome[None]:
        """There is a receiver now: ask it, unless nobody reads any more."""
        self._wait = False
        if self.buffer.ended:
            gone = SendError("nobody reads the stream any more", message=self._message)
            gone.reason = "cancelled"
            return FailedOutcome(gone)
        with self._sending.current() if self._sending is not None else nullcontext():
            self.asked = self.begin()
        return DELIVERED

    def _ask(self, receiver: Receiver) -> AskedStream:
        if isinstance(receiver, Cell):
            return self._ask_here(receiver)
        to, sender = self._to, self._sender
        assert isinstance(to, Address)
        if not isinstance(receiver, StreamLink):
            return self._refused(SchemaMismatch(f"the way to {receiver.peer_id} carries no streams"))
        self.buffer.window = ItemWindow()
        return AskedStream(
            *receiver.stream(
                to.reactor,
                self._message,
                sender=None if sender is None else sender.address,
                deadline=self._deadline,
                within=self._within(),
                buffer=self.buffer,
                opened=self._opened,
            )
        )

    def _ask_outside(self, way: Outward) -> AskedStream:
        bus, to, sender = self._bus, self._to, self._sender
        assert isinstance(to, Address)
        self.buffer.window = ItemWindow()
        left = None if self._deadline == inf else self._deadline - bus.loop.time()
        address = None if sender is None else sender.address
        return AskedStream(
            *way.stream(
                to,
                self._message,
                left,
                self.idle,
                address,
                buffer=self.buffer,
                opened=self._opened,
                wait_for_peer=self._wait,
            )
        )

    def _within(self) -> float:
        """When there has to be room for the ask itself."""
        bus = self._bus
        within = self.idle if self.idle < inf else seconds_of(bus, self._to, None)
        return min(self._deadline, bus.loop.time() + within)

    def _ask_here(self, cell: Cell) -> AskedStream:
        bus, message, sender, buffer = self._bus, self._message, self._sender, self.buffer
        if self._opened and not cell.takes_items:
            return self._refused(MessageTypeError(f"{cell} runs on a thread of its own, and takes no items"))
        buffer.window = ItemWindow(LOCAL_ITEMS)
        future = LocalStreamAsk.of(bus.loop, message, None, cell.abandon)
        counts = bus.books.items(cell.channel_name)
        future.detach, future.opened = cell.detach, self._opened
        future.on_end = int
        future.down = LocalSink(future, buffer, counts, expected(cell, message, sender, item_kind(message)))
        future.up = future.up_buffer = None
        sink: ItemSink = NoSink()
        if self._opened:
            future.up_buffer = ItemBuffer(message, bus.loop, bus.wheel, ItemWindow(LOCAL_ITEMS))
            sink = future.up = LocalSink(None, future.up_buffer, counts, None)
        cell, mailbox = cell.opens(message, future)
        thread = cell if isinstance(cell, ThreadCell) else None
        reply = future if thread is None else ThreadStreamReply(future, bus.loop, thread, message)
        envelope = Envelope(message, None if sender is None else sender.address, reply, self._within(), sender)
        envelope = cell.traced(envelope)
        if sender is cell and (not isinstance(cell, LoopCell) or cell._would_deadlock()):
            future.refused(WouldDeadlock(f"{cell} reads its own stream, and takes no message before it is through"))
            return AskedStream(future, future, sink)
        left = None if self._deadline == inf else self._deadline - bus.loop.time()
        sent = entered(cell, mailbox, envelope, sender, left, bus.wheel)
        envelope.deadline = self._deadline
        return AskedStream(future, future.follow(sent, bus.wheel, self._deadline), sink)

    def _again(self, first: Receiver, error: SendError) -> bool:
        """Ask another one, where this one is gone before its first item came, and there is another."""
        bus, to, message = self._bus, self._to, self._message
        assert isinstance(to, Address)
        if self._tries is None:
            deadline, left = self._deadline, partial(streaming, bus, to, message)
            self._tries = Tries(
                bus, to, message, first, sender=self._sender, deadline=deadline, kind="stream", left=left
            )
        another = self._tries.after(error, twice=True)
        if another is None:
            return False
        self.buffer.source = None
        with self._sending.current() if self._sending is not None else nullcontext():
            begun = self._ask(another).begun
        if begun is not None:
            new_task(self._enter(begun), loop=bus.loop, name=f"peerbus stream to {to}")
        return True

    async def _enter(self, begun: Begun) -> None:
        """Wait for room at another one, where the reader waits for items already, and hears how that ends."""
        with suppress(SendError):
            await begun.enter()


def check_one(to: object) -> None:
    """Raise TypeError for what is no address, ValueError for one of several."""
    check_address(to)
    if isinstance(to, GroupAddress):
        raise ValueError(f"a stream has one other end: {to} are several; open one to each of them")


def entered(
    cell: Cell, mailbox: Mailbox, envelope: Envelope, sender: Cell | None, left: float | None, wheel: DeadlineWheel
) -> Outcome[None]:
    """Let an ask for a stream into the mailbox; where that is none of the cell's it has no room yet."""
    if isinstance(cell, LoopCell) and mailbox is cell.mailbox:
        return cell.enter(envelope, sender, left, wheel)
    error = cell.refusal(envelope, sender, left)
    if error is not None:
        return cell.fail(envelope, error)
    if mailbox is not cell.mailbox:
        assert isinstance(cell, LoopCell)
        return Waiting(mailbox, envelope, envelope.deadline, wheel, cell.loop, cell.undelivered, cell)
    return cell.tell_foreign(envelope, cell.timeout if left is None else left)


def item_kind(message: object) -> Any:
    """The type of the items that a message names as its answer; None where it names none."""
    try:
        found = item_of(answer_named(type(message)))
    except Unresolved:
        return None
    return None if found is Any else found


def _nobody(_future: AskFuture[Any]) -> str:
    return "route"
