"""Whether a connection whose other side has proved its id may live."""

# The questions, in their order: is it who was dialed; is it banned; is the node being emptied; is there a slot, or
# somebody who leaves for it; and beside other connections to the same peer, does it win.

from __future__ import annotations

from ..facts import Accept, Attempt, Dial, Link, Refuse, Verdict, beats
from ..peer import KnownPeer, PeerState, PeerStep
from .advertising import role_of
from .manager_state import PeerTable
from .places import lowest_place

__all__ = ["Admission"]

#: A simultaneous dial makes two, an address that turns out to be a known peer one more on each side.
MAX_LINKS = 4


class Admission:
    """Judges attempts, and enters those that it accepts in the table."""

    def __init__(self, table: PeerTable) -> None:
        self._table = table

    def judge(self, attempt: Attempt, dialed: KnownPeer | None, now: float) -> Verdict:
        """`dialed`: the peer whose dial this is, None where that dial was given up or the peer dialed us."""
        dial, node_id, roster = attempt.dial, attempt.node_id, self._table.roster
        myself = self._table.self_id
        if dial is not None:
            if dialed is None:
                return Refuse("stale_dial", "that dial was given up")
            if node_id == myself:
                roster.is_self(dialed, dial.endpoint)
            elif dial.node_id is None:
                roster.answered(dial.endpoint, node_id, now)
            elif dial.node_id != node_id:
                dialed.replaces = dialed.replaces if dialed.linked else None
                if not roster.is_other(dialed, dial.endpoint, now):
                    dialed.address_failed(dial, now, self._table.options, self._table.rng)
                return Refuse("node_id", f"dialed {dial.node_id}, but {node_id} answered")
        if node_id == myself:
            return Refuse("self_dial", "this node does not connect to itself")
        return self._admit(attempt, now)

    def _admit(self, attempt: Attempt, now: float) -> Verdict:
        node_id, dial, table = attempt.node_id, attempt.dial, self._table
        peer = table.roster.get(node_id)
        ban = table.bans.of(node_id, attempt.host, now)
        if ban is not None:
            self._turn_away(peer, dial, now)
            return Refuse("banned", f"banned for {ban.reason}")
        if table.draining:
            self._turn_away(peer, dial, now)
            return Refuse("draining", "this node is being emptied")
        if peer is not None and dial is not None:
            peer.offers = attempt.offers  # proven: if it is not what it was dialed for, it is not dialed for that again
        if peer is None or not peer.linked:
            replaces, kept, slots = None, table.keeps(node_id), table.slots()
            if peer is not None and dial is not None and slots.outgoing_full:
                replaces = peer.replaces  # there may be a slot, but one that we dialed leaves for it all the same
            if not slots.may_accept(kept=kept):
                victim = self._victim_for(peer, attempt, now)
                if victim is None:
                    self._turn_away(peer, dial, now)
                    return Refuse("full", f"all {table.options.max_connected} slots are taken")
                replaces = victim.node_id
            peer = table.roster.remember(node_id, now, always=kept)
            if peer is None:
                return Refuse("full", f"all {table.options.max_known} entries are taken")
            peer.replaces = replaces
        link = Link(attempt.key, attempt.incarnation, None if dial is None else dial.endpoint)
        if peer.state is PeerState.EVICTING:
            return Refuse("evicting", "the last connection to this peer is still being closed")
        if not all(beats(link, old, self_id=table.self_id, node_id=node_id) for old in peer.links):
            return Refuse("duplicate", "another connection between these two nodes lives")
        if len(peer.links) >= MAX_LINKS:
            return Refuse("busy", f"{MAX_LINKS} connections to this peer are being sorted out")
        peer.links.append(link)
        peer.step(PeerStep.ADMIT)
        peer.seen, peer.offers, peer.host = now, attempt.offers, attempt.host
        if len(peer.links) == 1:
            peer.linked_at = now
        return Accept()

    def _turn_away(self, peer: KnownPeer | None, dial: Dial | None, now: float) -> None:
        if peer is not None and dial is not None and not peer.linked:
            peer.replaces = None
            peer.rest(now, self._table.options, self._table.rng)

    def _victim_for(self, peer: KnownPeer | None, attempt: Attempt, now: float) -> KnownPeer | None:
        """Who leaves for a peer that arrives while all slots are taken; None: nobody."""
        table = self._table
        if not table.slots().may_replace():
            return None
        needs = table.needs()
        place = lowest_place(table.roster, table.options, now, needs=needs, newcomer=peer)
        if place is None:
            return None
        if needs.requires and needs.helps(map(role_of, attempt.offers), ignoring_dials=True):
            return place.victim
        if not place.may_be_taken_by(0.0 if peer is None else peer.rank(now)):
            return None
        return None if place.free_at > now and attempt.dial is None else place.victim
