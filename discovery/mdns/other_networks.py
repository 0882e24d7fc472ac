"""Other networks that are spoken of by multicast DNS: each is told once, as far as they are few."""

from __future__ import annotations

from ...actors.base import get_logger, printable
from .service_record import MAX_NETWORK

__all__ = ["MAX_OTHERS", "OtherNetworks"]

log = get_logger("peerbus.discovery")

#: Other networks that are named; a program that speaks mDNS can make up any number of them.
MAX_OTHERS = 16


class OtherNetworks:
    """Those that the node `node` of `network` has heard of."""

    def __init__(self, node: str, network: str) -> None:
        self._node = node
        self._network = network
        self._heard: dict[str, None] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """At most `MAX_OTHERS`, in the order in which they were heard."""
        return tuple(self._heard)

    def heard(self, network: str) -> None:
        """Somebody is there, and in another network."""
        network = printable(network)[:MAX_NETWORK]
        if network in self._heard or len(self._heard) >= MAX_OTHERS:
            return
        self._heard[network] = None
        log.warning(
            "another network on mdns, its nodes are no peers of this one",
            node=self._node,
            network=self._network,
            heard=network,
            **({"hint": "no more of them are told"} if len(self._heard) == MAX_OTHERS else {}),
        )
