"""The nodes of a cache. They find each other by mDNS; nobody is told an address."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from peerbus.node import Node

from .client import Cache
from .replica import REPLICA, Replica


def replica_node(name: str, path: Path | None, network: str, *, here: bool) -> Node:
    """`path`: where it remembers; None: in memory. `here`: on this machine only, else on the LAN."""
    reactors = [partial(Replica, path)]
    return Node(name, network=network, listen=listen(here), mdns=mdns(here), offers=[REPLICA], reactors=reactors)


def client_node(replicas: int, network: str, *, here: bool) -> Node:
    return Node("client", network=network, listen=listen(here), mdns=mdns(here), reactors=[partial(Cache, replicas)])


def listen(here: bool) -> list[str]:
    return ["tcp://127.0.0.1:0" if here else "tcp://0.0.0.0:0"]


def mdns(here: bool) -> bool | list[str]:
    return ["127.0.0.1"] if here else True
