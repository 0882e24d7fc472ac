"""A connection to one peer, as an actor: it owns the stream, and is the bus's way to that peer.

Tasks: the reader (waits for: bytes; feeds: mailboxes, and the sending side's credit), and, only while the stream
takes no more, the drain (waits for: the stream; feeds: the writer). Writing is one callback per loop turn.
Messages to a peer's reactors do not queue in this actor's own mailbox: each reactor of the peer has a lane of its
own here, bounded by the credit that it granted. The mailbox takes what is said to the connection itself.
"""

# One file, long: one owner has the stream's whole life: a third of it is the messages that it takes and gives.

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, ClassVar

from ...actors.actor import Actor
from ...actors.closing import Ending
from ...actors.envelope import Envelope
from ...actors.errors import ProtocolError, StreamBroken, StreamClosed
from ...actors.events import ShutdownStarted
from ...actors.handlers import handles
from ...actors.log import get_logger
from ...actors.router import LinkChanged, LinkDown, LinkUp
from ...actors.supervision import Directive, Supervision
from ...actors.tasks import new_task
from ..lanes import FIRST_TOKEN, FrameWriter, LaneStatistics
from ..streams import Pushing
from ..wire import (
    FRAME_LIMIT,
    MAX_CHANNELS,
    WORD_LIMIT,
    Ask,
    Cancel,
    ChannelInfo,
    Close,
    Codecs,
    Credit,
    Error,
    Frame,
    FrameDecoder,
    FrameEncoder,
    GoAway,
    Open,
    Part,
    Ping,
    Pong,
    Probe,
    Reassembler,
    Reply,
    Tell,
    Update,
    ViewedAsk,
    ViewedPart,
    ViewedReply,
    ViewedTell,
    clip,
    printable,
)
from .greeting import Greeted
from .link import PeerLink
from .liveness import Heartbeat
from .parting import Farewell, milliseconds
from .receive_side import ReceiveSide

__all__ = [
    "CloseChannel",
    "ConnectionEnded",
    "ConnectionStatistics",
    "Disconnect",
    "OfferRoles",
    "OpenChannel",
    "PeerConnection",
]

log = get_logger("peerbus.transports")

#: Seconds between two PINGs.
HEARTBEAT_INTERVAL = 5.0
#: Why a connection ends whose place another one to the same peer has taken.
SUPERSEDED = "superseded"
#: Why it ends because its node does: until all is done here, this side sends and asks as before.
SHUTTING_DOWN = "shutting_down"
#: Token of the PING behind everything that such a connection sends: what its successor sends may follow the PONG.
LAST_WORD = FIRST_TOKEN - 1
#: Seconds until such a connection, whose peer does not answer that PING, is taken for broken.
OVERDUE = 2.0
#: Bytes of PONGs, errors and credit that wait to be written: above it the peer asks for more than it reads.
UNREAD_LIMIT = 8 << 20
#: Token of the PING behind such a node's GOAWAY: at its PONG the peer knows, and what it had written before is here.
GOODBYE = FIRST_TOKEN - 2
#: Seconds that this PONG is waited for.
HEARD_WITHIN = 1.0


@dataclass(frozen=True, slots=True)
class Disconnect:
    """To a connection: end in order, and tell the peer the reason. What is under way may finish in `drain` seconds."""

    reason: str
    text: str = ""
    drain: float = 0.0


@dataclass(frozen=True, slots=True)
class OpenChannel:
    """To a connection: a reactor has started here."""

    info: ChannelInfo


