"""A connection to one peer, as an actor: it owns the stream, and is the bus's way to that peer.

Its parts: `FrameReader` and `FrameWriter` have the stream, and the two tasks that wait for it; `PeerLink` is what this
node sends, `ReceiveSide` what the peer does; `Heartbeat` and `Parting` decide how it ends.
Messages to a peer's reactors do not queue in this actor's own mailbox: each reactor of the peer has a lane of its
own here, bounded by the credit that it granted. The mailbox takes what is said to the connection itself.
"""

# One file, long: one owner has the stream's whole life, and does what its parts decide.

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import ClassVar

from ...actors.actor import Actor
from ...actors.base import ProtocolError, StreamBroken, StreamClosed, get_logger
from ...actors.engine import Ending, handles
from ...actors.messages import Directive, ShutdownStarted, Supervision
from ...actors.router import LinkChanged, LinkDown, LinkUp
from ..lanes import FIRST_TOKEN, FrameWriter
from ..wire import (
    MAX_CHANNELS,
    WORD_LIMIT,
    Ask,
    Cancel,
    Close,
    Codecs,
    Credit,
    Error,
    Frame,
    FrameEncoder,
    GoAway,
    Open,
    Ping,
    Pong,
    Probe,
    Reply,
    Tell,
    Update,
    ViewedAsk,
    ViewedReply,
    ViewedTell,
    clip,
    printable,
)
from .commands import (
    SHUTTING_DOWN,
    CloseChannel,
    ConnectionEnded,
    ConnectionStatistics,
    Disconnect,
    OfferRoles,
    OpenChannel,
)
from .frame_reader import FrameReader
from .greeting import Greeted
from .link import PeerLink
from .liveness import Heartbeat
from .parting import GOODBYE, LAST_WORD, Act, Cut, Effect, Parting, Stage
from .receive_side import ReceiveSide

__all__ = ["HEARTBEAT_INTERVAL", "PeerConnection"]

log = get_logger("peerbus.transports")

