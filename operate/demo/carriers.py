"""What carries the streams of the demonstration: where its nodes listen and how they meet, by the flag's word."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = ["CARRIERS", "DEFAULT_CARRIER", "DemoCarrier"]

_BY_MDNS: Final = "by mDNS on 127.0.0.1"


@dataclass(frozen=True, slots=True)
class DemoCarrier:
    """One of them. The demonstration uses no other network than the loopback one.

    `meets`: how nodes find each other, for people. `broker`: they meet at a nats-server, and nowhere else.
    """

    listens: str
    meets: str = _BY_MDNS
    broker: bool = False

    def endpoint(self, network: str, broker: str) -> str:
        """Where the nodes of a network listen; `broker` is the `host:port` of that, empty without one."""
        return self.listens.format(network=network, broker=broker)


CARRIERS: Final = MappingProxyType(
    {
        "tcp": DemoCarrier("tcp://127.0.0.1:0"),
        "libp2p": DemoCarrier("libp2p+tcp://127.0.0.1:0"),
        "nats": DemoCarrier("nats://{broker}/{network}", "at a nats-server on 127.0.0.1", broker=True),
    }
)
DEFAULT_CARRIER: Final = "tcp"