@dataclass(frozen=True, slots=True)
class CloseChannel:
    """To a connection: a reactor has stopped here."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class OfferRoles:
    """To a connection: this node offers these capabilities from now on, as text, and signs this record."""

    offers: tuple[str, ...]
    record: bytes = b""


@dataclass(frozen=True, slots=True)
class ConnectionEnded:
    """From a connection to who made it: it carries nothing any more. `reason` is a short word."""

    connection: PeerConnection
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class ConnectionStatistics:
    """A connection at one instant. Times are seconds, sizes bytes; `rtt` is None before the first PONG.

    `patience`: silence after which the peer is given up, by what was learnt of its rhythm so far.
    """

    peer_id: str
    name: str
    dialed: bool
    remote: str
    secure: bool
    rtt: float | None
    patience: float
    offers: tuple[str, ...]
    asks_in_flight: int
    serving: int
    bytes_received: int
    bytes_sent: int
    unsolicited: int
    lanes: dict[str, LaneStatistics]


class PeerConnection(Actor):
    """See the module. `announce` are facts for subscribers, published when the link is in the table.

    `listed`: False for one that another has replaced before it was open: it only takes what the peer sent on it.
    `order`: of two connections to one peer the one with the higher number is the newer.
    """

    ends_in: ClassVar[Ending | None] = Ending.LINKS
    #: It is made for one stream: what failed cannot be made anew.
    supervision: ClassVar[Supervision] = Supervision(directive=Directive.STOP)

    def __init__(
        self,
        greeted: Greeted,
        codecs: Codecs,
        on_ended: Callable[[ConnectionEnded], None],
        *,
        announce: tuple[object, ...] = (),
        listed: bool = True,
        order: int = 0,
        heartbeat: float = HEARTBEAT_INTERVAL,
    ) -> None:
        super().__init__()
        bus = self.bus
        self._loop = bus.loop
        self._context = bus.context.copy()
        self._greeted = greeted
        self._stream = greeted.stream
        self._on_ended = on_ended
        self._announce = announce
        self._listed = listed
        self._order = order
        self._writer = writer = FrameWriter(self._loop, self._context, greeted.stream, self._written)
        self.link: PeerLink = PeerLink(bus, greeted.own, greeted.peer, codecs, writer)
        self.link.remote, self.link.dialed = greeted.stream.remote, greeted.dialed
        self._outbox = writer.outbox = self.link.outbox
        self._receive = ReceiveSide(bus, greeted.own, greeted.peer, codecs, self._outbox, writer)
        self._codecs = codecs
        self.link.announce = self._tell_of
        self._decoder = FrameDecoder(FRAME_LIMIT)
        self._parts = Reassembler(self._limit_of_lane)
        self._heartbeat = Heartbeat(self._loop.time(), interval=heartbeat)
        self._timer: asyncio.TimerHandle | None = None
        self._goodbye: asyncio.TimerHandle | None = None
        self._overdue: asyncio.TimerHandle | None = None
        #: Runs while the PONG to GOODBYE is waited for.
        self._unheard: asyncio.TimerHandle | None = None
        #: This side's GOAWAY is out.
        self._said_goodbye = False
        #: Each side has said, once more than it has said GOAWAY, that nothing is under way for it.
        self._said_done = self._peer_done = False
        #: The PING behind all that was sent is on its way.
        self._said_last = False
        self._reader: asyncio.Task[None] | None = None
        self._ended = False
        #: Why this side ends it in order, once it does; and what the peer's GOAWAY said.
        self._command: Disconnect | None = None
        self._farewell: Farewell | None = None
        self._settling: asyncio.Future[None] | None = None
        self._bytes_received = 0
        #: Node id of the peer.
        self.peer_id: str = greeted.peer.node_id
        self._take: dict[type, Callable[[Any], None]] = {
            Tell: self._receive.told,
            Ask: self._receive.asked,
            Cancel: self._receive.cancelled,
            Reply: self.link.replied,
            Error: self.link.failed,
            Credit: self.link.credited,
            Ping: self._pinged,
            Pong: self._ponged,
            Open: self._opened,
            Close: self._closed,
            Update: self._updated,
            GoAway: self._told_to_go,
            Part: self._part,
            ViewedTell: self._receive.told,
            ViewedAsk: self._receive.asked,
            ViewedReply: self.link.replied,
            ViewedPart: self._part,
            Probe: self._receive.probed,
        }

    # Life.

    def on_start(self) -> None:
        """Enter the table, then read."""
        self.bus.books.open(self.link)
        self.bus.books.open(self._receive)
        if self._listed:
            self._router(LinkUp(self.link, self._announce, self._order))
        self._reader = new_task(
            self._read(), loop=self._loop, name=f"peerbus reader {self.peer_id[:8]}", context=self._context
        )
        # At once, so that the peer's distance is known when somebody chooses among peers.
        self._say(Ping(self._heartbeat.ping(self._loop.time())))
        self._arm()
        if self.bus.closing:
            self._say_goodbye(SHUTTING_DOWN, "", self.bus.time_to_end)

    async def on_stop(self) -> None:  # type: ignore[override]  # Pykka knows no async hooks
        """Tell the peer, send what is accepted, close."""
        try:
            if not self._ended:
                await self._part_with(self._command or Disconnect(SHUTTING_DOWN, drain=self.bus.time_to_end))
            tasks = self._cancel_tasks()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._stream.aclose()
        finally:  # also where the bus has no patience left
            self._cut("killed", "it did not end in time")

    def on_failure(
        self,
        exception_type: type[BaseException] | None,
        exception_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """A defect of this side: end the connection, the peer may come back."""
        self._cut("failed", repr(exception_value))

    def _cut(self, reason: str, text: str) -> None:
        """End without a word. Changes nothing where it has ended."""
        self._stream.abort()
        self._end(reason, text)
        self._cancel_tasks()

    def _cancel_tasks(self) -> list[asyncio.Task[None]]:
        if self._reader is not None:
            self._reader.cancel()
        return [task for task in (self._reader, self._writer.cancel()) if task is not None]

    @handles(ShutdownStarted)
    def _shutdown_started(self, event: ShutdownStarted) -> None:
        # The reactors here still have work at hand, and send and ask by this connection: it stays in the table.
        self._say_goodbye(SHUTTING_DOWN, "", event.within)

    @handles(Disconnect)
    def _disconnect(self, command: Disconnect) -> None:
        self._command = command
        self.stop()

    @handles(OpenChannel)
    def _open_channel(self, command: OpenChannel) -> None:
        if self._receive.has(command.info.name):
            return
        if self._receive.channels >= MAX_CHANNELS:
            log.warning(
                "no number is left for a new channel on this connection, the peer does not hear of it",
                bus=self.bus.name,
                peer=self.peer_id,
                channel=command.info.name,
            )
            return
        index = self._receive.add(command.info)
        self.link.add_origin(command.info.name, index)
        self._say(Open(index, command.info))

    def _tell_of(self, name: str) -> None:
        try:
            codec = self._codecs.get(name)
        except TypeError:  # its messages cannot travel: who looked at it first has said so
            return
        if codec is not None and not self._ended:
            self._open_channel(OpenChannel(codec.info))

    @handles(CloseChannel)
    def _close_channel(self, command: CloseChannel) -> None:
        self.link.remove_origin(command.name)
        index = self._receive.remove(command.name)
        if index is not None:
            self._say(Close(index, clip(command.reason, WORD_LIMIT)))

    @handles(OfferRoles)
    def _offer_roles(self, command: OfferRoles) -> None:
        self._say(Update(command.offers, command.record))

    def _say(self, frame: Frame) -> None:
        if not self._ended:
            self._outbox.control(frame)
            self._writer.schedule()

    async def _part_with(self, command: Disconnect) -> None:
        """Take no new work, finish what is under way, say GOAWAY."""
        self._writer.watched = True
        if command.reason == SUPERSEDED:
            self.link.suspend()  # it leaves the table when the other one enters it
        else:
            self._router(LinkDown(self.link, command.reason))
            self.link.stop(f"this node parts with {self.peer_id}: {command.reason}", shutting_down=self.bus.closing)
        if not self._said_goodbye or command.reason == SUPERSEDED:
            self._say_goodbye(command.reason, command.text, command.drain)
        self._look_settled()
        try:
            async with asyncio.timeout(command.drain):
                while not self._settled:
                    self._settling = self._loop.create_future()
                    await self._settling
        except TimeoutError:
            log.debug("not all was answered", peer=self.peer_id, reason=command.reason)
        self._end(command.reason, command.text)

    def _say_goodbye(self, reason: str, text: str, within: float) -> None:
        """Tell the peer that it is to send nothing new; what it has sent is confirmed from now on as soon as it can."""
        self._said_goodbye = True
        self._say(GoAway(clip(reason, WORD_LIMIT), clip(text), milliseconds(within)))
        if reason == SHUTTING_DOWN and not self._ended:
            self._say(Ping(GOODBYE))
            self._unheard = self._loop.call_later(HEARD_WITHIN, self._heard, context=self._context)
        self._receive.hasten()

    def _heard(self) -> None:
        """The peer knows that this node shuts down, or is too slow to say so."""
        if self._unheard is not None:
            self._unheard.cancel()
            self._unheard = None
            self._look_settled()

    @property
    def _settled(self) -> bool:
        """Nothing is under way any more."""
        if self._ended:
            return True
        return self._done and self._unheard is None and (self._peer_done or self._parts_for != SUPERSEDED)

    @property
    def _done(self) -> bool:
        """This side has nothing to send, to answer, or to hear of any more."""
        under_way = self._receive.serving or self._receive.holding or self._parts.pending
        return not under_way and self.link.idle

    @property
    def _parts_for(self) -> str | None:
        """Why one of the sides ends it in order; None while none does."""
        ending = self._command or self._farewell
        return None if ending is None else ending.reason

    def _look_settled(self) -> None:
        if self._parts_for == SUPERSEDED and not self._said_done and not self._ended and self._done:
            self._said_done = True
            if self._command is None:
                self._say(GoAway(SUPERSEDED, ""))
            self._say(GoAway(SUPERSEDED, ""))  # the second one: the peer may close
        if self._settling is not None and not self._settling.done() and self._settled:
            self._settling.set_result(None)

    def _end(self, reason: str, text: str = "") -> None:
        """The connection carries nothing any more: everybody who waits for it learns why."""
        if self._ended:
            return
        self._ended = True
        self._writer.close()
        for timer in (self._timer, self._goodbye, self._overdue, self._unheard):
            if timer is not None:
                timer.cancel()
        self._router(LinkDown(self.link, reason))
        self.link.lost(f"{reason}: {text}" if text else reason)
        self.link.settle()
        self._receive.end()
        self._look_settled()
        log.info("connection ended", bus=self.bus.name, peer=self.peer_id, reason=reason, text=text)
        self._on_ended(ConnectionEnded(self, reason, text))
        if self.actor_ref.is_alive():
            self.stop()
        self._loop.call_soon(self._let_go, context=self._context)  # frames that came with the last one go on until then

    def _router(self, event: LinkUp | LinkChanged | LinkDown) -> None:
        self.bus.router._cell.mailbox.put_system(Envelope(event))

    def _let_go(self) -> None:
        """What has ended leaves nothing to the garbage collector: keep nothing that points back here."""
        self._take = {}
        self._parts = Reassembler(_no_lane)
        self._writer.outbox = self._outbox = self.link.outbox

    # Reading.

    async def _read(self) -> None:
        try:
            await asyncio.sleep(0)  # the router has this turn: whoever gets a message can answer it
            reason, text = "closed", "the peer closed the connection"
            try:
                self._received(self._greeted.leftover)
                if isinstance(self._stream, Pushing):
                    self._stream.push_to(self._taker())
                while not self._ended:
                    data = await self._stream.read()
                    if not data or self._ended:
                        break
                    self._received(data)
            except ProtocolError as error:
                self._broke_protocol(error)
                return
            except StreamBroken as error:
                reason, text = "broken", str(error)
            except StreamClosed:
                return
            except Exception as error:  # noqa: BLE001  # a defect of this side ends this connection, and nothing else
                self._broke_down(error)
                return
            if self._farewell is not None:
                reason, text = f"peer_{self._farewell.reason}", self._farewell.text
            elif self._command is not None:
                reason, text = self._command.reason, self._command.text
            self._end(reason, text)
        finally:
            del self  # the error of its cancel keeps this frame, see actors/outcome

    def _received(self, data: bytes) -> None:
        """Bytes came. Raises ProtocolError."""
        if not data:
            return
        self._bytes_received += len(data)
        self._heartbeat.received(self._loop.time())
        takers = self._take
        try:
            for frame in self._decoder.feed(data):
                take = takers.get(frame.__class__)
                if take is None:
                    raise ProtocolError("unexpected_frame", f"{type(frame).__name__} on an open connection")
                take(frame)
        finally:
            self._receive.run_woken()
        if self._outbox.control_bytes > UNREAD_LIMIT:
            raise ProtocolError("unread", f"{self._outbox.control_bytes} bytes of answers to its frames")
        if self._writer.watched:
            self._look_settled()

    def _taker(self) -> Callable[[bytes], None]:
        run = self.bus.context.copy().run
        return lambda data: run(self._pushed, data)

    def _pushed(self, data: bytes) -> None:
        """As the reader would, in the turn in which the bytes came: it saves turns: 9 of 63 µs of a round trip."""
        if self._ended:
            return
        try:
            self._received(data)
        except ProtocolError as error:
            self._broke_protocol(error)
        except BaseException as error:  # noqa: BLE001  # as for the reader
            self._broke_down(error)

    def _broke_protocol(self, error: ProtocolError) -> None:
        log.warning(
            "peer broke the protocol", bus=self.bus.name, peer=self.peer_id, reason=error.reason, text=error.text
        )
        self._accuse(error)
        self._end(error.reason, error.text)

    def _broke_down(self, error: BaseException) -> None:
        log.error("connection failed", bus=self.bus.name, peer=self.peer_id, exc_info=error)
        self._cut("failed", repr(error))

    def _accuse(self, error: ProtocolError) -> None:
        """Tell the peer what it did wrong: past the outbox, behind what the stream has taken already."""
        try:
            self._stream.write(FrameEncoder().encode(GoAway(clip(error.reason, WORD_LIMIT), clip(error.text))))
        except (StreamBroken, StreamClosed) as gone:
            log.debug("the peer is not there to hear it", peer=self.peer_id, error=str(gone))

    def _part(self, part: Part) -> None:
        frame = self._parts.add(part)
        if frame is not None:
            self._take[frame.__class__](frame)

    def _limit_of_lane(self, lane: int) -> int:
        return self.link.limit_of_reply_lane(lane) if lane % 2 else self._receive.limit_of_lane(lane)

    def _pinged(self, frame: Ping) -> None:
        self._outbox.control(Pong(frame.token))
        if frame.token < FIRST_TOKEN:
            self._receive.confirm()  # so that a sender is not in doubt for longer than a heartbeat
        self._writer.schedule()

    def _ponged(self, frame: Pong) -> None:
        if frame.token == LAST_WORD:
            self.link.arrived()
            return
        if frame.token == GOODBYE:
            self._heard()
            return
        now, pacer = self._loop.time(), self._outbox.pacer
        if frame.token >= FIRST_TOKEN and pacer.heard(frame.token, now):
            self._writer.schedule()
            return
        trip = self._heartbeat.pong(frame.token, now)
        if trip is not None:
            pacer.tripped(trip)
        self.link.rtt = self._heartbeat.rtt
        self._receive.rtt = self._heartbeat.rtt or 0.0

    def _opened(self, frame: Open) -> None:
        self.link.open(frame.index, frame.channel)
        self._receive.add_sender(frame.channel.name)
        self._router(LinkChanged(self.link))

    def _closed(self, frame: Close) -> None:
        self.link.close(frame.index, printable(frame.reason))
        self._router(LinkChanged(self.link))

    def _updated(self, frame: Update) -> None:
        self.link.offer(frame.offers, frame.record)
        self._router(LinkChanged(self.link))

    def _told_to_go(self, frame: GoAway) -> None:
        now, reason = self._loop.time(), printable(frame.reason)
        if self._farewell is None:
            # From now on whatever comes but heartbeats shows that the peer is not done.
            self._take = {
                kind: take if kind in (Ping, Pong, GoAway) else partial(self._stirred, take)
                for kind, take in self._take.items()
            }
        elif self._farewell.reason == reason or reason != SUPERSEDED:
            self._peer_done = True
            self._look_settled()
            return
        self._farewell = Farewell(reason, printable(frame.text), frame.within / 1000, now)
        self._writer.watched = True
        log.info("peer says goodbye", bus=self.bus.name, peer=self.peer_id, reason=reason, text=self._farewell.text)
        why = f"peer {self.peer_id} said goodbye: {reason}"
        if reason == SUPERSEDED:
            self.link.suspend()
        else:
            self._router(LinkDown(self.link, reason))
            if reason == SHUTTING_DOWN:
                self.link.turned_away(why)
            else:
                self.link.stop(why, shutting_down=False)
        self._receive.hasten()
        self._await_end()

    def _stirred(self, take: Callable[[Any], None], frame: object) -> None:
        if self._farewell is not None:
            self._farewell.came(self._loop.time())
        take(frame)

    def _await_end(self) -> None:
        """The peer said goodbye: close, if it has not by the time that it may take."""
        assert self._farewell is not None
        now = self._loop.time()
        over_at = self._farewell.look(now, asks_open=bool(self.link.in_flight or self._receive.serving))
        if now >= over_at:
            self._cut("goodbye", "the peer said goodbye and did not close")
            return
        if self._goodbye is not None:
            self._goodbye.cancel()
        self._goodbye = self._loop.call_at(over_at, self._await_end, context=self._context)

    # Writing; see frame_writer.

    def _written(self) -> None:
        self._receive.written()
        if self._writer.watched:
            self._look_settled()
        if self.link.awaits_arrival and not self._outbox and not self._said_last:
            self._said_last = True
            self._overdue = self._loop.call_later(OVERDUE, self._unread, context=self._context)
            self._outbox.control(Ping(LAST_WORD))
            self._writer.schedule()

    def _unread(self) -> None:
        if self.link.awaits_arrival:
            self._cut(SUPERSEDED, f"another connection took its place, and the peer has not read it in {OVERDUE} s")

    # Liveness.

    def _arm(self) -> None:
        self._timer = self._loop.call_at(self._heartbeat.next_check(), self._check, context=self._context)

    def _check(self) -> None:
        if self._ended:
            return
        now = self._loop.time()
        if self._heartbeat.suspect(now):
            self._cut("silent", "the peer answers no more")
            return
        if now >= self._heartbeat.next_ping_due():
            self._outbox.control(Ping(self._heartbeat.ping(now)))
            self._writer.schedule()
        self._arm()

    def statistics(self) -> ConnectionStatistics:
        """Counters and levels at this instant."""
        return ConnectionStatistics(
            peer_id=self.peer_id,
            name=self._greeted.peer.name,
            dialed=self._greeted.dialed,
            remote=str(self._stream.remote),
            secure=self._stream.secure,
            rtt=self.link.rtt,
            patience=self._heartbeat.detector.patience,
            offers=self.link.offers,
            asks_in_flight=self.link.in_flight,
            serving=self._receive.serving,
            bytes_received=self._bytes_received,
            bytes_sent=self._writer.bytes_sent,
            unsolicited=self.link.unsolicited + self._heartbeat.unsolicited,
            lanes=self.link.statistics(),
        )


def _no_lane(number: int) -> int:
    raise ProtocolError("unknown_lane", f"lane {number}: the connection has ended")
