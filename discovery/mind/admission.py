"""Whether a connection whose other side has said, and nearly always proved, its id may live."""

# The questions, in their order: is it the node that was dialed; is it banned; is the node being emptied; is there a
# slot, or somebody who leaves for it; and beside other connections to the same peer, does it win.

from __future__ import annotations

from ...transports.streams import id_mismatch
from ..facts import Accept, Attempt, Dial, PeerConnectionView, Refuse, Verdict
from ..peer import REACHED, KnownPeer, PeerState, PeerStep
from .advertising import role_of
from .crowds import crowd_of
from .duplicates import beats
from .eviction import at_address, crowded_out, makes_room
from .manager_state import ManagerState
from .requirements import Needs
from .upgrade import next_upgrade

__all__ = ["Admission"]

#: A simultaneous dial makes two, an address that turns out to be a known peer one more on each side.
MAX_CONNECTIONS = 4


class Admission:
    """Judges attempts, and enters those that it accepts in the table."""

    def __init__(self, state: ManagerState) -> None:
        self._state = state

    def judge(self, attempt: Attempt, dialed: KnownPeer | None, now: float) -> Verdict:
        """`dialed`: the peer whose dial this is, None where that dial was given up or the peer dialed us."""
        dial, node_id, peers = attempt.dial, attempt.node_id, self._state.peers
        myself = self._state.self_id
        if dial is not None:
            if dialed is None:
                return Refuse("stale_dial", "that dial was given up")
            if node_id == myself:
                if dial.endpoint.is_name:
                    dialed.address_failed(dial, now, self._state.options, self._state.rng)
                else:
                    peers.is_self(dialed, dial.endpoint)
            elif dial.node_id is None:
                if not dial.endpoint.is_name:
                    peers.answered(dial.endpoint, node_id, now)
            elif (another := id_mismatch(dial.node_id, node_id)) is not None:
                dialed.replaces = dialed.replaces if dialed.linked else None
                if not peers.is_other(dialed, dial.endpoint, now):
                    dialed.address_failed(dial, now, self._state.options, self._state.rng)
                return Refuse("node_id", another)
        if node_id == myself:
            return Refuse("self_dial", "this node does not connect to itself")
        if dial is None or dialed is None or dial.node_id is not None or not dial.endpoint.is_name:
            return self._admit(attempt, now)
        verdict = self._admit(attempt, now, kept=dialed.kept)
        # A name leads to other nodes too: only one that is let in, or is here already, is what it means.
        if isinstance(verdict, Accept) or verdict.reason == "duplicate":
            if peers.answered(dial.endpoint, node_id, now) is dialed:
                # a seed's stays a name
                dialed.rest(now, self._state.options, self._state.rng, visited=True)
        elif not attempt.more:
            dialed.address_failed(dial, now, self._state.options, self._state.rng)
        return verdict

    def _admit(self, attempt: Attempt, now: float, *, kept: bool = False) -> Verdict:
        node_id, dial, state = attempt.node_id, attempt.dial, self._state
        peer = state.peers.get(node_id)
        ban = state.bans.of(node_id, attempt.host, now)
        if ban is not None:
            self._turn_away(peer, dial, now)
            return Refuse("banned", f"banned for {ban.reason}")
        if state.draining:
            self._turn_away(peer, dial, now)
            return Refuse("draining", "this node is being emptied")
        if peer is not None and dial is not None:
            peer.offers = attempt.offers  # proven: if it is not what it was dialed for, it is not dialed for that again
        if peer is None or not peer.linked:
            replaces, kept, slots = None, kept or state.keeps(node_id), state.slots()
            if peer is not None and dial is not None and slots.outgoing_full:
                replaces = peer.replaces  # there may be a slot, but one that we dialed leaves for it all the same
            crowd = attempt.host if dial is None and not kept else None
            most = state.options.max_per_address
            if most is not None and at_address(state.peers, crowd) >= most:
                return Refuse("full", f"all {most} places for peers at one address are taken")
            if not slots.may_accept(kept=kept):
                victim = self._victim_for(peer, attempt, now)
                if victim is None:
                    self._turn_away(peer, dial, now)
                    return Refuse("full", f"all {state.options.max_connected} slots are taken")
                replaces = victim.node_id
            peer = state.peers.remember(node_id, now, always=kept, crowd=crowd_of(attempt.host))
            if peer is None:
                return Refuse("full", f"all {state.options.max_known} entries are taken")
            peer.replaces = replaces
        endpoint = None if dial is None else dial.endpoint
        if attempt.place is not None and dial is not None and peer.addresses.find(dial.endpoint) is None:
            endpoint = attempt.place
            peer.addresses.add(endpoint, REACHED)
        connection = PeerConnectionView(attempt.key, attempt.incarnation, endpoint, attempt.proven)
        if peer.state is PeerState.EVICTING:
            return Refuse("evicting", "the last connection to this peer is still being closed")
        if not all(beats(connection, old, self_id=state.self_id, node_id=node_id) for old in peer.connections):
            return Refuse("duplicate", "another connection between these two nodes lives")
        if len(peer.connections) >= MAX_CONNECTIONS:
            return Refuse("busy", f"{MAX_CONNECTIONS} connections to this peer are being sorted out")
        peer.connections.append(connection)
        peer.step(PeerStep.ADMIT)
        peer.seen, peer.offers, peer.host = now, attempt.offers, attempt.host
        peer.epoch = attempt.epoch - now if attempt.epoch else None
        if len(peer.connections) == 1:
            peer.linked_at = now
        return Accept()

    def _turn_away(self, peer: KnownPeer | None, dial: Dial | None, now: float) -> None:
        if peer is not None and dial is not None and not peer.linked:
            peer.replaces = None
            peer.rest(now, self._state.options, self._state.rng)

    def _victim_for(self, peer: KnownPeer | None, attempt: Attempt, now: float) -> KnownPeer | None:
        """The peer that leaves for one that arrives while all slots are taken; None: none."""
        state = self._state
        slots = state.slots()
        if not slots.may_replace():
            return None
        needs = state.needs()
        victim = self._lesser_than(peer, attempt, now, needs)
        if victim is not None:
            return victim
        if attempt.dial is None:
            return crowded_out(state.peers, attempt.host, now, needs=needs)
        return makes_room(state.peers, now, needs=needs, newcomer=peer) if slots.outgoing_reserved else None

    def _lesser_than(self, peer: KnownPeer | None, attempt: Attempt, now: float, needs: Needs) -> KnownPeer | None:
        """The peer that is worth less than the newcomer, or less needed."""
        state = self._state
        upgrade = next_upgrade(state.peers, state.options, now, needs=needs, newcomer=peer)
        if upgrade is None:
            return None
        if needs.requires and needs.helps(map(role_of, attempt.offers), ignoring_dials=True):
            return upgrade.victim
        if not upgrade.allows(0.0 if peer is None else peer.rank(now)):
            return None
        return None if upgrade.free_at > now and attempt.dial is None else upgrade.victim
