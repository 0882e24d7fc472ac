"""The connections of one node: children of the peer manager's actor, by the key that their greeting had."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import replace
from operator import itemgetter

from ...actors.actor import Actor
from ...actors.base import ActorStopped, wall_clock
from ...actors.engine import Ref
from ...actors.mailbox import Envelope
from ...transports.connection import (
    PEER_MEMORY,
    ConnectionEnded,
    ConnectionStatistics,
    Greeted,
    PeerConnection,
    SharedByConnections,
)
from ...transports.rules import PeerRules
from ...transports.wire import Codecs
from ..mind import bounded
from .peers_statistics import CarrierTotals, ConnectionTotals, CreditLeft, NarrowPath
from .reminders import ConnectionOver

__all__ = ["Connections"]

#: Peers with a narrow path that are remembered.
MOST_NARROW = 32


class Connections:
    """For the actor `owner`, which is told of each that ends, once: `ConnectionOver`. `memory`: bytes for all."""

    def __init__(
        self, owner: Actor, codecs: Codecs, *, heartbeat: float, rules: PeerRules, memory: int = PEER_MEMORY
    ) -> None:
        self._owner = owner
        self._codecs = codecs
        self._heartbeat = heartbeat
        self._shared = SharedByConnections(owner.bus.loop, rules, memory)
        rules.changed = self.judge_anew
        #: Connections that have opened so far: of two to one peer the later one counts.
        self._opened = 0
        self._open: dict[int, Ref[PeerConnection]] = {}
        #: Those of them that have ended, and are counted below.
        self._gone: dict[int, None] = {}
        #: By scheme: how they were opened, and why they ended.
        self._counts_opened: dict[str, Counter[str]] = {}
        self._counts_ended: dict[str, Counter[str]] = {}
        #: By scheme, the bytes in and out of those that have ended.
        self._carried: dict[str, list[int]] = {}
        #: Seconds for which credit was held back, by channel.
        self._held: dict[str, float] = {}
        #: By peer, the one of which it was seen last at the end. Their times are the loop's: a calendar may be set.
        self._narrow: dict[str, NarrowPath] = {}

    def open(self, greeted: Greeted, key: int, *, announce: tuple[object, ...], listed: bool) -> None:
        """Start one; see `PeerConnection`."""
        self._opened += 1
        order, scheme = self._opened, greeted.stream.remote.scheme
        opened = self._counts_opened.setdefault(scheme, Counter())
        opened["dialed" if greeted.dialed else "accepted"] += 1
        self._open[key] = self._owner.spawn(
            lambda: PeerConnection(
                greeted,
                self._codecs,
                lambda event: self._over(key, scheme, event),
                announce=announce,
                listed=listed,
                order=order,
                heartbeat=self._heartbeat,
                shared=self._shared,
            ),
            name=f"peer-{greeted.peer.node_id[:8]}-{key}",
        )

    def _over(self, key: int, scheme: str, event: ConnectionEnded) -> None:
        ended = self._counts_ended.setdefault(scheme, Counter())
        ended[bounded(ended, event.reason)] += 1
        ref = self._open.get(key)
        actor = None if ref is None else ref._cell.actor
        if isinstance(actor, PeerConnection):
            self._gone[key] = None
            self._add(self._carried, actor)
            self._add_held(self._held, actor)
            if event.narrow:
                self._saw_narrow(event.peer_id, actor.remote)
        self._owner.actor_ref._cell.mailbox.put(Envelope(ConnectionOver(key, event)))

    def _saw_narrow(self, peer_id: str, remote: str) -> None:
        before = self._narrow.pop(peer_id, None)
        times = 1 if before is None else before.times + 1
        self._narrow[peer_id] = NarrowPath(peer_id, remote, times, self._owner.bus.loop.time())
        if len(self._narrow) > MOST_NARROW:
            del self._narrow[next(iter(self._narrow))]

    def tell(self, key: int, command: object) -> bool:
        """Tell one something; False if it is not open. One that is ending by itself has no use for it any more."""
        connection = self._open.get(key)
        if connection is None:
            return False
        with contextlib.suppress(ActorStopped):
            if connection._cell.mailbox.closed is None:
                connection.tell(command)
        return True

    def tell_all(self, command: object) -> None:
        """Tell all of them something."""
        for key in tuple(self._open):
            self.tell(key, command)

    def judge_anew(self) -> None:
        """The rules for peers are other ones: of all that are open, from now on."""
        for key, ref in self._open.items():
            actor = ref._cell.actor
            if isinstance(actor, PeerConnection) and key not in self._gone:
                actor.judge_anew()

    def forget(self, key: int) -> bool:
        """It has ended; False if that was known."""
        self._gone.pop(key, None)
        return self._open.pop(key, None) is not None

    def statistics(
        self, limit: int | None = None, after: str = "", *, among: Container[str | None] | None = None
    ) -> Mapping[str, ConnectionStatistics]:
        """Each by its actor's name, in the order of the names: the first `limit` behind the name `after`.

        `among`: only those to these peers.
        """
        open_ = ((str(ref._cell), ref._cell.actor) for ref in self._open.values())
        found = [(name, actor) for name, actor in open_ if name > after and isinstance(actor, PeerConnection)]
        if among is not None:
            found = [(name, actor) for name, actor in found if actor.peer_id in among]
        found.sort(key=itemgetter(0))
        return {name: actor.statistics() for name, actor in found[:limit]}

    def called(self, match: str) -> frozenset[str]:
        """Ids of the peers that have that text in the names they give themselves, whichever case."""
        actors = (ref._cell.actor for ref in self._open.values())
        open_ = (actor for actor in actors if isinstance(actor, PeerConnection))
        return frozenset(each.peer_id for each in open_ if match.lower() in each.peer_name.lower())

    def totals(self) -> ConnectionTotals:
        """What all of them did since the start, those that have ended too."""
        now = self._owner.bus.loop.time()
        carried = {scheme: list(counts) for scheme, counts in self._carried.items()}
        held = dict(self._held)
        for key, ref in self._open.items():
            actor = ref._cell.actor
            if isinstance(actor, PeerConnection) and key not in self._gone:
                self._add(carried, actor)
                self._add_held(held, actor)
        return ConnectionTotals(
            dict(sum(self._counts_opened.values(), Counter())),
            dict(sum(self._counts_ended.values(), Counter())),
            {
                scheme: CarrierTotals(
                    dict(opened), dict(self._counts_ended.get(scheme, {})), *carried.get(scheme, (0, 0))
                )
                for scheme, opened in self._counts_opened.items()
            },
            tuple(replace(path, last=path.last - now + wall_clock()) for path in self._narrow.values()),
            held,
            self._shared.compression.seen(),
            self._shared.compression.used,
        )

    def credit(self) -> Mapping[str, CreditLeft]:
        """What all peers would take now, by channel; a peer's channels that this node does not declare are one."""
        name = self._owner.bus.books.name
        sums: dict[str, list[int]] = {}
        for ref in self._open.values():
            actor = ref._cell.actor
            if isinstance(actor, PeerConnection):
                actor.link.lanes.add_credit(sums, name)
        return {channel: CreditLeft(*counts) for channel, counts in sums.items()}

    def _add_held(self, held: dict[str, float], actor: PeerConnection) -> None:
        for channel, seconds in actor.held_back.items():
            name = self._owner.bus.books.name(channel)
            held[name] = held.get(name, 0.0) + seconds

    @staticmethod
    def _add(carried: dict[str, list[int]], actor: PeerConnection) -> None:
        scheme, received, sent = actor.carried
        counts = carried.setdefault(scheme, [0, 0])
        counts[0] += received
        counts[1] += sent
