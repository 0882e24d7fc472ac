"""The bus's way to one peer, the sending half of its connection: lanes and credit, and what follows when it ends."""

# Long, as sends, what follows when the link ends, and succession share the lanes.

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ...actors.base import (
    MessageTooLarge,
    MessageTypeError,
    NoRoute,
    NoSuchReactor,
    PeerGone,
    ProtocolError,
    SchemaMismatch,
    SendError,
    ShuttingDown,
    get_logger,
)
from ...actors.engine import Load
from ...actors.mailbox import Account, Side, Waiter
from ...actors.messages import Address, Capability, Peer, Unresolved
from ...actors.routing import Link
from ...actors.sends import CHUNK, AskFuture, AskWaiting, Delivered, FailedOutcome, Outcome, Supply, Waiting, Within
from ..lanes import (
    ROOM,
    Growth,
    LaneStatistics,
    LaneTurn,
    Outbox,
    Outgoing,
    OutLane,
    RemoteAsk,
    Writer,
    accept_many,
    asks_leave,
    budget_of,
    too_late,
)
from ..streams import Endpoint
from ..wire import (
    MESSAGE_LIMIT,
    Ask,
    ChannelCodec,
    ChannelInfo,
    Codecs,
    Credit,
    Error,
    FrameEncoder,
    Hello,
    Payload,
    ProbeFrame,
    Reply,
    body_limit,
    printable,
)
from .open_asks import OpenAsks
from .peer_errors import error_of
from .remote_watches import RemoteWatches

if TYPE_CHECKING:
    from typing_extensions import TypeForm

    from ...actors.bus import Bus
    from ...actors.sends import Search, Wait

__all__ = ["PeerLink"]

R = TypeVar("R")

log = get_logger("peerbus.transports")


