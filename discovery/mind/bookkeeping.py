"""What goes from the peer manager's table into the book, and what comes back when the node starts anew."""

# Law 1. What is written is what differs from what the book holds: nothing in the manager has to say that it changed.
# Law 2. Of what comes back the operator's word is never a part: that is in the configuration of today.

from __future__ import annotations

import math

from ..book import AddressEntry, BookChanges, BookContents, PeerEntry, Pin
from ..facts import CONFIGURED_BAN, Ban, BanTarget
from ..peer import CONFIGURED, REACHED, SEED, KnownPeer
from ..records import MAX_SKEW, PeerRecord, RecordRefused, read_record
from .manager_state import ManagerState
from .wall_clock import WallClock

__all__ = ["Bookkeeping"]


#: A calendar that shows less is wrong: no node of this program ran before 2025.
EARLIEST = 1_735_689_600.0


class Bookkeeping:
    """See the module. `network`: only records of it are taken back."""

    def __init__(self, state: ManagerState, wall: WallClock, network: str) -> None:
        self._state = state
        self._wall = wall
        self._network = network
        #: What the book holds, as far as is known here.
        self._peers: dict[str, PeerEntry] = {}
        self._bans: dict[BanTarget, Ban] = {}
        self._pins: frozenset[Pin] = frozenset()
        self._sequence = 0
        #: The number of the last record that this node signed.
        self.sequence = 0

    def restore(self, contents: BookContents, now: float) -> None:
        """Enter what the book holds. The best come first where there is not room for all."""
        state = self._state
        self._peers = {entry.node_id: entry for entry in contents.peers}
        self._bans = {ban.target: ban for ban in contents.bans}
        self._sequence = self.sequence = contents.sequence
        self._pins = frozenset(contents.pins)
        for pin in contents.pins:
            state.peers.pins.restore(pin.endpoint, pin.node_id)
        configured = {ban.target for ban in state.bans if ban.reason == CONFIGURED_BAN}
        for ban in contents.bans:
            until, made = self._span_of(ban, now)
            fits = ban.automatic or not state.bans.is_full
            if fits and until > now and ban.target != state.self_id and ban.target not in configured:
                state.bans.add(Ban(ban.target, until, ban.reason, made, ban.automatic), now)
        latest = sorted(contents.peers, key=lambda entry: (-(entry.last_connected or -math.inf), -entry.seen))
        for entry in latest:
            known = len(state.peers)
            full = state.options.max_known is not None and known >= state.options.max_known
            if entry.node_id != state.self_id and not (full and state.peers.get(entry.node_id) is None):
                peer = state.peers.remember(entry.node_id, now)
                if peer is not None:
                    self._fill(peer, entry, now)

    def _span_of(self, ban: Ban, now: float) -> tuple[float, float | None]:
        """From when to when a ban of the book holds. One that was made while the calendar was wrong begins anew."""
        made, epoch = ban.made, self._wall.epoch(now)
        if made is not None and not EARLIEST <= made <= epoch + MAX_SKEW and epoch >= EARLIEST:
            return now + (ban.until - made), now
        return self._wall.manager(ban.until), None if made is None else self._wall.manager(made)

    def changes(self, now: float) -> BookChanges:
        """What to write so that the book holds what is so now; it counts as written from now on."""
        found = (self._entry_of(peer, now) for peer in self._state.peers)
        peers = {entry.node_id: entry for entry in found if entry is not None}
        bans = {
            ban.target: Ban(
                ban.target,
                self._wall.epoch(ban.until),
                ban.reason,
                None if ban.made is None else self._wall.epoch(ban.made),
                ban.automatic,
            )
            for ban in self._state.bans
            if ban.until > now and ban.reason != CONFIGURED_BAN
        }
        pins = frozenset(Pin(endpoint, node_id) for endpoint, node_id in self._state.peers.pins)
        changes = BookChanges(
            peers=tuple(entry for node_id, entry in peers.items() if self._peers.get(node_id) != entry),
            gone=tuple(node_id for node_id in self._peers if node_id not in peers),
            bans=tuple(ban for target, ban in bans.items() if self._bans.get(target) != ban),
            lifted=tuple(target for target in self._bans if target not in bans),
            pins=tuple(pins - self._pins),
            unpinned=tuple({pin.endpoint for pin in self._pins} - {pin.endpoint for pin in pins}),
            sequence=self.sequence if self.sequence != self._sequence else 0,
        )
        self._peers, self._bans, self._pins, self._sequence = peers, bans, pins, self.sequence
        return changes

    def not_written(self, changes: BookChanges) -> None:
        """The book did not take these: they differ again."""
        if changes.sequence:
            self._sequence = 0
        for entry in changes.peers:
            self._peers.pop(entry.node_id, None)
        for ban in changes.bans:
            self._bans.pop(ban.target, None)
        # An address that was to be taken out is there still, with a node that it has not.
        self._pins = (self._pins - frozenset(changes.pins)) | {Pin(place, "") for place in changes.unpinned}
        # What was to be taken out is there still: something stands for it here, so that it is taken out next time.
        self._peers.update((node_id, PeerEntry(node_id=node_id, seen=0.0)) for node_id in changes.gone)
        self._bans.update((target, Ban(target, 0.0, "lifted")) for target in changes.lifted)

    def _entry_of(self, peer: KnownPeer, now: float) -> PeerEntry | None:
        if peer.node_id is None:
            return None
        epoch, options = self._wall.epoch, self._state.options
        points, at = peer.score.points
        return PeerEntry(
            node_id=peer.node_id,
            seen=_whole(epoch(peer.seen)),
            addresses=tuple(
                AddressEntry(
                    endpoint=address.endpoint,
                    sources=tuple(sorted(address.sources - {CONFIGURED, SEED})),
                    last_success=_or_none(epoch(address.last_success)),
                    last_failure=_or_none(epoch(address.last_failure)),
                    failures=address.backoff.failures,
                )
                for address in peer.addresses
                if address.sources - {CONFIGURED, SEED} or address.last_success > -math.inf
            ),
            last_connected=_or_none(epoch(peer.last_connected)),
            inactive=peer.inactive,
            fixed_score=None if peer.node_id in self._state.options.scores else peer.fixed_score,
            points=points,
            points_at=epoch(at),
            roles=peer.roles,
            offers=peer.offers,
            told_by=peer.told_by,
            told_from=peer.told_from,
            record=None if peer.record is None else peer.record.data,
            # While it is connected it is written once, when it has proven itself.
            connected_for=max(peer.connected_for, options.stable_after if peer.is_proven(now, options) else 0.0),
        )

    def _fill(self, peer: KnownPeer, entry: PeerEntry, now: float) -> None:
        manager = self._wall.manager
        peer.seen = min(manager(entry.seen), now)
        peer.last_connected = -math.inf if entry.last_connected is None else min(manager(entry.last_connected), now)
        peer.inactive = entry.inactive
        if peer.fixed_score is None:
            peer.fixed_score = entry.fixed_score
        peer.score.restore(entry.points, manager(entry.points_at), now)
        peer.connected_for = entry.connected_for
        peer.roles, peer.offers = entry.roles, entry.offers
        peer.told_by, peer.told_from = entry.told_by, entry.told_from
        peer.record = self._record(entry, now)
        for one in entry.addresses:
            if not one.endpoint.told and not {REACHED} & set(one.sources):
                continue  # an older version believed others such a path
            for source in one.sources or (REACHED,):
                if source not in {CONFIGURED, SEED}:
                    peer.addresses.add(one.endpoint, source)
            address = peer.addresses.find(one.endpoint)
            if address is not None:
                address.backoff.failures = one.failures
                address.last_success = -math.inf if one.last_success is None else min(manager(one.last_success), now)
                address.last_failure = -math.inf if one.last_failure is None else min(manager(one.last_failure), now)

    def _record(self, entry: PeerEntry, now: float) -> PeerRecord | None:
        """The signature is checked again: a program that can write to the file must not speak for others."""
        if entry.record is None:
            return None
        record = read_record(entry.record, network=self._network, now=self._wall.epoch(now))
        return None if isinstance(record, RecordRefused) or record.node_id != entry.node_id else record


def _or_none(epoch: float) -> float | None:
    return None if epoch == -math.inf else epoch


def _whole(epoch: float) -> float:
    """To the minute: that somebody was heard of again is not worth a write each time."""
    return epoch // 60.0 * 60.0
