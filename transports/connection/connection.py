"""A connection to one peer, as an actor: it owns the stream, and is the bus's way to that peer.

Its parts: `FrameReader` and `FrameWriter` have the stream, and the two tasks that wait for it; `PeerLink` is what this
node sends, `ReceiveSide` what the peer does; `Pulse` watches whether the peer is there, and `LeaveTaking` how it
ends; `Announcements` keeps both sides' lists of reactors, `Descriptions` what these declare, `Rising` waits for that.
Messages to a peer's reactors do not queue in this actor's own mailbox: each reactor of the peer has a lane of its
own here, bounded by the credit that it granted. The mailbox takes what is said to the connection itself.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from functools import partial
from types import TracebackType
from typing import ClassVar

from ...actors.actor import Actor
from ...actors.base import ProtocolError, StreamBroken, StreamClosed, get_logger
from ...actors.engine import Ending, handles
from ...actors.messages import Directive, ShutdownStarted, Supervision
from ...actors.router import LinkChanged, LinkDown, LinkUp
from ..lanes import FIRST_TOKEN, FrameWriter
from ..rules import Subject
from ..sending import PeerLink
from ..streams import IdleRecords
from ..wire import FLOOD, WORD_LIMIT, Codecs, FrameDecoders, FrameEncoder, GoAway, Ping, Pong, clip
from .announcements import Announcements
from .commands import CloseChannel, ConnectionEnded, ConnectionStatistics, Disconnect, OfferRoles, OpenChannel
from .descriptions import Descriptions
from .figures import figures_of
from .frame_reader import FrameReader
from .greeting import Greeted
from .halves import halves
from .holding import Holding, origin_of
from .leave_taking import LeaveTaking
from .liveness import Detector
from .path_watch import PathWatch
from .peer_memory import PeerMemory
from .pulse import HEARTBEAT_INTERVAL, SILENT, Pulse
from .rate_keeping import RateKeeping
from .rising import Rising
from .ruling import Ruling
from .shared import SharedByConnections
from .takers import all_takers

__all__ = ["PeerConnection"]

log = get_logger("peerbus.transports")

#: Bytes of PONGs, errors and credit that wait to be written: above it the peer asks for more than it reads.
UNREAD_LIMIT = 8 << 20


class PeerConnection(Actor):
    """See the module. `announce` are facts for subscribers, published when the link is in the table.

    `listed`: False for one that another has replaced before it was open: it only takes what the peer sent on it.
    `order`: of two connections to one peer the one with the higher number is the newer. `shared`: what it has together
    with the other connections of the node; None: its own.
    """

    ends_in: ClassVar[Ending | None] = Ending.LINKS
    #: It is made for one stream: what failed cannot be made anew.
    supervision: ClassVar[Supervision] = Supervision(directive=Directive.STOP)
    silence = "the peer answers no more"

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
        shared: SharedByConnections | None = None,
        detector: Detector | None = None,
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
        self._path = PathWatch(greeted.stream)
        #: The router was told of a change, and has not looked yet.
        self._change_told = False
        self._writer = writer = FrameWriter(self._loop, self._context, greeted.stream, self._written)
        shared = shared or SharedByConnections(bus.loop)
        rules, node_id = shared.rules, greeted.peer.node_id
        self._rates = RateKeeping(rules, node_id, self._loop, self._context)
        rates = None if greeted.inside else self._rates
        self._ruling = Ruling(rules, Subject.of(greeted.credentials), bus.name, node_id, rates)
        made = halves(bus, greeted, codecs, writer, shared.windows.share(), self._ruling, shared.compression)
        self.link: PeerLink = made.link
        self._compressing = made.compressing
        self._receive = made.receive
        self.link.remote, self.link.dialed = greeted.stream.remote, greeted.dialed
        self.link.credentials = greeted.credentials
        self._outbox = writer.outbox
        self._descriptions = Descriptions(
            greeted.peer, codecs, self.link.lanes, self._receive.lanes, self._outbox, writer
        )
        self.link.encoder.want = self._descriptions.want
        self._announcements = Announcements(
            bus.name, codecs, greeted, made, self._descriptions, self._outbox, writer, self._changed
        )
        if not greeted.inside:
            self._announcements.announced = self._ruling.announced
            self._rates.pace(self._receive.streams, self.link.streams)
        pulse = partial(Pulse, interval=heartbeat, silent=self._silent, look=self._look, detector=detector)
        self._pulse = pulse(self._loop, self._context, self._outbox, writer)
        self._receive.growth.last_beat = self._pulse.last_beat
        #: Node id of the peer.
        self.peer_id: str = greeted.peer.node_id
        self._reader = self._make_reader(made.decoders, shared)
        held, parts = (self._held, self._drop), (self._receive, self._reader)
        memory = PeerMemory(sys.maxsize) if greeted.inside else shared.memory  # a process of this node is no peer
        self._holding = Holding(bus, memory, self.peer_id, *parts, *held, origin_of(greeted))
        self._receive.answers.heavy = self._holding.look
        self._compressing.hand, self._compressing.grew = self._reader.hand, self._holding.grew
        self._rising = Rising(self._reader, self._receive, self._descriptions, enter=self._enter, changed=self._changed)
        self._leave_taking = LeaveTaking(bus, self.link, self._receive, self._reader, writer, self._cut)

    def _make_reader(self, decoders: FrameDecoders, shared: SharedByConnections) -> FrameReader:
        writer = self._writer
        takers = all_takers(
            self.link,
            self._receive,
            self._announcements,
            self._descriptions,
            self._compressing,
            pinged=self._pinged,
            ponged=self._ponged,
            told_to_go=self._told_to_go,
            now=self._loop.time,
            bytes_in=lambda: self._reader.bytes_received,
            bytes_out=lambda: writer.bytes_sent,
        )
        return FrameReader(
            self._stream,
            self._loop,
            self._context,
            takers,
            limit_of_lane=self._limit_of_lane,
            came=self._pulse.came,
            woken=self._receive.run_woken,
            taken=self._taken,
            over=self._over,
            decoders=decoders,
            turns=shared.turns,
            wanted=self.link.lanes.wants,
        )

    # Life.

    def on_start(self) -> None:
        """Enter the table, then read."""
        self.bus.books.open(self.link.lanes)
        self.bus.books.open(self._receive)
        self._rising.begin(self._loop, self._context)
        self._ruling.tell_log(self._receive.lanes, self.link.said)
        self._announcements.judged()  # the rules may have changed since HELLO
        self._reader.start(self._greeted.leftover, f"peerbus reader {self.peer_id[:8]}")
        self._pulse.start()
        if self.bus.closing and not self._greeted.inside:
            self._leave_taking.shutdown(self.bus.life.time_to_end)

    def _enter(self) -> None:
        if self._listed:
            self.bus.tell_router(LinkUp(self.link, self._announce, self._order))

    async def on_stop(self) -> None:  # type: ignore[override]  # Pykka knows no async hooks
        """Tell the peer, send what is accepted, close."""
        try:
            if not self._leave_taking.ended:
                command = await self._leave_taking.part()
                self._end(command.reason, command.text)
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
        self._rising.rise()
        # The reactors here still have work at hand, and send and ask by this connection: it stays in the table.
        self._leave_taking.shutdown(event.within)

    @handles(Disconnect)
    def _disconnect(self, command: Disconnect) -> None:
        self._rising.rise()
        self._leave_taking.command(command)
        self.stop()

    @handles(OpenChannel, CloseChannel, OfferRoles)
    def _announce_change(self, command: OpenChannel | CloseChannel | OfferRoles) -> None:
        self._announcements.say(command)

    def judge_anew(self) -> None:
        """The rules for peers are other ones, from now on, or what this one has shown."""
        self._ruling.subject = Subject.of(self.link.credentials)
        self._ruling.judge_anew(self._receive.lanes, self.link.said, self._receive.streams.shut_out)
        self._announcements.judged()
        self.link.offer(self.link.said, self.link.record)
        self._changed()

    def _end(self, reason: str, text: str = "", *, fault: bool = False) -> None:
        """The connection carries nothing any more: all that wait for it learn why."""
        if not self._leave_taking.end():
            return
        text = self._path.ended(reason, text)
        self._rising.rise()
        self._reader.stop()
        self._writer.close()
        self._pulse.stop()
        self._announcements.end()
        self._compressing.end()
        self._rising.end()
        self.bus.tell_router(LinkDown(self.link, reason))
        self.link.lost(f"{reason}: {text}" if text else reason)
        self.link.lanes.settle(self.bus.books)
        self._rates.end(self._receive.lanes)
        self._receive.end()
        self._holding.end()
        log.info(
            "connection ended", node=self.bus.name, peer=self.peer_id, reason=reason, **({"text": text} if text else {})
        )
        self._on_ended(ConnectionEnded(self.peer_id, reason, text, self._path.narrow, fault))
        if self.actor_ref.is_alive():
            self.stop()
        self._loop.call_soon(self._let_go, context=self._context)  # frames that came with the last one go on until then

    def _let_go(self) -> None:
        """What has ended leaves nothing to the garbage collector: keep nothing that points back here."""
        self._reader.let_go()
        self._writer.outbox = self._outbox = self.link.outbox

    # Reading; see frame_reader.

    def _taken(self) -> None:
        """The frames of some bytes were taken. Raises ProtocolError where the peer asks for more than it reads."""
        if self._outbox.control_bytes > UNREAD_LIMIT:
            raise ProtocolError("unread", f"{self._outbox.control_bytes} bytes of answers to its frames")
        if self._reader.bytes_received >= self._holding.due:
            self._holding.look()
        if self._writer.watched:
            self._leave_taking.look()

    def _held(self) -> int:
        answers, compressing = self._receive.answers.backlog + self._receive.streams.unwritten, self._compressing.held
        items = self._receive.streams.unread + self.link.streams.unread
        return answers + self._outbox.control_bytes + compressing + self.link.lanes.weight + items

    def _drop(self, reason: str, text: str) -> None:
        log.warning("peer makes this node hold too much", node=self.bus.name, peer=self.peer_id, text=text)
        self._accuse(ProtocolError(reason, text))
        self._end(reason, text)  # and no abort: the stream is closed behind that word, in FLUSH_TIMEOUT seconds

    def _over(self, error: BaseException | None) -> None:
        """Nothing more is read: the peer has closed the stream, or this happened."""
        if isinstance(error, StreamBroken) and isinstance(error.__cause__, IdleRecords):
            error = ProtocolError(FLOOD, str(error.__cause__))
        match error:
            case None:
                self._end(*self._leave_taking.why_over("closed", "the peer closed the connection"))
            case StreamBroken():
                self._end(*self._leave_taking.why_over("broken", str(error)))
            case StreamClosed():
                pass  # by this side, which knows why
            case ProtocolError():
                log.warning(
                    "peer broke the protocol",
                    node=self.bus.name,
                    peer=self.peer_id,
                    reason=error.reason,
                    text=error.text,
                )
                self._accuse(error)
                self._end(error.reason, error.text, fault=True)
            case _:  # a defect of this side ends this connection, and nothing else
                log.error("connection failed", node=self.bus.name, peer=self.peer_id, exc_info=error)
                self._cut("failed", repr(error))

    def _accuse(self, error: ProtocolError) -> None:
        """Tell the peer what it did wrong: past the outbox, behind what the stream has taken already."""
        try:
            self._stream.write(FrameEncoder().encode(GoAway(clip(error.reason, WORD_LIMIT), clip(error.text))))
        except (StreamBroken, StreamClosed) as gone:
            log.debug("the peer is not there to hear it", peer=self.peer_id, error=str(gone))

    def _limit_of_lane(self, lane: int) -> int:
        return self.link.lanes.limit_of_reply_lane(lane) if lane % 2 else self._receive.limit_of_lane(lane)

    def _pinged(self, frame: Ping) -> None:
        self._outbox.control(Pong(frame.token))
        if frame.token < FIRST_TOKEN:
            self._receive.confirm()  # so that a sender is not in doubt for longer than a heartbeat
        self._writer.schedule()

    def _ponged(self, frame: Pong) -> None:
        if self._leave_taking.ponged(frame.token):
            return
        if frame.token >= FIRST_TOKEN and self._outbox.pacer.heard(frame.token, self._loop.time()):
            self._writer.schedule()
            return
        self._pulse.ponged(frame.token)
        self.link.rtt = self._pulse.rtt
        self._receive.rtt = self._pulse.rtt or 0.0
        self._receive.growth.ponged(frame.token)

    def _told_to_go(self, frame: GoAway) -> None:
        if frame.reason == SILENT:  # it heard nothing, and this came: what was lost is in sight until its reset comes
            self._look()
        else:
            self._rising.rise()
            self._leave_taking.told(frame)

    def _changed(self) -> None:
        """The peer has other reactors or roles. One word of it at most waits for the router: the peer sets its pace."""
        if not self._change_told:
            self._change_told = True
            self.bus.tell_router(LinkChanged(self.link, self._change_taken))

    def _change_taken(self) -> None:
        self._change_told = False

    def _look(self) -> None:
        """From time to time: whether the path looks as if it dropped large packets."""
        late = self._reader.beat(self._loop.time())
        if late is not None:
            self._over(late)
            return
        self._holding.look()
        self._path.look()

    def _silent(self) -> None:
        self._look()
        self._accuse(ProtocolError(SILENT, "nothing was heard any more"))
        self._loop.call_soon(self._cut, SILENT, self.silence, context=self._context)  # it goes out first

    # Writing; see frame_writer.

    def _written(self) -> None:
        self._receive.written()
        if self._writer.watched:
            self._leave_taking.look()
        if self.link.succession.awaits_arrival and not self._outbox:
            self._leave_taking.wrote_last()

    @property
    def carried(self) -> tuple[str, int, int]:
        """The scheme of its carrier, and the bytes that were received and sent."""
        return self._stream.remote.scheme, self._reader.bytes_received, self._writer.bytes_sent

    @property
    def held_back(self) -> Mapping[str, float]:
        """Seconds for which credit was held back by rates, by channel."""
        return self._rates.held_back(self._receive.lanes)

    @property
    def peer_name(self) -> str:
        """What the peer calls itself."""
        return self._greeted.peer.name

    @property
    def remote(self) -> str:
        """Where the other end is."""
        return str(self._stream.remote)

    def statistics(self) -> ConnectionStatistics:
        """Counters and levels at this instant."""
        parts = self._greeted, self.link, self._receive, self._reader, self._writer, self._pulse, self._ruling
        return figures_of(*parts, narrow=self._path.narrow)
