"""Peer exchange as a reactor: it asks and answers as its mind (`Pex`) decides, and reports to the peer manager.

It never dials and never lets anybody in: what it hears only nominates, as what mDNS hears does. No tasks but one for
each request under way; one timer, for the next request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, ClassVar

from msgspec import Meta

from ...actors.base import (
    DeadlineExceeded,
    MessageTooLarge,
    MessageTypeError,
    RemoteError,
    SendError,
    get_logger,
    wall_clock,
)
from ...actors.engine import Ending, Timer, handles
from ...actors.messages import LOCAL, Channel, Peer, ShutdownStarted
from ...actors.reactor import Reactor
from ...actors.router import LinkChanged, LinkDown, LinkUp
from ...transports.sending import PeerLink
from ...transports.streams import Endpoint
from ...transports.wire import RECORD_LIMIT
from ..facts import (
    PEERS_ACTOR,
    AdvertisePeers,
    FoundPeer,
    LostPeer,
    ReportPeer,
    Require,
    RequirementMet,
    RequirementUnmet,
    ScoreReason,
)
from ..mind import ClosePeer
from .options import PexOptions
from .pex import MAX_RECORDS, Pex
from .values import SOURCE, News, PexStatistics, Poll

__all__ = ["GetPeers", "PeerExchange", "PeerRecords", "Referred"]

log = get_logger("peerbus.discovery")

#: Seconds between two looks for records that have expired.
SWEEP = 60.0
#: Seconds after which a peer's record is looked at that came too soon after others.
LOOK_AGAIN = 1.0
#: Records that are checked in one turn of the loop: 1.6 ms.
CHECKED_AT_ONCE = 8
#: Records beyond which an answer is not even read; how many it may have is judged afterwards.
READ_AT_MOST = 1000


@dataclass(frozen=True, slots=True)
class GetPeers:
    """Which nodes do you know? `role`: those that offer it; empty: all. A PeerRecords answers, with at most `limit`."""

    # No defaults: a request that may leave out its fields is smaller, and what it may cause is measured by its size.
    role: Annotated[str, Meta(max_length=63)]
    limit: Annotated[int, Meta(ge=1, le=MAX_RECORDS)]


@dataclass(frozen=True, slots=True)
class PeerRecords:
    """Signed records of third nodes, as they signed them."""

    records: Annotated[tuple[Annotated[bytes, Meta(max_length=RECORD_LIMIT)], ...], Meta(max_length=READ_AT_MOST)]


@dataclass(frozen=True, slots=True)
class Referred:
    """From this node's dialing: that node, dialed there, is full, and names these records of others, unchecked."""

    node_id: str
    remote: Endpoint
    records: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class _Tick:
    """Something is due."""


@dataclass(frozen=True, slots=True)
class _LookAgain:
    """A peer changes its record too often; see what it says by now."""


@dataclass(frozen=True, slots=True)
class _Sweep:
    """Look for what has expired."""


