"""The bus's way to one peer, the sending half of its connection: what is sent by it, and when it leaves.

Its parts: `OutLanes` are the lanes to the peer's reactors, `OutgoingEncoder` says as which bytes a message travels, and
`AskSending` when an ask leaves; `OpenAsks` has what is open, `Losses` what fails, `Succession` what another link takes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ...actors.base import PeerGone, SendError, ShuttingDown
from ...actors.engine import Load
from ...actors.mailbox import NEVER, Side, Waiter
from ...actors.messages import LOCAL, Address, Capability, Peer
from ...actors.routing import Link, Purpose
from ...actors.sends import CHUNK, AskFuture, AskWaiting, Delivered, Outcome, Supply, Waiting, Within
from ...actors.streams import ItemSink
from ..admission import Credentials
from ..lanes import Growth, Outbox, Outgoing, OutLane, RemoteAsk, Writer, accept_many
from ..streams import Endpoint
from ..wire import STREAMS, ChannelInfo, Codecs, Credit, Error, Hello, Payload, Reply, ZeroCopyReply
from .ask_sending import AskSending
from .losses import Losses
from .open_asks import OpenAsks
from .origins import Origins
from .out_lanes import OutLanes
from .outgoing_encoder import OutgoingEncoder
from .probing import pass_on, place_of
from .remote_watches import RemoteWatches
from .sending_host import SendingHost, declares, notify
from .stream_asks import StreamAsks, stream_ask
from .succession import Succession

if TYPE_CHECKING:
    from typing_extensions import TypeForm

    from ...actors.sends import Search, Wait

__all__ = ["PeerLink"]

R = TypeVar("R")


class PeerLink:
    """Everything that this node sends to one peer's reactors: an `actors.Link`. On the loop's thread only."""

    def __init__(
        self, bus: SendingHost, own: Hello, peer: Hello, codecs: Codecs, writer: Writer, *, inside: bool = False
    ) -> None:
        self._bus, self._writer, self.inside = bus, writer, inside
        self._loop, self._wheel = bus.loop, bus.wheel  # at hand: on the way of every ask
        self.peer_id, self.called = peer.node_id, f"worker {peer.name}" if inside else f"peer {peer.node_id}"
        self._incarnation, self._own_id = peer.incarnation, bus.node_id if inside else own.node_id
        #: What the peer offers now by role, and the same as text; all that it says; whether a role of that counts.
        self.roles: Mapping[str, Capability] = {}
        self.offers: tuple[str, ...] = ()
        self.said: tuple[str, ...] = ()
        self.believes: Callable[[str], bool] = bool  # each, until the connection says
        #: The peer's signed record as it sent it last, unread; empty where it sent none.
        self.record = b""
        #: The other end of the stream, whether this node dialed it, and by what right the peer is here: it has new ones
        #: with a new certificate, see `PeerCertified`. Before there is a connection: None, False, None.
        self.remote: Endpoint | None = None
        self.dialed = False
        self.credentials: Credentials | None = None
        self.rtt: float | None = None  # the smoothed round trip in seconds; None before the first was measured
        where = LOCAL if inside else Peer(peer.node_id)
        self._watches = RemoteWatches(partial(notify, bus), where)
        self.open_asks = asks = OpenAsks(bus.loop, writer, bus.timings)
        self.outbox = asks.outbox = Outbox(asks.ids, asks.not_written)
        self.lanes = lanes = OutLanes(codecs, bus.name, peer.node_id, Side.LOCAL if inside else Side.REMOTE)
        self._lanes, self._turns = lanes.by_name, lanes.turns  # by reactor, by number: on the way of every send
        self.reactors: Collection[str] = lanes.by_name.keys()
        self.encoder = OutgoingEncoder(codecs, lanes.by_name, peer.node_id)
        self._losses = Losses(bus, lanes, asks, where)
        self.succession = Succession(lanes, self.outbox, writer)
        self._ask_sending = AskSending(bus.loop, asks, lanes.turns, self.outbox, writer)
        self.origins: Origins = Origins(own.channels, partial(declares, bus))  # the peer's numbers of reactors here
        self._origins = self.origins.numbers
        self.asked_here: Callable[[], int] = int  # how many asks have come from the peer; set by the connection
        self._growth = Growth()
        knows = self.knows_streams = STREAMS in peer.features
        self.streams = StreamAsks(asks, lanes, writer, bus.books, self._losses.address_of, understood=knows)
        self.refusal: Callable[[str], SendError] | None = None  # why nothing new is sent, if nothing is
        self._suspended = False  # another connection takes, or will take, its place: what is sent waits for that one
        self.offer(peer.offers, peer.record)
        for channel in peer.channels:
            self.open(len(lanes.by_index), channel)

    def offer(self, offers: tuple[str, ...], record: bytes) -> None:
        """The peer says that it offers these capabilities from now on, and signs this record."""
        self.said, self.record = offers, record
        self.roles = {each.role: each for each in map(Capability.parse, offers) if self.believes(each.role)}
        self.offers = tuple(offer for offer in offers if offer.partition("{")[0] in self.roles)

    def let(self, refused: Iterable[tuple[int, int]]) -> bool:
        """The peer refuses this, and nothing else. False: as before. Raises ProtocolError for a channel not there."""
        return self._losses.let(refused, self.called)

    def open(self, index: int, info: ChannelInfo) -> None:
        """The peer has a reactor (more). Raises ProtocolError where it does not follow its list."""
        self.lanes.open(index, info, self._ready, self._alone, self._bus.loop.time, self.encoder.encode_late)

    def close(self, index: int, reason: str) -> bool:
        """The peer's reactor is gone: only what was written is answered. False: it was gone. Raises ProtocolError."""
        lane = self.lanes.close(index)
        if lane is not None:
            self._losses.stopped(lane)
            self.outbox.order.look()
            self._watches.ended(lane.info.name, reason)
        return lane is not None

    def has(self, reactor: str) -> bool:
        """The peer runs this reactor."""
        return reactor in self._lanes

    def takes(self, reactor: str, kind: type, purpose: Purpose) -> int:
        """As `Link.takes`. It is asked of each candidate of every send to a role."""
        lane = self._lanes.get(reactor) if self.refusal is None else None
        codec = None if lane is None else lane.codec or self.encoder.agreed(lane, reactor)
        return lane.limits if lane and codec and kind in lane.rights.kinds[purpose] else 0

    def why_not(self, reactor: str, kind: type) -> str:
        """As `Link.why_not`."""
        return self.lanes.why_not(reactor, kind.__name__)

    def lets(self, reactor: str, purpose: Purpose) -> bool:
        """As `Link.lets`."""
        lane = self._lanes.get(reactor)
        return lane is None or not lane.rights.forbids(ask=purpose is not Purpose.TELL)

    def awaits(self, reactor: str) -> bool:
        """As `Link.awaits`."""
        return self.lanes.awaits(reactor)

    def fits(self, reactor: str, message: object, memo: dict[object, object]) -> bool:
        """As `Link.fits`."""
        return self.encoder.fits(reactor, message, memo)

    def load(self, reactor: str) -> Load:
        """As `Link.load`."""
        return self.lanes.load(reactor, self._bus.loop.time(), self.rtt or 0.0)

    @property
    def idle(self) -> bool:
        """Nothing is to be written, and nothing awaits an answer or its credit."""
        return not (self.outbox or self.open_asks.by_rid or self.lanes.unconfirmed or self.lanes.holding)

    def _alone(self) -> bool:
        """One lane at most has something to write, and nobody has asked for some frames; see `Growth`."""
        alone = not self.open_asks.by_rid and self.outbox.single
        return self._growth.allows(self.open_asks.last_rid, self.asked_here(), alone=alone)

    def _ready(self, lane: OutLane) -> None:
        self.outbox.wake(self._turns[lane.index])
        self._writer.schedule()

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
        number, suspended = 0, self._suspended
        if codec is not None:
            # As `encoded` where all is well, without its call: a tenth of a tell.
            number = lane.tellable.get(message.__class__, 0)  # type: ignore[union-attr]  # a codec is that of a lane
            try:
                if number and codec.checks[number](message):
                    payload = codec.encode_fields(message)
            except Exception:  # noqa: BLE001  # `encoded` says what is wrong with it
                payload = None
        if lane is None or payload is None or len(payload) > lane.unseen:
            try:
                if self.refusal is not None:
                    raise self.refusal(f"{self.called} takes no new work")
                if lane is None or codec is None or payload is None:
                    lane, number, payload = self.encoder.encoded(reactor, message, None, memo, True)  # as there
                else:
                    codec.check_sent(message, payload, lane.largest, lane.info.max_elements)
            except SendError as error:
                return self._losses.fail(reactor, sender, message, error)
            suspended = suspended or not number
        origin = 0 if sender is None else self._origins.get(sender.reactor) or self.origins.number_of(sender.reactor)
        outcome = None if suspended else lane.accept(number, origin, payload, message, sender)
        if outcome is not None:
            turn = self._turns[lane.index]
            if not turn.queued:  # else it has been scheduled when the lane was woken, or waits for the stream
                self.outbox.wake(turn)
                self._writer.schedule()
            return outcome
        deadline = self._bus.deadline(reactor, timeout)
        outgoing = Outgoing(message, sender, None, deadline, None, len(payload), None, NEVER, number, origin, payload)
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
        while True:
            lane = self._lanes.get(reactor)
            codec = None if lane is None or self.refusal is not None or self._suspended else lane.codec
            credit = 0 if lane is None or codec is None else lane.window.messages
            place = supply.place
            messages = supply.take(min(credit, CHUNK) or 1)
            if not messages:
                return None
            count = 0
            origin = self.origins.of(sender)
            encoded: Payload | None = None
            if credit and lane is not None and codec is not None:
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
                message, until, size = messages[count], within.until, len(payload)
                outgoing = Outgoing(message, sender, None, until, None, size, None, NEVER, number, origin, payload)
                return self._waiting(lane, outgoing, until)
            outcome = self.tell(reactor, messages[count], sender, within.left())
            if not isinstance(outcome, Delivered):
                return outcome
            supply.accepted += 1

    def refuse_send(
        self, reactor: str, message: object, sender: Address[object] | None, error: SendError, *, letter: bool
    ) -> None:
        """As `Link.refuse_send`."""
        self._losses.refuse(reactor, sender, message, error, letter=letter)

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
        try:
            if self.refusal is not None:
                raise self.refusal(f"{self.called} takes no new work")
            lane, number, payload = self.encoder.encoded(reactor, message, reply, memo)
        except SendError as error:
            self._losses.fail(reactor, sender, message, error)
            return RemoteAsk.unsent(self._loop, message, reply, self._abandon).refused(error)
        # Each of these is set once: that is half a hundredth of an ask in the compiled build.
        future: RemoteAsk[R] = RemoteAsk(loop=self._loop)
        future.message, future.reply_type, future.abandon = message, reply, self._abandon
        future.lane, future.rid = lane, 0
        origin = 0 if sender is None else self._origins.get(sender.reactor) or self.origins.number_of(sender.reactor)
        outgoing = Outgoing(message, sender, future, deadline, None, len(payload), None, NEVER, number, origin, payload)
        slot = future.slot = self._wheel.add(future, deadline)  # first: a deadline that is no number sends nothing
        if number and not self._suspended and self._ask_sending.send(lane, outgoing, future, deadline):
            return future
        slot.pop(future, None)  # it waits for credit first
        future.slot = None
        return AskWaiting(self._waiting(lane, outgoing, deadline), future, partial(future.arm, self._wheel, deadline))

    @property
    def stream(self) -> Callable[..., tuple[AskFuture[Any], Outcome[Any], ItemSink]]:
        """See `Link`."""
        return partial(stream_ask, self)

    def _waiting(self, lane: OutLane, outgoing: Outgoing, deadline: float) -> Waiting:
        undelivered = partial(self._losses.undelivered, lane)
        return Waiting(lane, outgoing, deadline, self._wheel, self._loop, undelivered, self)

    def _abandon(self, ask: AskFuture[Any]) -> str:
        return self.open_asks.abandon(ask)  # a method of the link: its holder is whom the ask waits for

    def unheard(self, ask: AskFuture[Any], error: BaseException) -> None:
        """An ask failed, and nobody looked at its outcome: let dead letters know."""
        self._losses.unheard(ask, error)

    def follow(self, wait: object, search: Search) -> None:
        """A handler here waits for the peer: have it look whom its reactor waits for."""
        if self.refusal is None and pass_on(wait, search, self.outbox, self._own_id, inside=self.inside):
            self._writer.schedule()

    def place_of(self, wait: Wait) -> str:
        """The address, as text, of the peer's reactor that this send waits for."""
        return place_of(wait, self._own_id if self.inside else self.peer_id)

    def watch(self, reactor: str, watcher: Address[object] | None) -> None:
        """Tell `watcher` when the peer's reactor stops or the connection ends."""
        self._watches.watch(reactor, watcher, there=self.has(reactor))

    def unwatch(self, reactor: str, watcher: Address[object] | None) -> None:
        """Forget the watch."""
        self._watches.unwatch(reactor, watcher)

    # What the peer says.

    def replied(self, frame: Reply | ZeroCopyReply) -> None:
        """Answers. Raises ProtocolError for a channel that is not there."""
        self.open_asks.replied(self.lanes.at(frame.channel), frame)

    def failed(self, frame: Error) -> None:
        """A message failed at the peer. Raises ProtocolError for a channel that is not there."""
        lane = self.lanes.at(frame.channel)
        if frame.rid:
            self.open_asks.failed(lane, frame.rid, self._losses.said_of(lane, frame))
        elif not self._losses.refused_by_peer(lane, frame, self._bus.loop.time()):
            self.open_asks.unsolicited += 1

    def credited(self, frame: Credit) -> None:
        """Credit came back. Raises ProtocolError beyond the window."""
        for index, messages, size in frame.grants:
            self.lanes.at(index).granted(messages, size)

    def suspend(self) -> None:
        """Send nothing new: it waits for the link that takes the place of this one, or fails with it."""
        self._suspended = True
        self.succession.suspend()

    def take_over(self, before: Link) -> None:
        """As `Link.take_over`; see `succession`."""
        if not isinstance(before, PeerLink):
            return
        before.suspend()
        if before._incarnation == self._incarnation:
            self.succession.hold_behind(before.succession)
        before._watches.hand_over(self._watches, self._lanes)
        self.succession.adopt_waiting(before.succession, self._adopt)

    def _adopt(self, lane: OutLane, waiter: Waiter) -> None:
        """A sender that waited for credit elsewhere."""
        outgoing = waiter.envelope
        assert isinstance(waiter, Waiting)
        assert isinstance(outgoing, Outgoing)
        outgoing.origin = 0 if outgoing.sender is None else self.origins.number_of(outgoing.sender.reactor)
        ask = outgoing.reply
        if lane.rights.forbids(ask=ask is not None):
            self._losses.turn_away(lane, waiter, self.called)
            return
        room = self.streams.adopt(ask, lane, self._abandon) if isinstance(ask, RemoteAsk) else lane
        waiter.move(room, self)
        room.wait(waiter)

    # The end.

    def stop(self, why: str, *, shutting_down: bool) -> None:
        """Nothing new is sent; what waits for credit fails, what was accepted still goes."""
        self.refusal = ShuttingDown if shutting_down else PeerGone
        for lane in self.lanes.by_index:
            self._losses.refuse_waiting(lane, self.refusal, why)

    def turned_away(self, why: str) -> None:
        """The peer shuts down, and refuses all that comes now: what is not written fails as well."""
        self.stop(why, shutting_down=True)
        for lane in self.lanes.by_index:
            self._losses.lose_queued(lane, ShuttingDown, why)
        self.outbox.order.look()

    def lost(self, why: str) -> None:
        """The connection has ended: tell every sender."""
        self.refusal = PeerGone
        for lane in self.lanes.by_index:
            self._losses.lose_all(lane, f"the connection to {self.called} ended: {why}")
            lane.forget()
        self.outbox = ended = Outbox.of_the_end()
        self.open_asks.outbox = self._ask_sending.outbox = self.succession.outbox = ended
        self.origins.end()
        self.encoder.end()
        self.asked_here = int
        self.succession.arrived()
        self._watches.all_ended(why)
        self.open_asks.lost(f"the connection to {self.called} ended before the answer came: {why}")
