"""Who may come to a node, while it runs: its rules, read anew when the operator says so, and what keeps them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ...actors.base import ConfigError
from ...actors.bus import Bus
from ...actors.engine import Ref
from ...actors.sends import Outcome
from ...discovery.mind import LeverResult
from ...discovery.network import KEEPER_ACTOR, NetworkKeeper, NetworkTalk, SetRules, TakeList
from ...transports.admission import NetworkGate, RevocationList, lists_in
from .network import Network, keep_lists

__all__ = ["NetworkDoor"]


class NetworkDoor:
    """Of the node of this id. The actor runs from when the network is closed for the first time.

    Raises: ConfigError where a rule cannot be.
    """

    def __init__(self, network: Network | str, node_id: str) -> None:
        self.network = network if isinstance(network, Network) else Network(network)
        self._node_id = node_id
        self.gate = NetworkGate(self.network.rules(node_id))
        self._keeper: Ref[NetworkKeeper] | None = None
        #: Reads what the rules shall be, as a configuration that may have changed says; None: they stand here alone.
        self.written: Callable[[], Network] | None = None

    async def start(self, bus: Bus) -> None:
        """Keep the rules from now on, if there are any."""
        if not self.gate.rules.open:
            await bus.started(self._spawn(bus))

    def _spawn(self, bus: Bus) -> Ref[NetworkKeeper]:
        if self._keeper is None:
            bus.declare(NetworkTalk.channel)
            self._keeper = bus.spawn(partial(NetworkKeeper, self.gate, self._keep), name=KEEPER_ACTOR)
        return self._keeper

    def _keep(self, lists: tuple[RevocationList, ...]) -> str:
        return keep_lists(self.network.revoked_path, lists)

    def set(self, bus: Bus, network: Network) -> Outcome[LeverResult]:
        """Go by these rules from now on. Raises ConfigError where one cannot be: then all is as it was."""
        if network.name != self.network.name:
            raise ConfigError(f"the network is {self.network.name!r}; another name needs a restart")
        rules = network.rules(self._node_id)
        keeper = self._spawn(bus)
        self.network = network
        return bus.request(keeper, SetRules(rules), None, LeverResult, None)

    def reload(self, bus: Bus) -> Outcome[LeverResult]:
        """Read the rules where they are written, and their files. Raises ConfigError: then all is as it was."""
        return self.set(bus, self.network if self.written is None else self.written())

    def revoke(self, bus: Bus, listed: bytes) -> Outcome[LeverResult]:
        """Take this list of revoked certificates (PEM), and tell all peers. Raises ConfigError."""
        trust = self.gate.rules.trust
        if trust is None or self._keeper is None:
            raise ConfigError("this network has no authority, so nothing can be revoked in it")
        try:
            (found,) = lists_in(listed, trust.authorities)
        except ValueError as error:
            raise ConfigError(f"this is no list of an authority of this network: {error}") from None
        return bus.request(self._keeper, TakeList(found.der), None, LeverResult, None)