class PeerExchange(Reactor):
    """See the module. `node_id`, `network` and what it `requires` of its peers are this node's."""

    # A share of 1 beside everybody's 5, and few messages at once: peers are found beside the work, not instead of it.
    channel = Channel(
        "peerbus.pex",
        messages=(GetPeers, PeerRecords),
        priority=1,
        window=4,
        window_bytes=64 * 1024,
        max_message=32 * 1024,
    )
    ends_in: ClassVar[Ending | None] = Ending.SERVICE

    def __init__(self, node_id: str, network: str, options: PexOptions, requires: Iterable[Require] = ()) -> None:
        super().__init__()
        self._options = options
        self._pex = Pex(node_id, network, options, self.bus.rng)
        self._links: dict[str, tuple[PeerLink, bytes]] = {}
        #: Requirements that are not met, as far as is known here: none is when the node starts.
        self._missing: dict[Require, None] = dict.fromkeys(requires)
        self._peers = LOCAL / PEERS_ACTOR
        self._timer: Timer | None = None
        self._looks_again = False

    def on_start(self) -> None:
        """Listen for connections, and begin with those that are there."""
        self.bus.subscribe_actor(self.actor_ref, LinkUp, LinkChanged, LinkDown, RequirementUnmet, RequirementMet)
        self._pex.want(require.role for require in self._missing)
        self.every(SWEEP, _Sweep())
        self._look()

    # The peers that are there.

    @handles(LinkUp, LinkChanged, LinkDown)
    def _links_changed(self, _event: LinkUp | LinkChanged | LinkDown) -> None:
        self._look()

    def _look(self) -> None:
        """Compare with the table, which is right even where an event was lost, and tells a new link from an old."""
        now, links, later = self.bus.loop.time(), self.bus.routes.peers, False
        for node_id in [node_id for node_id in self._links if node_id not in links]:
            del self._links[node_id]
            self._pex.down(node_id)
        for node_id, link in links.items():
            if not isinstance(link, PeerLink) or link.remote is None:
                continue
            known, record = self._links.get(node_id, (None, b""))
            if known is not link:
                self._pex.down(node_id)
                self._pex.up(node_id, link.remote, now, dialed=link.dialed)
                record = b""
            self._pex.takes_part(node_id, now, really=link.has(self.channel.name))
            if link.record != record:
                news = self._pex.introduced(node_id, link.record, now, wall_clock())
                if news is None:
                    later = True
                else:
                    record = link.record
                    self._follow(news)
            self._links[node_id] = (link, record)
        if later and not self._looks_again:
            self._looks_again = True
            self.after(LOOK_AGAIN, _LookAgain())
        self._arm()

    @handles(ShutdownStarted)
    def _shutdown_started(self, _: ShutdownStarted) -> None:
        self._arm()

    @handles(_LookAgain)
    def _look_again(self, _: _LookAgain) -> None:
        self._looks_again = False
        self._look()

    # Asking.

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.bus.closing:
            return  # it could meet none of those that it would learn of
        now = self.bus.loop.time()
        due = [at for at in (self._pex.next_due(now), self._pex.next_parting()) if at is not None]
        if due:
            self._timer = self.after(max(0.0, min(due) - now), _Tick())

    @handles(_Tick)
    def _tick(self, _: _Tick) -> None:
        now = self.bus.loop.time()
        for poll in self._pex.polls(now):
            self.after(0, poll)
        for node_id in self._pex.partings(now):
            self.tell(self._peers, ClosePeer(node_id, "seed"))
        self._arm()

    @handles(Poll, reentrant=True)
    async def _poll(self, poll: Poll) -> None:
        node_id, fault = poll.node_id, ""
        try:
            answer = await self.ask(
                Peer(node_id) / PeerExchange,
                GetPeers(poll.role, poll.limit),
                reply=PeerRecords,
                timeout=self._options.answer_within,
            )
        except DeadlineExceeded as error:
            fault = "no_answer" if error.phase == "reply" else ""
        except (MessageTypeError, MessageTooLarge):
            fault = "too_many"
        except (RemoteError, SendError) as error:
            log.debug("no peers from this peer", node=self.bus.name, peer=node_id, why=str(error))
        else:
            await self._learn(poll, answer.records)
            self._arm()
            return
        self._follow(self._pex.unanswered(poll, self.bus.loop.time(), fault))
        self._arm()

    async def _learn(self, poll: Poll, records: tuple[bytes, ...]) -> None:
        heard = self._pex.answered(poll, records, self.bus.loop.time(), wall_clock())
        for number, news in enumerate(heard, 1):
            self._follow(news)
            if number % CHECKED_AT_ONCE == 0:
                await asyncio.sleep(0)  # others have work too

    @handles(Referred)
    def _referred(self, named: Referred) -> None:
        now = self.bus.loop.time()
        for news in self._pex.referred(named.node_id, named.remote, named.records, now, wall_clock()):
            self._follow(news)

    @handles(RequirementUnmet, RequirementMet)
    def _requirement(self, event: RequirementUnmet | RequirementMet) -> None:
        if isinstance(event, RequirementMet):
            self._missing.pop(event.require, None)
        else:
            self._missing[event.require] = None
        self._pex.want(require.role for require in self._missing)
        self._arm()

    @handles(_Sweep)
    def _sweep(self, _: _Sweep) -> None:
        self._follow(self._pex.expire(wall_clock()))

    # Answering.

    @handles(GetPeers, reentrant=True)
    async def _asked(self, request: GetPeers) -> PeerRecords:
        node_id = self._asker()
        refusal = self._pex.asked(node_id, self.bus.loop.time())
        if refusal is not None:
            if refusal.fault is not None:
                self._follow(News(faults=(refusal.fault,)))
            raise RemoteError(refusal.code, refusal.text)
        # More than are told, as some of them are of no use to this asker.
        question = AdvertisePeers(node_id, 2 * MAX_RECORDS, request.role or None)
        adverts = await self.ask(self._peers, question, reply=tuple)
        records = self._pex.answer(node_id, request.role, request.limit, adverts, self.bus.loop.time(), wall_clock())
        self._arm()
        return PeerRecords(records)

    @handles(PeerRecords)
    def _unsolicited(self, _records: PeerRecords) -> None:
        node_id = self._asker()
        if node_id:
            self._follow(self._pex.unsolicited(node_id))

    def _asker(self) -> str:
        """The peer that sent what is being handled, proven by its connection; '' for this node itself.

        Not by the sender, which is a reactor of the peer, or none: a peer says which.
        """
        envelope = self._cell.handling()
        source = None if envelope is None else envelope.source
        return source if isinstance(source, str) else ""

    # Telling the peer manager.

    def _follow(self, news: News) -> None:
        for candidate in news.found:
            self._say(FoundPeer(candidate))
        for node_id in news.lost:
            self._say(LostPeer(node_id, SOURCE))
        for fault in news.faults:
            self._say(ReportPeer(fault.node_id, ScoreReason(fault.reason)))

    def _say(self, message: object) -> None:
        self.tell(self._peers, message)

    def statistics(self) -> PexStatistics:
        """Counters and levels at this instant."""
        return self._pex.statistics()
