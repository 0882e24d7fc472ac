"""The receiving half of a connection: a peer's messages, checked, counted against its windows, put into mailboxes.

The reader never waits: a message has room because its window was granted. Where the mailbox itself is full of others'
messages, it waits beside it as any local sender does. Credit goes back when the actor takes the message.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from threading import get_ident
from time import monotonic
from typing import TYPE_CHECKING

from ...actors.base import MessageTypeError, NoSuchReactor, ProtocolError, SendError, ShuttingDown
from ...actors.engine import Cell, LoopCell
from ...actors.mailbox import NEVER, Account, Envelope, Mailbox, MessageTrace, ReplyTo, Side
from ...actors.messages import Address, Peer
from ..lanes import InLane, Outbox, RemoteReply, ThreadReply, WindowShare, Writer, largest_on
from ..wire import (
    IN_ITEMS,
    NUMBER,
    REFUSALS,
    UNCOUNTED,
    WINDOWS,
    Ask,
    Cancel,
    ChannelInfo,
    Codecs,
    Hello,
    ProbeFrame,
    Tell,
    ZeroCopyAsk,
    ZeroCopyTell,
)
from .forwarding import Forwarding
from .malformed import Malformed
from .probed import probe
from .refused_tells import RefusedTells
from .served_asks import ServedAsks
from .served_streams import ServedStreams
from .window_growth import WindowGrowth, mailbox_behind

if TYPE_CHECKING:
    from ...actors.bus import Bus

__all__ = ["ReceiveSide"]

#: Bytes of answers that wait to be written before credit is held back: whoever does not read them can ask no more.
REPLY_BACKLOG = 4 << 20
#: Bytes of a message that is decoded once at most: it may take milliseconds.
LARGE = 4096


class ReceiveSide:
    """Everything that one peer sends to reactors here. On the loop's thread, but for `release`."""

    def __init__(
        self,
        bus: Bus,
        own: Hello,
        peer: Hello,
        codecs: Codecs,
        outbox: Outbox,
        writer: Writer,
        share: WindowShare | None = None,
        judge: Callable[[InLane], object] = id,
    ) -> None:
        self.inside, self.rtt = False, 0.0  # another process of this node; seconds of a round trip, as last measured
        self._bus, self._codecs, self._outbox, self._writer = bus, codecs, outbox, writer
        self._where, self._own_id = Peer(peer.node_id), own.node_id
        #: Whose turn its messages use in mailboxes: the peer's, so that they come behind those of a connection before.
        self._source = peer.node_id
        self._judge = judge  # says of each reactor what the peer may do there
        self.lanes: list[InLane] = []  # those of the reactors that the peer was told of, by their numbers
        #: By the number that a message names. None: plain code sent it, or an actor that cannot be reached from here.
        self._senders: list[Address[object] | None] = [None]
        self._senders += [Address[object](self._where, channel.name) for channel in peer.channels]
        self.answers = self._answers = answers = ServedAsks(bus.loop, bus.name, self.lanes, outbox, writer)
        self._served = answers.served  # asks that are not answered, by their number
        self.streams = ServedStreams(bus, self.lanes, answers, outbox, writer)
        self._woken: list[LoopCell] = []  # by an ask, to handle it when the bytes that came are looked through
        self._withheld: dict[InLane, None] = {}
        share = share or WindowShare()
        self.growth = WindowGrowth(bus.loop, outbox, writer, share, understood=WINDOWS in peer.features)
        self.growth.mailbox_of = partial(mailbox_behind, bus)
        self.emptied: Callable[[], object] = int  # called where messages left their mailbox after the end
        self.refusals = RefusedTells(bus.loop, answers.error, counted=REFUSALS in peer.features)
        self._forwarding = Forwarding(bus)
        self._asked, self._ended, self._hasty = 0, False, False
        self.trace: MessageTrace | None = None  # of the message that is being taken; None: it is not traced
        self.malformed = Malformed(bus.name, peer.node_id, bus.loop.time)
        for channel in own.channels:
            self.add(channel)

    def add(self, info: ChannelInfo) -> int:
        """Take messages for a reactor here; returns its number. Raises KeyError for an unknown channel."""
        codec = self._codecs.get(info.name)
        if codec is None:
            raise KeyError(info.name)
        lane = InLane(self, len(self.lanes), info, codec)
        self._judge(lane)
        self.lanes.append(lane)
        return lane.index

    @property
    def channels(self) -> int:
        """Reactors that the peer was told of, open or not."""
        return len(self.lanes)

    def has(self, name: str) -> bool:
        """A reactor of this name is open to the peer."""
        return any(lane.open and lane.info.name == name for lane in self.lanes)

    def remove(self, name: str) -> int | None:
        """The reactor here has stopped; returns its number, None if it had none."""
        for lane in self.lanes:
            if lane.info.name == name and lane.open:
                lane.open = False
                return lane.index
        return None

    def add_sender(self, name: str) -> None:
        """The peer has a reactor more."""
        self._senders.append(Address(self._where, name))

    @property
    def serving(self) -> int:
        """Asks of the peer that are not answered yet."""
        return len(self._served)

    def arrived(self) -> int:
        """Messages that have come."""
        return sum(lane.window.received for lane in self.lanes)

    def count_of_asks(self) -> int:
        """Frames of asks."""
        return self._asked

    def limit_of_lane(self, number: int) -> int:
        """The largest body on a lane of messages to this side. Raises ProtocolError for one that is not there."""
        return largest_on(self.lanes, number)

    def told(self, frame: Tell | ZeroCopyTell) -> None:
        """Messages without an answer. Raises ProtocolError."""
        lane = self._lane(frame.channel)
        mailbox = self._mailbox(lane)
        if mailbox is None and self._forwarding.told(self, lane, frame):
            return
        if mailbox is None or mailbox.owner != self._bus.thread or not self._told_at_once(lane, mailbox, frame):
            self._told_one_by_one(lane, mailbox, frame)

    def told_large(self, frame: ZeroCopyTell) -> None:
        """As `told`. A message alone is not decoded twice, whatever is wrong with it."""
        lane = self._lane(frame.channel)
        return self._told_one_by_one(lane, self._mailbox(lane), frame) if len(frame.items) == 1 else self.told(frame)

    def _told_at_once(self, lane: InLane, mailbox: Mailbox, frame: Tell | ZeroCopyTell) -> bool:
        """Deliver a frame that is in order and has room, 0.5 µs a message sooner. False: nothing was done."""
        decoders, senders, largest = lane.telling.decoders, self._senders, lane.info.max_message
        here, light, make, weigh = self._source, min(largest, UNCOUNTED), Envelope, lane.weighed
        envelopes: list[Envelope] = []
        total = 0
        try:
            for number, source, payload in frame.items:
                size = len(payload)
                total += size
                if size <= light:
                    envelopes.append(make(decoders[number](payload), senders[source], None, NEVER, here, size, lane))
                elif size <= largest:
                    envelopes.append(weigh(decoders[number](payload), senders[source], None, NEVER, here, size, lane))
                else:
                    return False
        except BaseException:  # noqa: BLE001  # one by one it turns out which, and what is to be said about it
            return False
        if not mailbox.has_room_for(len(envelopes), total) or not lane.window.receive_all(len(envelopes), total):
            return False
        lane.tells += len(envelopes)
        mailbox.offer_all(envelopes, total)
        return True

    def _told_one_by_one(self, lane: InLane, mailbox: Mailbox | None, frame: Tell | ZeroCopyTell) -> None:
        receive, decode, largest = lane.window.receive, lane.telling.decode, lane.info.max_message
        senders = self._senders
        for number, source, payload in frame.items:
            size = len(payload)
            receive(size)
            sequence = lane.tells
            lane.tells = sequence + 1
            if source >= len(senders):
                raise ProtocolError("bad_field", f"source {source} of {len(senders) - 1}")
            try:
                if not number or size > largest:
                    lane.check(number, size)
                message = decode(number, payload)
            except SendError as error:
                self.refuse_tell(lane, sequence, size, error)
                continue
            made = Envelope if size <= UNCOUNTED else lane.weighed
            envelope = made(message, senders[source], None, NEVER, self._source, size, lane)
            self._deliver(lane, mailbox, envelope, sequence)

    def asked(self, frame: Ask | ZeroCopyAsk) -> None:
        """Messages that want an answer. Raises ProtocolError."""
        self._asked += 1
        lane = self._lane(frame.channel)
        bus, served, decoders, largest = self._bus, self._served, lane.asking.decoders, lane.info.max_message
        now, cell_of = bus.loop.time(), dict[str, Cell]().get if bus.closing and not self.inside else bus.cell
        if cell_of(lane.info.name) is None and self._forwarding.asked(self, lane, frame):
            return
        answers = self._answers if lane.asks is None else lane.asks.opened(len(frame.items))
        for rid, budget, number, source, payload in frame.items:
            size = len(payload)
            lane.window.receive(size)
            if rid in served:
                raise ProtocolError("bad_field", f"request {rid} is open already")
            try:
                if not number or size > largest:
                    lane.check(number, size)
                try:
                    message = decoders[number](payload)
                except BaseException as error:  # once more, for what is to be said about it; but not of a large one
                    if size > LARGE and lane.asking is lane.codec and number < len(decoders):
                        raise lane.codec.malformed(number, error) from error
                    message = lane.asking.decode(number & NUMBER if number >= IN_ITEMS else number, payload)
                cell = cell_of(lane.info.name) or self._cell(lane)
                items = number >= IN_ITEMS
                cell = cell.receiver(message, self.sender_of(source)) if cell.spreads and not items else cell
                until = now + max(budget / 1000 - self.rtt, budget / 2000)  # the ways here and back are its time too
                reply = self.streams.asked(lane, cell, rid, until, number, message, answers) if items else None
            except SendError as error:
                lane.refuse(error.reason)
                if isinstance(error, MessageTypeError):
                    self.malformed.spend(size)
                self.release(lane, 1, size)
                answers.error(rid, lane.index, 0, error.reason, error)
                continue
            mailbox = cell.mailbox
            if reply is not None:
                cell, mailbox = cell.opens(message, reply)
            elif mailbox.owner == bus.thread:
                reply = RemoteReply(answers, cell, lane.index, rid, until, number)
            else:
                reply = ThreadReply(answers, cell, lane.index, rid, until, bus.loop, number)
            served[rid] = reply
            if not mailbox.scheduled and isinstance(cell, LoopCell) and cell.bus is bus:
                mailbox.scheduled = True
                self._woken.append(cell)
            made = Envelope if size <= UNCOUNTED else lane.weighed
            to: ReplyTo = self.streams.seen_by(cell, reply, message) if items else reply
            envelope = made(message, self.sender_of(source), to, until, self._source, size, lane)
            if cell.spreads:
                cell.hold_back(envelope)
            self._deliver(lane, mailbox, envelope, 0)

    def run_woken(self) -> None:
        """What came is looked through: what an ask has woken has its turn now, not in the loop's next one."""
        while self._woken:
            self._woken.pop().run_woken()

    def cancelled(self, frame: Cancel) -> None:
        """Nobody waits for that answer any more."""
        self._answers.give_up(frame.rid)

    def probed(self, frame: ProbeFrame) -> None:
        """The peer asks what a reactor here waits for. Raises ProtocolError for a channel that is not there."""
        probe(self._bus, self._lane(frame.channel), self._served.get(frame.rid), frame, self._own_id, self._source)

    def _lane(self, index: int) -> InLane:
        if index >= len(self.lanes):
            raise ProtocolError("unknown_channel", f"channel {index} of {len(self.lanes)}")
        return self.lanes[index]

    def sender_of(self, source: int) -> Address[object] | None:
        """The sender of that number. Raises ProtocolError."""
        if source >= len(self._senders):
            raise ProtocolError("bad_field", f"source {source} of {len(self._senders) - 1}")
        return self._senders[source]

    def _cell(self, lane: InLane) -> Cell:
        if self._bus.closing and not self.inside:
            raise ShuttingDown(f"{self._bus.name} is shutting down, it takes no new work")
        cell = self._bus.cell(lane.info.name)
        if cell is None:
            raise NoSuchReactor(f"{self._bus.name} runs no reactor {lane.info.name!r} any more")
        return cell

    def _mailbox(self, lane: InLane) -> Mailbox | None:
        """That of its reactor; None where there is none, or a pool picks one for each message."""
        cell = None if self._bus.closing and not self.inside else self._bus.cell(lane.info.name)
        return None if cell is None or cell.spreads else cell.mailbox

    def _deliver(self, lane: InLane, mailbox: Mailbox | None, envelope: Envelope, sequence: int) -> None:
        try:
            if mailbox is None:
                mailbox = self._cell(lane).mailbox_for(envelope)  # raises what the sender has to know
            if mailbox.owner == self._bus.thread:
                if not mailbox.offer(envelope):
                    mailbox.wait(lane.waits(envelope, sequence))
            else:
                envelope.came = monotonic()
                if not mailbox.offer_foreign(envelope):
                    mailbox.put_foreign(lane.waits(envelope, sequence))
        except SendError as error:
            self.refused(lane, envelope, sequence, error)

    def refused(self, lane: InLane, envelope: Envelope, sequence: int, error: SendError) -> None:
        """A message found no place: its credit goes back, its sender learns why."""
        if envelope.reply is None:
            self.refusals.add(lane, sequence, envelope.size, error)
        else:
            lane.refuse(error.reason)
            self.release(lane, 1, envelope.size)
            envelope.reply.fail(error)

    def refuse_tell(self, lane: InLane, sequence: int, size: int, error: SendError) -> None:
        """A tell is refused unseen: its credit goes back, its sender learns why."""
        self.refusals.add(lane, sequence, size, error)
        if lane.telling is lane.codec:  # else it is none that is malformed, but one that the peer may not send
            self.malformed.told(lane.info.name, size, error)

    def call(self, action: Callable[[], None]) -> None:
        """Run `action` on the loop's thread: now, or soon where the caller is another one."""
        if get_ident() == self._bus.thread:
            action()
            return
        with contextlib.suppress(RuntimeError):  # the loop has closed, perhaps just now
            self._bus.loop.call_soon_threadsafe(action)

    def release(self, lane: InLane, messages: int, size: int) -> None:
        """Messages left their mailbox. From any thread."""
        if get_ident() != self._bus.thread:
            self.call(partial(self.release, lane, messages, size))
            return
        lane.window.release(size, messages)
        if self._ended:
            self.emptied()
            return
        if self._answers.backlog + self._outbox.control_bytes > REPLY_BACKLOG:
            self._withheld[lane] = None
            return
        if (due := lane.window.due(at_once=self._hasty)) is not None:
            self._outbox.grant(lane.index, *due)
            self.growth.took(lane, due)
            self._writer.schedule()

    def hasten(self) -> None:
        """The connection is about to end: return credit as soon as it is owed, so that the peer knows what arrived."""
        self._hasty = self.refusals.hasty = True
        self.confirm()

    def confirm(self) -> None:
        """Return all credit that is owed, however little: so the peer knows what was taken."""
        self.refusals.tell()
        for lane in self.lanes:
            due = lane.window.due(at_once=True)
            if due is not None:
                self._outbox.grant(lane.index, *due)
        self.growth.beat(self.lanes)
        self._writer.schedule()

    @property
    def holding(self) -> bool:
        """Messages of the peer wait to be handled."""
        return any(lane.window.held[0] for lane in self.lanes)

    def written(self) -> None:
        """Something was written: answers that left no longer hold credit back."""
        if (answers := self._answers).backlog or self._withheld:
            answers.look()
            if self._withheld and answers.backlog <= REPLY_BACKLOG:
                for lane in self._withheld:
                    due = lane.window.due(at_once=self._hasty)
                    if due is not None:
                        self._outbox.grant(lane.index, *due)
                self._withheld.clear()
                self._writer.schedule()

    def end(self) -> None:
        """The connection has ended: end the work that only its peer waits for."""
        self._ended = True
        self.refusals.end()
        self.growth.end(self.lanes)
        self.streams.end()
        self._answers.end()
        self._withheld.clear()
        self.settle()

    def settle(self) -> None:
        """Keep the accounts, once the connection has ended and nothing of it waits for room any more."""
        if self._ended and not any(lane.arrivals for lane in self.lanes):
            self._bus.books.close(self)
            self._bus.loop.call_soon(self.lanes.clear)  # they point back here; what came with the last frame needs them

    def accounts(self) -> Iterator[tuple[Side, str, Account]]:
        """What became of all that has arrived."""
        for lane in self.lanes:
            if lane.window.received:
                yield Side.ARRIVED, lane.info.name, lane.account