class PeerLink:
    """Everything that this node sends to one peer's reactors: an `actors.Link`. On the loop's thread only."""

    def __init__(self, bus: Bus, own: Hello, peer: Hello, codecs: Codecs, writer: Writer) -> None:
        self._bus = bus
        self._codecs = codecs
        self._writer = writer
        self._encode = FrameEncoder().encode
        self.peer_id = peer.node_id
        self._incarnation = peer.incarnation
        self._own_id = own.node_id
        self._where = Peer(peer.node_id)
        #: What the peer offers now by role, and the same as text.
        self.roles: Mapping[str, Capability] = {}
        self.offers: tuple[str, ...] = ()
        #: The peer's signed record as it sent it last, unread; empty where it sent none.
        self.record = b""
        #: The other end of the stream, and whether this node dialed it; None, False before there is a connection.
        self.remote: Endpoint | None = None
        self.dialed = False
        #: Smoothed round trip in seconds; None before the first was measured.
        self.rtt: float | None = None
        self._watches = RemoteWatches(bus, self._where)
        self._open_asks = asks = OpenAsks(bus.loop, writer)
        #: The same, by request id: what was written and is not answered.
        self._asks = asks.by_rid
        self.outbox = asks.outbox = Outbox(asks.number, asks.not_written)
        self._lanes: dict[str, OutLane] = {}
        self._by_index: list[OutLane] = []
        self._turns: list[LaneTurn] = []
        #: Asks have overlapped since the link was last idle.
        self._crowd = False
        self._origins = {channel.name: index for index, channel in enumerate(own.channels, 1)}
        #: Tells the peer of a reactor here; set by the connection.
        self.announce: Callable[[str], object] = _nobody_to_tell
        #: How many asks have come from the peer; set by the connection.
        self.asked_here: Callable[[], int] = _never_asked
        self._growth = Growth()
        #: Why nothing new is sent; None while the peer takes work.
        self.refusal: Callable[[str], SendError] | None = None
        #: Another connection takes, or will take, its place: nothing new is sent, and senders wait for that one.
        self._suspended = False
        #: Told when the peer has read all that was written, or nothing of it arrives any more; see `succession`.
        self._arrived: list[Callable[[], None]] = []
        self.offer(peer.offers, peer.record)
        for channel in peer.channels:
            self.open(len(self._by_index), channel)

    def offer(self, offers: tuple[str, ...], record: bytes) -> None:
        """The peer offers these capabilities from now on, and signs this record."""
        self.offers = offers
        self.record = record
        capabilities = [Capability.parse(offer) for offer in offers]
        self.roles = {capability.role: capability for capability in capabilities}

    # Lanes.

    def open(self, index: int, info: ChannelInfo) -> None:
        """The peer has a reactor (more). Raises ProtocolError where it does not follow its list."""
        if index != len(self._by_index):
            raise ProtocolError("unknown_channel", f"opened channel {index}, the next one is {len(self._by_index)}")
        if info.name in self._lanes:
            raise ProtocolError("bad_field", f"channel {info.name!r} is open already")
        lane = OutLane(index, info, self._codecs.get(info.name), self._ready)
        lane.alone = self._alone
        if lane.known and lane.codec is None:
            log.warning(
                "channel differs, nothing can be sent on it",
                node=self._bus.name,
                peer=self.peer_id,
                channel=info.name,
                peers_types=info.types,
            )
        self._by_index.append(lane)
        self._turns.append(LaneTurn(lane, info.priority))
        self._lanes[info.name] = lane

    def add_origin(self, name: str, index: int) -> None:
        """This node has a reactor more, at that place in what it announced."""
        self._origins[name] = index + 1

    def remove_origin(self, name: str) -> None:
        """A reactor of this node has stopped: who gets its name cannot be reached by its number."""
        self._origins.pop(name, None)

    def _origin_of(self, name: str) -> int:
        """The number of a reactor here, 0 for what the peer cannot reach.

        One that has not started sends too, and the peer has not heard of it yet: it does now, before the message.
        """
        if name not in self._origins:
            cell = self._bus.cell(name)
            channel = None if cell is None else cell.actor_class.__channel__
            if channel is not None and channel.name == name:
                self.announce(name)
        return self._origins.get(name, 0)

    def close(self, index: int, reason: str) -> None:
        """The peer's reactor is gone: it answers what was written, and nothing else is. Raises ProtocolError."""
        lane = self._lane(index)
        if self._lanes.get(lane.info.name) is not lane:
            return
        del self._lanes[lane.info.name]
        why = f"the peer's reactor {lane.info.name!r} has stopped"
        self._refuse_waiting(lane, NoSuchReactor, why)
        self._lose_queued(lane, NoSuchReactor, why)
        self._watches.ended(lane.info.name, reason)

    def has(self, reactor: str) -> bool:
        """The peer runs this reactor."""
        return reactor in self._lanes

    @property
    def unsolicited(self) -> int:
        """Answers and refusals that came for no open send: late, duplicate, or made up."""
        return self._open_asks.unsolicited

    @property
    def in_flight(self) -> int:
        """Asks that were written and await their answers."""
        return len(self._asks)

    def load(self, reactor: str) -> Load:
        """As `Link.load`: of this reactor alone, as asks to others of the same peer may take long for other reasons."""
        lane = self._lanes.get(reactor)
        if lane is None:
            return Load(0)
        latency, now, rtt = lane.latency, self._bus.loop.time(), self.rtt or 0.0
        return Load(lane.open_asks + lane.backlog, latency.seconds, latency.weight(now), max(rtt, latency.least(now)))

    @property
    def idle(self) -> bool:
        """Nothing is to be written, and nothing awaits an answer or its credit."""
        unconfirmed = any(lane.unconfirmed for lane in self._by_index)
        return not self.outbox and not self._asks and not unconfirmed and not self._holding

    @property
    def _holding(self) -> bool:
        """What was accepted is held back, behind what another connection carries."""
        return any(turn.held and turn.busy for turn in self._turns)

    def _alone(self) -> bool:
        """One lane at most has something to write, and nobody has asked for some frames; see `Growth`."""
        alone = not self._asks and self.outbox.single
        return self._growth.allows(self._open_asks.last_rid, self.asked_here(), alone=alone)

    def overlooked(self) -> str | None:
        """As `OutLane.overlooked`, of any lane."""
        found = (lane.overlooked() for lane in self._lanes.values())
        return next((text for text in found if text is not None), None)

    # Sending.

    def tell(
        self,
        reactor: str,
        message: object,
        sender: Address[object] | None,
        timeout: float | None,
        memo: dict[object, object] | None = None,
    ) -> Outcome[None]:
        """As `Link.tell`: against credit, or wait for it. Whatever becomes of the message, it is encoded once."""
        lane = self._lanes.get(reactor)
        codec = None if lane is None or memo is not None or self.refusal is not None else lane.codec
        payload: bytes | None = None
        number = 0
        if codec is not None:
            # As `_encoded` where all is well, without its call: a tenth of a tell.
            number = codec.numbers.get(message.__class__, 0)
            try:
                if number and codec.checks[number](message):
                    payload = codec.encode_fields(message)
            except Exception:  # noqa: BLE001  # `_encoded` says what is wrong with it
                payload = None
        if lane is None or payload is None or len(payload) > lane.largest:
            try:
                lane, number, payload = self._encoded(reactor, message, None, memo)
            except SendError as error:
                return self._fail(reactor, sender, message, error)
        origin = 0 if sender is None else self._origins.get(sender.reactor) or self._origin_of(sender.reactor)
        outcome = None if self._suspended else lane.accept(number, origin, payload, message, sender)
        if outcome is not None:
            turn = self._turns[lane.index]
            if not turn.queued:  # else it has been scheduled when the lane was woken, or waits for the stream
                self.outbox.wake(turn)
                self._writer.schedule()
            return outcome
        deadline = self._bus.deadline(reactor, timeout)
        outgoing = Outgoing(message, sender, None, deadline, None, len(payload), None, number, origin, payload)
        return self._waiting(lane, outgoing, deadline)

    def pour(
        self,
        reactor: str,
        supply: Supply,
        sender: Address[object] | None,
        within: Within,
        memo: dict[object, object] | None = None,
    ) -> Outcome[None] | None:
        """As `Link.pour`: each message is encoded when there is credit for it, or it is the one that waits."""
        lane = self._lanes.get(reactor)
        while True:
            codec = None if lane is None or self.refusal is not None or self._suspended else lane.codec
            credit = 0 if lane is None or codec is None else lane.window.messages
            place = supply.place
            messages = supply.take(min(credit, CHUNK) or 1)
            if not messages:
                return None
            count = origin = 0
            encoded: Payload | None = None
            if credit and lane is not None and codec is not None:
                origin = 0 if sender is None else self._origins.get(sender.reactor) or self._origin_of(sender.reactor)
                known = None if memo is None else cast("dict[int, Payload]", memo.setdefault(codec, {}))
                count, encoded, full = accept_many(lane, codec, messages, origin, sender, known, place)
                if count:
                    supply.accepted += count
                    supply.gives_way = supply.gives_way or full
                    turn = self._turns[lane.index]
                    if not turn.queued:  # as in `tell`
                        self.outbox.wake(turn)
                        self._writer.schedule()
                if count == len(messages):
                    continue
                supply.put_back(len(messages) - count - 1)
            if lane is not None and encoded is not None:
                number, payload = encoded
                message, until = messages[count], within.until
                outgoing = Outgoing(message, sender, None, until, None, len(payload), None, number, origin, payload)
                return self._waiting(lane, outgoing, until)
            outcome = self.tell(reactor, messages[count], sender, within.left())
            if not isinstance(outcome, Delivered):
                return outcome
            supply.accepted += 1

    def refuse_send(
        self, reactor: str, message: object, sender: Address[object] | None, error: SendError, *, letter: bool
    ) -> None:
        """As `Link.refuse_send`."""
        if letter:
            self._fail(reactor, sender, message, error)
        else:
            self._count(reactor, error)

    def ask(
        self,
        reactor: str,
        message: object,
        *,
        sender: Address[object] | None,
        deadline: float,
        reply: TypeForm[R] | None,
        memo: dict[object, object] | None = None,
    ) -> Outcome[R]:
        """As `tell`, with a future for the answer."""
        bus = self._bus
        future: RemoteAsk[R] = RemoteAsk(loop=bus.loop)
        future.message = message
        future.reply_type = reply
        future.abandon = self._abandon
        future.slot = None
        future.rid = 0
        future.lane = None
        try:
            lane, number, payload = self._encoded(reactor, message, reply, memo)
        except SendError as error:
            self._fail(reactor, sender, message, error)
            return future.refused(error)
        origin = 0 if sender is None else self._origins.get(sender.reactor) or self._origin_of(sender.reactor)
        outgoing = Outgoing(message, sender, future, deadline, None, len(payload), None, number, origin, payload)
        future.lane = lane
        slot = future.slot = bus.wheel.add(future, deadline)  # first: a deadline that is no number sends nothing
        if not self._suspended:
            # Alone is an ask that begins while nothing is under way, if the last one that did so stayed alone. Those
            # who ask many at once do so again when all are answered: then the first does not go ahead of the rest.
            alone = False
            if self._asks or self.outbox:
                self._crowd = True
            else:
                alone, self._crowd = not self._crowd, False
                if alone and self._writer.clear and self._write_alone(lane, outgoing, future, deadline):
                    return future
            waiting = lane.offer_ask(outgoing)
            if waiting:
                turn = self._turns[lane.index]
                woken = not turn.queued
                if woken:  # else it has been scheduled when the lane was woken, or waits for the stream
                    self.outbox.wake(turn)
                # At once what has nothing that it could share a frame with, and what is enough to be begun with.
                if alone or asks_leave(waiting, len(self._asks)):
                    self._writer.write()
                elif woken:
                    self._writer.schedule()
                return future
        slot.pop(future, None)  # it waits for credit first
        future.slot = None
        return AskWaiting(self._waiting(lane, outgoing, deadline), future, partial(future.arm, bus.wheel, deadline))

    def _write_alone(self, lane: OutLane, outgoing: Outgoing, ask: RemoteAsk[Any], deadline: float) -> bool:
        """Write an ask past the outbox, which has nothing in it. False: nothing was done.

        It takes no queue and no turn: 3 µs less, of 54 from the ask to its answer.
        """
        now = self._bus.loop.time()
        if self._turns[lane.index].held or deadline <= now or len(outgoing.payload) > ROOM:
            return False
        if not lane.take_alone(outgoing):
            return False
        ask.written = now
        ask.rid = rid = self._open_asks.number(outgoing)
        item = (rid, budget_of(deadline - now), outgoing.number, outgoing.origin, outgoing.payload)
        self._writer.write_frame(self._encode(Ask(lane.index, [item])))
        return True

    def _waiting(self, lane: OutLane, outgoing: Outgoing, deadline: float) -> Waiting:
        bus = self._bus
        return Waiting(lane, outgoing, deadline, bus.wheel, bus.loop, partial(self._undelivered, lane), self)

    def _encoded(
        self, reactor: str, message: object, reply: TypeForm[Any] | None, memo: dict[object, object] | None
    ) -> tuple[OutLane, int, bytes]:
        """The lane to a reactor, the number and the bytes of a message to it. Raises SendError, and says why.

        `reply`: what an ask says of its answer.
        """
        if self.refusal is not None:
            raise self.refusal(f"{self.peer_id} takes no new work")
        lane = self._lanes.get(reactor)
        if lane is None:
            self._made_codec(reactor, message)  # why it cannot travel says more
            raise NoSuchReactor(f"peer {self.peer_id} runs no reactor {reactor!r}")
        codec = lane.codec
        if codec is None:
            if lane.known:
                raise SchemaMismatch(
                    f"peer {self.peer_id} declares other messages on channel {reactor!r} "
                    f"({', '.join(lane.info.types)}) than this node"
                )
            codec = self._made_codec(reactor, message)
            if codec is None:
                raise NoRoute(
                    f"this node does not know the channel {reactor!r}: run its reactor, or give the node "
                    "channels=[…], so that it knows the messages"
                )
            if codec.schema != lane.info.schema:
                lane.known = True
                raise SchemaMismatch(f"peer {self.peer_id} declares other messages on channel {reactor!r}")
            lane.codec, lane.known = codec, True
        if reply is not None:
            codec.check_reply(reply, message)
        if memo is not None:
            return lane, *self._encoded_once(lane, codec, message, memo)
        # As `encode` where all is well, without its call.
        number, data = codec.numbers.get(message.__class__, 0), b""
        try:
            if number and codec.checks[number](message):
                data = codec.encode_fields(message)
            else:
                number = 0
        except Exception:  # noqa: BLE001  # `encode` says what is wrong with it
            number = 0
        if not number:
            return lane, *codec.encode(message, lane.largest)
        if len(data) > lane.largest:
            raise codec.too_large(message, len(data), lane.largest)
        return lane, number, data

    def _made_codec(self, reactor: str, message: object) -> ChannelCodec | None:
        try:
            return self._codecs.make(reactor)
        except (TypeError, Unresolved) as error:
            raise MessageTypeError(str(error), message=message) from error

    def _encoded_once(
        self, lane: OutLane, codec: ChannelCodec, message: object, memo: dict[object, object]
    ) -> tuple[int, bytes]:
        limit = lane.info.max_message
        known = memo.get(codec)
        if known is None:
            memo[codec] = known = codec.encode(message, MESSAGE_LIMIT)
        number, data = cast("tuple[int, bytes]", known)
        if len(data) > limit:
            raise MessageTooLarge(
                f"{type(message).__name__} takes {len(data)} bytes, the channel {lane.info.name!r} of peer "
                f"{self.peer_id} carries {limit}"
            )
        return number, data

    def _fail(self, reactor: str, sender: Address[object] | None, message: object, error: SendError) -> FailedOutcome:
        error.message = message
        error.never_sent = True
        error.__traceback__ = None  # it would keep the outcome, and the sender's frames
        self._count(reactor, error)
        self._bus.dead_letter(message, error.reason, to=self._where_is(reactor), sender=sender, error=error)
        return FailedOutcome(error)

    def _count(self, reactor: str, error: SendError) -> None:
        """A send to that reactor failed."""
        lane = self._lanes.get(reactor)
        if lane is not None:
            lane.refuse(error)
        else:
            self._bus.books.tally(Side.ASTRAY, reactor).refused(error.reason)

    def _undelivered(self, lane: OutLane, envelope: object, error: SendError) -> None:
        assert isinstance(envelope, Outgoing)
        self._bus.dead_letter(
            envelope.message, error.reason, to=self._where_is(lane.info.name), sender=envelope.sender, error=error
        )

    def _abandon(self, ask: AskFuture[Any]) -> str:
        # A method of the link, as whoever holds an ask knows by it whom the ask waits for; see `AskFuture.holder`.
        return self._open_asks.abandon(ask)

    def unheard(self, ask: AskFuture[Any], error: BaseException) -> None:
        """An ask failed, and nobody looked at its outcome: let dead letters know."""
        letter = error if isinstance(error, SendError) else None
        if letter is not None and letter.in_dead_letters:
            return
        lane = ask.lane if isinstance(ask, RemoteAsk) else None
        where: object = self._where if lane is None else self._where_is(lane.info.name)
        self._bus.dead_letter(ask.message, "unheard", to=where, sender=None, error=letter)

    def _ready(self, lane: OutLane) -> None:
        self.outbox.wake(self._turns[lane.index])
        self._writer.schedule()

    def _where_is(self, reactor: str) -> Address[object]:
        return Address(self._where, reactor)

    # Deadlocks; see `peerbus.actors.sends.deadlock`.

    def follow(self, wait: Wait, search: Search) -> None:
        """A handler here waits for the peer: have the peer look whom its reactor waits for."""
        rid, lane = 0, None
        if isinstance(wait, RemoteAsk):
            rid, lane = wait.rid, wait.lane if wait.rid else None  # what is not written yet waits for this node alone
        elif isinstance(wait, Waiting) and isinstance(wait.room, OutLane):
            lane = wait.room
        if lane is not None and self.refusal is None:
            self.outbox.control(ProbeFrame(rid, lane.index, search.probe(), search.path(self._own_id)))
            self._writer.schedule()

    # Watching.

    def watch(self, reactor: str, watcher: Address[object] | None) -> None:
        """Tell `watcher` when the peer's reactor stops or the connection ends."""
        self._watches.watch(reactor, watcher, there=self.has(reactor))

    def unwatch(self, reactor: str, watcher: Address[object] | None) -> None:
        """Forget the watch."""
        self._watches.unwatch(reactor, watcher)

    # What the peer says.

    def replied(self, frame: Reply) -> None:
        """Answers. Raises ProtocolError for a channel that is not there."""
        self._open_asks.replied(self._lane(frame.channel), frame)

    def failed(self, frame: Error) -> None:
        """A message failed at the peer. Raises ProtocolError for a channel that is not there."""
        lane = self._lane(frame.channel)
        error = error_of(frame, f"{self._where_is(lane.info.name)}: {printable(frame.text)}")
        if frame.rid:
            self._open_asks.failed(lane, frame.rid, error)
            return
        refused = error if isinstance(error, SendError) else SendError(str(error))
        if lane.refused_by_peer(frame.sequence, refused):
            where = self._where_is(lane.info.name)
            self._bus.dead_letter(refused.message, refused.reason, to=where, sender=None, error=refused)
        else:
            self._open_asks.unsolicited += 1

    def credited(self, frame: Credit) -> None:
        """Credit came back. Raises ProtocolError beyond the window."""
        for index, messages, size in frame.grants:
            self._lane(index).granted(messages, size)

    def limit_of_reply_lane(self, number: int) -> int:
        """The largest body on a lane of answers. Raises ProtocolError for one that is not there."""
        if number // 2 >= len(self._by_index):
            raise ProtocolError("unknown_lane", f"lane {number}")
        return body_limit(self._by_index[number // 2].info.max_message)

    def _lane(self, index: int) -> OutLane:
        if index >= len(self._by_index):
            raise ProtocolError("unknown_channel", f"channel {index} of {len(self._by_index)}")
        return self._by_index[index]

    # Succession: another connection to the same peer takes the place of this one.

    def suspend(self) -> None:
        """Send nothing new: it waits for the link that takes the place of this one, or fails with it."""
        self._suspended = True
        for lane in self._by_index:
            lane.suspended = True

    def take_over(self, before: Link) -> None:
        """As `Link.take_over`. What is sent here is written when the peer has read what was accepted there.

        So each sender's messages to one reactor stay in their order. Not for a peer that has restarted, nor on
        channels where nothing is on its way.
        """
        if not isinstance(before, PeerLink):
            return
        before.suspend()
        if before._incarnation == self._incarnation:
            turns = [
                self._turns[lane.index]
                for lane in self._lanes.values()
                if (old := before._lanes.get(lane.info.name)) is not None and not old.clear
            ]
            if turns:
                for turn in turns:
                    turn.held = True
                before._arrived.append(partial(self._release, turns))
                before._writer.schedule()
        before._watches.hand_over(self._watches, self._lanes)
        for old in before._lanes.values():
            lane = self._lanes.get(old.info.name)
            if lane is not None and lane.codec is old.codec and lane.info.max_message == old.info.max_message:
                old.successor = partial(self._adopt, lane)
                for waiter in old.leave():
                    self._adopt(lane, waiter)

    def _adopt(self, lane: OutLane, waiter: Waiter) -> None:
        """A sender that waited for credit elsewhere."""
        outgoing = waiter.envelope
        assert isinstance(waiter, Waiting)
        assert isinstance(outgoing, Outgoing)
        outgoing.origin = 0 if outgoing.sender is None else self._origin_of(outgoing.sender.reactor)
        ask = outgoing.reply
        if isinstance(ask, RemoteAsk):
            ask.move(lane, self._abandon)
        waiter.move(lane, self)
        lane.wait(waiter)

    def _release(self, turns: list[LaneTurn]) -> None:
        for turn in turns:
            turn.held = False
            if turn.busy:
                self.outbox.wake(turn)
        self._writer.schedule()

    @property
    def awaits_arrival(self) -> bool:
        """A successor holds messages back until the peer has read all of this link's, and all of it was accepted."""
        return bool(self._arrived) and not self._holding

    def arrived(self) -> None:
        """The peer has read all that was written here, or will read nothing of it any more."""
        told, self._arrived = self._arrived, []
        for tell in told:
            tell()

    # The end.

    def stop(self, why: str, *, shutting_down: bool) -> None:
        """Nothing new is sent; what waits for credit fails, what was accepted still goes."""
        self.refusal = ShuttingDown if shutting_down else PeerGone
        for lane in self._by_index:
            self._refuse_waiting(lane, self.refusal, why)

    def turned_away(self, why: str) -> None:
        """The peer shuts down, and refuses all that comes now: what is not written fails as well."""
        self.stop(why, shutting_down=True)
        for lane in self._by_index:
            self._lose_queued(lane, ShuttingDown, why)

    def lost(self, why: str) -> None:
        """The connection has ended: tell every sender."""
        self.refusal = PeerGone
        text = f"the connection to peer {self.peer_id} ended: {why}"
        for lane in self._by_index:
            self._refuse_waiting(lane, PeerGone, text)
            for outgoing in lane.drop_unconfirmed():
                if outgoing.reply is not None and outgoing.reply.done():
                    lane.delivered += 1  # it was answered
                else:
                    self._lose(lane, outgoing, PeerGone(f"{text} (it may have arrived)"))
            self._lose_queued(lane, PeerGone, f"{text} (it was not sent)")
            lane.forget()
        self.outbox = self._open_asks.outbox = Outbox(_never_numbered, _never_looked_at)
        self.announce = _nobody_to_tell
        self.asked_here = _never_asked
        self.arrived()
        self._watches.all_ended(why)
        self._open_asks.lost(f"the connection to peer {self.peer_id} ended before the answer came: {why}")

    def _refuse_waiting(self, lane: OutLane, make: Callable[[str], SendError], why: str) -> None:
        for waiter in lane.refuse_waiting(lambda: make(why)):
            error = make(why)
            error.never_sent = True
            lane.lost(error)
            waiter.refused(error)

    def _lose_queued(self, lane: OutLane, make: Callable[[str], SendError], why: str) -> None:
        """What was not written never will be. Asks that nobody waits for any more have ended before that."""
        for outgoing in lane.drop_queued():
            if outgoing.reply is not None and outgoing.reply.done():
                self._open_asks.not_written(lane, outgoing, too_late(outgoing))
            else:
                self._lose(lane, outgoing, make(why), never_sent=True)

    def _lose(self, lane: OutLane, outgoing: Outgoing, error: SendError, *, never_sent: bool = False) -> None:
        """A message that was accepted goes down: its sender hears of it, or dead letters do."""
        error.message = outgoing.message
        error.never_sent = never_sent
        lane.lost(error)
        ask = outgoing.reply
        if isinstance(ask, RemoteAsk):
            self._open_asks.forget(ask)
            ask.fail(error)
        else:
            where = self._where_is(lane.info.name)
            self._bus.dead_letter(outgoing.message, error.reason, to=where, sender=outgoing.sender, error=error)

    def accounts(self) -> Iterator[tuple[Side, str, Account]]:
        """What became of all that was sent, also to reactors of the peer that have stopped."""
        for lane in self._by_index:
            if lane.sent:
                yield Side.REMOTE, lane.info.name, lane.statistics().account

    def settle(self) -> None:
        """The connection has ended: keep the accounts, and count there what is still tried on it."""
        self._bus.books.close(self)
        for lane in self._by_index:
            lane.tally = self._bus.books.tally(Side.REMOTE, lane.info.name)

    def statistics(self) -> dict[str, LaneStatistics]:
        """Credit and queues by reactor."""
        return {name: lane.statistics() for name, lane in self._lanes.items()}


def _nobody_to_tell(name: str) -> None:
    """There is no connection yet, or no more."""


def _never_asked() -> int:
    return 0


def _never_numbered(outgoing: Outgoing) -> int:
    raise RuntimeError(f"the connection has ended, and {outgoing!r} is not written")


def _never_looked_at(lane: OutLane, outgoing: Outgoing, error: SendError) -> None:
    """The connection has ended."""
