"""What the operator may do to the peer manager while it runs, each at once, or refused with a reason."""

# Law 1. A lever either takes effect as it returns, or says why it cannot and has changed nothing.
# Law 2. The operator's last word counts: a ban stands above a configured peer, and is lifted by nothing but its end.

from __future__ import annotations

from collections.abc import Iterable

from ...actors.base import ConfigError
from ...transports.rules import PeerRates, PeerRules, Permissions
from ...transports.streams import Endpoint
from ..facts import MAX_BANS, MAX_SCORE, MIN_SCORE, Ban, BanTarget, Changes, Refuse
from ..peer import SEED, PeerState
from .manager_state import ManagerState

__all__ = ["Levers"]


class Levers:
    """See the module. Every lever returns what follows from it, or a `Refuse`. Times are the manager's."""

    def __init__(self, state: ManagerState) -> None:
        self._state = state

    def begin(self, persistent: Iterable[Endpoint], seeds: Iterable[Endpoint], now: float) -> Changes:
        """Add those of the configuration; this node's own is in the list of all. Raises ConfigError for too many."""
        changes = Changes()
        for endpoint in persistent:
            verdict = self.add_persistent(endpoint, now)
            if not isinstance(verdict, Refuse):
                changes += verdict
            elif verdict.reason == "full":
                raise ConfigError(verdict.text)
        for endpoint in seeds:
            self.add_seed(endpoint, now)
        return changes

    def dial(self, node_id: str, now: float) -> Changes | Refuse:
        """Dial a known peer as soon as a slot is there: its waits and why it was given up are forgotten.

        Refused: `unknown_peer`, `no_address`, `connected`, `banned`, `draining`.
        """
        peer = self._state.peers.get(node_id)
        ban = self._state.bans.of(node_id, None, now)
        if peer is None:
            return self._unknown(node_id)
        if not peer.addresses:
            return Refuse("no_address", f"no address of {_short(node_id)} is known: name an endpoint")
        if peer.state is not PeerState.IDLE:
            return Refuse("connected", f"{_short(node_id)} is {peer.state.value}")
        if ban is not None:
            return Refuse("banned", f"{ban} is banned: lift that first")
        if self._state.draining:
            return Refuse("draining", "this node is being emptied: end that first")
        peer.inactive = ""
        peer.wake()
        peer.backoff.reset()
        peer.addresses.proved_stable()
        return Changes()

    def disconnect(self, node_id: str, reason: str, now: float) -> Changes | Refuse:
        """Part with a peer; it may be dialed again after the cooldown. Refused: `unknown_peer`, `not_connected`."""
        peer = self._state.peers.get(node_id)
        if peer is None:
            return self._unknown(node_id)
        changes = self._state.evict(peer, reason, now)
        return changes if changes.close else Refuse("not_connected", f"{_short(node_id)} is {peer.state.value}")

    def ban(self, target: BanTarget, until: float, reason: str, now: float) -> Changes | Refuse:
        """Have nothing to do with a node or network; connections to it are closed. Refused: `self`, `past`, `full`."""
        if target == self._state.self_id:
            return Refuse("self", "this node cannot ban itself")
        if not until > now:  # nan is no end either
            return Refuse("past", f"a ban of {until - now:g} s is over before it begins")
        if self._state.bans.is_full and not self._state.bans.has(target):
            return Refuse("full", f"{MAX_BANS} bans stand already: lift some, or ban the network around them")
        return self._state.ban(Ban(target, until, reason, now), now)

    def unban(self, target: BanTarget, now: float) -> Changes | Refuse:
        """Lift a ban of exactly that target. Refused: `not_banned`, also where a network around it is banned."""
        changes = self._state.lift(target, now)
        if changes.events:
            return changes
        host = None if isinstance(target, str) else str(target.network_address)
        around = self._state.bans.of(None, host, now)
        text = f"{target} is not banned" if around is None else f"{target} is banned as part of {around.target}"
        return Refuse("not_banned", text)

    def add_persistent(self, endpoint: Endpoint, now: float) -> Changes | Refuse:
        """Dial this address for ever and keep a slot for it; ordinary peers that hold the slot are parted with.

        Without an id in the endpoint, the node that answers there is the peer. Refused: `self`, `already`, `full`
        (slots are kept for `max_connected` peers).
        """
        state = self._state
        if endpoint.peer_id == state.self_id:
            return Refuse("self", f"{endpoint} is this node")
        most, reserved = state.options.max_connected, state.slots().reserved
        if most is not None and reserved >= most and not state.peers.is_configured(endpoint):
            return Refuse("full", f"{reserved + 1} persistent peers, but max_connected is {most}")
        if not state.peers.configure(endpoint, now):
            return Refuse("already", f"{endpoint} is a persistent peer's already")
        return state.shed("reserved", now)

    def remove_persistent(self, endpoint: Endpoint) -> Changes | Refuse:
        """Insist on this address no longer. A connection stays, in an ordinary slot. Refused: `not_persistent`."""
        if self._state.peers.unconfigure(endpoint) is None:
            return Refuse("not_persistent", f"{endpoint} is no persistent peer's address")
        return Changes()

    def add_seed(self, endpoint: Endpoint, now: float) -> Changes | Refuse:
        """Dial this address when nobody else is left to dial. Refused: `self`, `already`."""
        if endpoint.peer_id == self._state.self_id:
            return Refuse("self", f"{endpoint} is this node")
        if not self._state.peers.configure(endpoint, now, SEED):
            return Refuse("already", f"{endpoint} is a seed's already")
        return Changes()

    def remove_seed(self, endpoint: Endpoint) -> Changes | Refuse:
        """Take a seed back. Refused: `not_seed`."""
        if self._state.peers.unconfigure(endpoint, SEED) is None:
            return Refuse("not_seed", f"{endpoint} is no seed's address")
        return Changes()

    def set_score(self, node_id: str, score: float | None) -> Changes | Refuse:
        """Fix a peer's rank, whatever it does; None: what it earned counts again.

        Refused: `unknown_peer`, `bounds`, `kept` (a persistent or unconditional peer has the highest rank anyhow).
        """
        peer = self._state.peers.get(node_id)
        if peer is None:
            return self._unknown(node_id)
        if score is not None and not MIN_SCORE <= score <= MAX_SCORE:
            return Refuse("bounds", f"a score is {MIN_SCORE} to {MAX_SCORE}, not {score}")
        if peer.kept:
            return Refuse("kept", f"a slot is kept for {_short(node_id)}: it has the highest rank")
        peer.fixed_score = score
        return Changes()

    def forget(self, node_id: str, now: float) -> Changes | Refuse:
        """Forget a peer, its score and addresses, and that it is the one that is taken where it answered first.

        What the configuration says of it stays. Refused: `unknown_peer`, `connected`.
        """
        peer = self._state.peers.get(node_id)
        if peer is not None and peer.linked:
            return Refuse("connected", f"{_short(node_id)} is connected: part with it or ban it first")
        unpinned = self._state.peers.unpin(node_id, now)
        if peer is None and not unpinned:
            return self._unknown(node_id)
        if peer is not None and peer.state is PeerState.IDLE and not peer.kept:
            self._state.peers.forget(node_id)
        return Changes()

    @property
    def rules(self) -> PeerRules:
        """What peers may do, and how much they may send, as the two that follow have set it."""
        return self._state.peers.rules

    def set_permissions(self, permissions: Permissions) -> Changes | Refuse:
        """Let peers do this from now on; whose connection is open is judged anew."""
        self._state.peers.rules.set(permissions)
        return Changes()

    def set_rates(self, rates: PeerRates) -> Changes | Refuse:
        """Say how much peers may send from now on."""
        self._state.peers.rules.set(rates=rates)
        return Changes()

    def drain(self, on: bool, now: float) -> Changes | Refuse:
        """Empty this node: dial nobody, let nobody in, part with everybody; or end that. Refused: `already`."""
        if self._state.draining == on:
            return Refuse("already", "this node is being emptied" if on else "this node is not being emptied")
        self._state.draining = on
        changes = Changes()
        for peer in tuple(self._state.peers) if on else ():
            changes += self._state.evict(peer, "draining", now)
        return changes

    def _unknown(self, node_id: str) -> Refuse:
        return Refuse("unknown_peer", f"{_short(node_id)} is not known, among {len(self._state.peers)} peers that are")


def _short(node_id: str) -> str:
    return f"{node_id[:8]}…" if len(node_id) > 8 else node_id
