"""What the operator may do to a running node: each lever takes effect without a restart, or says why it cannot."""

from __future__ import annotations

from abc import abstractmethod

from ...actors.base import ConfigError
from ...actors.bus import Bus
from ...actors.messages import Rate
from ...actors.sends import Outcome
from ...discovery.facts import ban_target
from ...discovery.mind import (
    AddPersistent,
    AddSeed,
    BanPeer,
    ClosePeer,
    DialPeer,
    Drain,
    ForgetPeer,
    Lever,
    LeverResult,
    RemovePersistent,
    RemoveSeed,
    SetPermissions,
    SetRates,
    SetScore,
    UnbanPeer,
)
from ...transports.rules import PeerRates, Permissions
from ..network import Network, NetworkDoor
from ..node_arguments import dialed_of, endpoint_of, number_of, of_kind, rates_of, reason_of, seconds_of
from .inspector import INSPECTOR, SetPoolMembers

__all__ = ["NodeLevers"]


class NodeLevers:
    """The levers of `Node`. Each returns the outcome of a `LeverResult`: await it, or `.get()` it from another thread.

    A caller that wants no result need not await it; the lever is pulled all the same. Each raises ConfigError for what
    is malformed, and where the node does not run.
    """

    bus: Bus
    _door: NetworkDoor

    @abstractmethod
    def _pull(self, lever: Lever) -> Outcome[LeverResult]: ...

    def dial(self, to: str) -> Outcome[LeverResult]:
        """Keep a connection to this endpoint from now on, or dial the known peer of this node id at once.

        Refused: `already`, `full`, `self`; for an id `unknown_peer`, `no_address`, `connected`, `banned`, `draining`.
        """
        return self._pull(DialPeer(dialed_of("dial", to) if "://" in to else to))

    def disconnect(self, node_id: str, reason: str = "operator") -> Outcome[LeverResult]:
        """Part with a peer; it is told the reason, and may be dialed again after a while.

        Refused: `unknown_peer`, `not_connected`.
        """
        return self._pull(ClosePeer(node_id, reason_of("disconnect", reason)))

    def ban(self, target: str, *, seconds: float | None = None, reason: str = "operator") -> Outcome[LeverResult]:
        """Have nothing to do with a node id, an IP address or a network (`10.1.0.0/16`); None: for ever.

        Done once the peer book has it: a ban survives a restart. Refused: `self`, `past`.
        """
        seconds = None if seconds is None else number_of("ban", seconds)
        try:
            return self._pull(BanPeer(ban_target(target), seconds, reason_of("ban", reason)))
        except ValueError as error:
            raise ConfigError(f"ban: {error}") from error

    def unban(self, target: str) -> Outcome[LeverResult]:
        """Lift the ban of exactly that target. Refused: `not_banned`."""
        try:
            return self._pull(UnbanPeer(ban_target(target)))
        except ValueError as error:
            raise ConfigError(f"unban: {error}") from error

    def add_persistent(self, endpoint: str) -> Outcome[LeverResult]:
        """Dial this endpoint for ever, and keep a slot for what answers. Refused: `already`, `full`, `self`."""
        return self._pull(AddPersistent(dialed_of("add_persistent", endpoint)))

    def remove_persistent(self, endpoint: str) -> Outcome[LeverResult]:
        """Insist on this endpoint no longer; a connection stays. Refused: `not_persistent`."""
        return self._pull(RemovePersistent(endpoint_of("remove_persistent", endpoint)))

    def add_seed(self, endpoint: str) -> Outcome[LeverResult]:
        """Dial this endpoint when nobody else is left to dial. Refused: `already`, `self`."""
        return self._pull(AddSeed(dialed_of("add_seed", endpoint)))

    def remove_seed(self, endpoint: str) -> Outcome[LeverResult]:
        """Take a seed back. Refused: `not_seed`."""
        return self._pull(RemoveSeed(endpoint_of("remove_seed", endpoint)))

    def set_score(self, node_id: str, score: float | None) -> Outcome[LeverResult]:
        """Fix a peer's rank, -1000 to 1000; None: what it earned counts. Refused: `unknown_peer`, `bounds`, `kept`."""
        return self._pull(SetScore(node_id, None if score is None else number_of("set_score", score)))

    def set_permissions(self, permissions: Permissions) -> Outcome[LeverResult]:
        """Let peers do this, and no more, from now on, those that are connected too. Raises ConfigError for no such."""
        of_kind("permissions", permissions, Permissions, "Permissions(…)")
        return self._pull(SetPermissions(permissions))

    def set_rates(self, rates: Rate | PeerRates | None) -> Outcome[LeverResult]:
        """How much each peer may send from now on, those that are connected too; None: as much as each channel says."""
        return self._pull(SetRates(rates_of("rates", rates)))

    def forget(self, node_id: str) -> Outcome[LeverResult]:
        """Forget a peer, and that it is the one that is taken at an address without an id, where it answered first.

        Refused: `unknown_peer`, `connected`.
        """
        return self._pull(ForgetPeer(node_id))

    def drain(self, *, within: float = 5.0) -> Outcome[LeverResult]:
        """Empty this node: dial nobody, let nobody in, part with all peers, which may finish within `within` seconds.

        Its actors run on; `undrain` ends it. Refused: `already`.
        """
        return self._pull(Drain(on=True, within=seconds_of("drain", within, zero=True)))

    def undrain(self) -> Outcome[LeverResult]:
        """Let peers in again. Refused: `already`."""
        return self._pull(Drain(on=False))

    def resize(self, pool: str, members: int) -> Outcome[LeverResult]:
        """Change how many members the pool of that name has; one that changes its size by a rule goes on from there.

        Members that leave handle what they have got. Refused: `unknown_pool`, `bounds`, and `failed` where a member
        cannot be made.
        """
        of_kind("members", members, int, "4")
        return self.bus.request(INSPECTOR, SetPoolMembers(str(pool), members), None, LeverResult, None)

    def set_network(self, network: Network) -> Outcome[LeverResult]:
        """Let in by these rules from now on, whoever is in as well; the name of the network stays.

        Raises ConfigError for rules that cannot be, and changes nothing then.
        """
        return self._door.set(self.bus, network)

    def reload_network(self) -> Outcome[LeverResult]:
        """Read the files of the rules anew: ids, keys, certificates, what is revoked. Raises as `set_network`.

        Of a node that `peerbus run` runs, its configuration too: which files these are, and the rules themselves.
        """
        return self._door.reload(self.bus)

    def revoke(self, listed: bytes) -> Outcome[LeverResult]:
        """Take what `peerbus ca revoke` wrote (PEM), and tell all peers, who part with its nodes.

        Refused: `already`. Raises ConfigError for what no authority of this network has signed.
        """
        return self._door.revoke(self.bus, listed)