#: Seconds between two PINGs.
HEARTBEAT_INTERVAL = 5.0
#: Bytes of PONGs, errors and credit that wait to be written: above it the peer asks for more than it reads.
UNREAD_LIMIT = 8 << 20
_ENDED = Stage.ENDED


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
        self._heartbeat = Heartbeat(self._loop.time(), interval=heartbeat)
        self._heartbeat_timer: asyncio.TimerHandle | None = None
        self._parting = Parting()
        self._parting_timer: asyncio.TimerHandle | None = None
        #: Done when nothing is under way any more; while `on_stop` waits for that.
        self._settling: asyncio.Future[None] | None = None
        #: Node id of the peer.
        self.peer_id: str = greeted.peer.node_id
        link, receive = self.link, self._receive
        self._reader = FrameReader(
            greeted.stream,
            self._loop,
            self._context,
            {
                Tell: receive.told,
                Ask: receive.asked,
                Cancel: receive.cancelled,
                Reply: link.replied,
                Error: link.failed,
                Credit: link.credited,
                Ping: self._pinged,
                Pong: self._ponged,
                Open: self._opened,
                Close: self._closed,
                Update: self._updated,
                GoAway: self._told_to_go,
                ViewedTell: receive.told,
                ViewedAsk: receive.asked,
                ViewedReply: link.replied,
                Probe: receive.probed,
            },
            limit_of_lane=self._limit_of_lane,
            came=self._heartbeat.received,
            woken=receive.run_woken,
            taken=self._taken,
            over=self._over,
        )

    # Life.

    def on_start(self) -> None:
        """Enter the table, then read."""
        self.bus.books.open(self.link)
        self.bus.books.open(self._receive)
        if self._listed:
            self._router(LinkUp(self.link, self._announce, self._order))
        self._reader.start(self._greeted.leftover, f"peerbus reader {self.peer_id[:8]}")
        # At once, so that the peer's distance is known when somebody chooses among peers.
        self._say(Ping(self._heartbeat.ping(self._loop.time())))
        self._arm()
        if self.bus.closing:
            self._perform(self._parting.shutdown(self.bus.time_to_end, self._loop.time()))

    async def on_stop(self) -> None:  # type: ignore[override]  # Pykka knows no async hooks
        """Tell the peer, send what is accepted, close."""
        try:
            if self._parting.stage is not _ENDED:
                await self._part()
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
        return [task for task in (self._reader.cancel(), self._writer.cancel()) if task is not None]

    @handles(ShutdownStarted)
    def _shutdown_started(self, event: ShutdownStarted) -> None:
        # The reactors here still have work at hand, and send and ask by this connection: it stays in the table.
        self._perform(self._parting.shutdown(event.within, self._loop.time()))

    @handles(Disconnect)
    def _disconnect(self, command: Disconnect) -> None:
        self._parting.command = command
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
        if codec is not None and self._parting.stage is not _ENDED:
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
        if self._parting.stage is not _ENDED:
            self._outbox.control(frame)
            self._writer.schedule()

    # The end; see parting.

    async def _part(self) -> None:
        """Take no new work, finish what is under way, say GOAWAY."""
        parting = self._parting
        command = parting.command or Disconnect(SHUTTING_DOWN, drain=self.bus.time_to_end)
        self._writer.watched = True
        self._perform(parting.part(command, self._loop.time()))
        self._look()
        try:
            async with asyncio.timeout(command.drain):
                while not parting.settled(at_rest=self._at_rest):
                    self._settling = self._loop.create_future()
                    await self._settling
        except TimeoutError:
            log.debug("not all was answered", peer=self.peer_id, reason=command.reason)
        self._end(command.reason, command.text)

    @property
    def _at_rest(self) -> bool:
        """This side has nothing to send, to answer, or to hear of any more."""
        return not (self._receive.serving or self._receive.holding or self._reader.pending) and self.link.idle

    @property
    def _asks_open(self) -> bool:
        return bool(self.link.in_flight or self._receive.serving)

    def _look(self) -> None:
        """Something may have come to its end."""
        if self._parting.cares:
            self._perform(self._parting.look(at_rest=self._at_rest))

    def _perform(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case Act.SUSPEND:
                    self.link.suspend()  # it leaves the table when the other one enters it
                case Act.LEAVE:
                    command = self._parting.command
                    reason = SHUTTING_DOWN if command is None else command.reason
                    self._router(LinkDown(self.link, reason))
                    self.link.stop(f"this node parts with {self.peer_id}: {reason}", shutting_down=self.bus.closing)
                case Act.LEFT | Act.TURNED_AWAY:
                    assert self._parting.farewell is not None
                    reason = self._parting.farewell.reason
                    self._router(LinkDown(self.link, reason))
                    why = f"peer {self.peer_id} said goodbye: {reason}"
                    if effect is Act.TURNED_AWAY:
                        self.link.turned_away(why)
                    else:
                        self.link.stop(why, shutting_down=False)
                case Act.HASTEN:
                    self._receive.hasten()
                case Act.ARRIVED:
                    self.link.arrived()
                case Act.SETTLED:
                    if self._settling is not None and not self._settling.done():
                        self._settling.set_result(None)
                case Cut():
                    self._cut(effect.reason, effect.text)
                case _:
                    self._say(effect)
        self._arm_parting()

    def _arm_parting(self) -> None:
        due, timer = self._parting.next_due(), self._parting_timer
        if timer is not None:
            if timer.when() == due:
                return
            timer.cancel()
            self._parting_timer = None
        if due < math.inf:
            self._parting_timer = self._loop.call_at(due, self._expire, context=self._context)

    def _expire(self) -> None:
        self._parting_timer = None
        self._perform(self._parting.expire(self._loop.time(), asks_open=self._asks_open))
        self._look()

    def _told_to_go(self, frame: GoAway) -> None:
        parting, before = self._parting, self._parting.farewell
        effects = parting.told(frame, self._loop.time(), asks_open=self._asks_open)
        if not effects:
            self._look()
            return
        assert parting.farewell is not None
        self._writer.watched = True
        if before is None:
            self._reader.notice(self._stirred)
        log.info(
            "peer says goodbye",
            bus=self.bus.name,
            peer=self.peer_id,
            reason=parting.farewell.reason,
            text=parting.farewell.text,
        )
        self._perform(effects)

    def _stirred(self) -> None:
        """From the peer's GOAWAY on, whatever comes but heartbeats shows that the peer is not done."""
        if self._parting.farewell is not None:
            self._parting.farewell.came(self._loop.time())

    def _end(self, reason: str, text: str = "") -> None:
        """The connection carries nothing any more: everybody who waits for it learns why."""
        if not self._parting.end():
            return
        self._reader.stop()
        self._writer.close()
        for timer in (self._heartbeat_timer, self._parting_timer):
            if timer is not None:
                timer.cancel()
        self._router(LinkDown(self.link, reason))
        self.link.lost(f"{reason}: {text}" if text else reason)
        self.link.settle()
        self._receive.end()
        self._perform((Act.SETTLED,))
        log.info("connection ended", bus=self.bus.name, peer=self.peer_id, reason=reason, text=text)
        self._on_ended(ConnectionEnded(self.peer_id, reason, text))
        if self.actor_ref.is_alive():
            self.stop()
        self._loop.call_soon(self._let_go, context=self._context)  # frames that came with the last one go on until then

    def _router(self, event: LinkUp | LinkChanged | LinkDown) -> None:
        self.bus.tell_router(event)

    def _let_go(self) -> None:
        """What has ended leaves nothing to the garbage collector: keep nothing that points back here."""
        self._reader.let_go()
        self._writer.outbox = self._outbox = self.link.outbox

    # Reading; see frame_reader.

    def _taken(self) -> None:
        """The frames of some bytes were taken. Raises ProtocolError where the peer asks for more than it reads."""
        if self._outbox.control_bytes > UNREAD_LIMIT:
            raise ProtocolError("unread", f"{self._outbox.control_bytes} bytes of answers to its frames")
        if self._writer.watched:
            self._look()

    def _over(self, error: BaseException | None) -> None:
        """Nothing more is read: the peer has closed the stream, or this happened."""
        match error:
            case None:
                self._end(*self._parting.why_over("closed", "the peer closed the connection"))
            case StreamBroken():
                self._end(*self._parting.why_over("broken", str(error)))
            case StreamClosed():
                pass  # by this side, which knows why
            case ProtocolError():
                log.warning(
                    "peer broke the protocol",
                    bus=self.bus.name,
                    peer=self.peer_id,
                    reason=error.reason,
                    text=error.text,
                )
                self._accuse(error)
                self._end(error.reason, error.text)
            case _:  # a defect of this side ends this connection, and nothing else
                log.error("connection failed", bus=self.bus.name, peer=self.peer_id, exc_info=error)
                self._cut("failed", repr(error))

    def _accuse(self, error: ProtocolError) -> None:
        """Tell the peer what it did wrong: past the outbox, behind what the stream has taken already."""
        try:
            self._stream.write(FrameEncoder().encode(GoAway(clip(error.reason, WORD_LIMIT), clip(error.text))))
        except (StreamBroken, StreamClosed) as gone:
            log.debug("the peer is not there to hear it", peer=self.peer_id, error=str(gone))

    def _limit_of_lane(self, lane: int) -> int:
        return self.link.limit_of_reply_lane(lane) if lane % 2 else self._receive.limit_of_lane(lane)

    def _pinged(self, frame: Ping) -> None:
        self._outbox.control(Pong(frame.token))
        if frame.token < FIRST_TOKEN:
            self._receive.confirm()  # so that a sender is not in doubt for longer than a heartbeat
        self._writer.schedule()

    def _ponged(self, frame: Pong) -> None:
        if frame.token in (LAST_WORD, GOODBYE):
            self._perform(self._parting.ponged(frame.token))
            self._look()
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

    # Writing; see frame_writer.

    def _written(self) -> None:
        self._receive.written()
        if self._writer.watched:
            self._look()
        if self.link.awaits_arrival and not self._outbox:
            self._perform(self._parting.wrote_last(self._loop.time()))

    # Liveness.

    def _arm(self) -> None:
        self._heartbeat_timer = self._loop.call_at(self._heartbeat.next_check(), self._check, context=self._context)

    def _check(self) -> None:
        if self._parting.stage is _ENDED:
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
            bytes_received=self._reader.bytes_received,
            bytes_sent=self._writer.bytes_sent,
            unsolicited=self.link.unsolicited + self._heartbeat.unsolicited,
            lanes=self.link.statistics(),
        )
