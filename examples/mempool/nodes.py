"""The nodes: miners, and those that only bring a transaction to one."""

from __future__ import annotations

from collections.abc import Sequence

from peerbus.node import Node

from .mempool import MINER, Held, Mempool


def miner_node(name: str, network: str, *, here: bool, peers: Sequence[str] = (), mdns: bool = True) -> Node:
    """`here`: on this machine only, else on the LAN. `peers`: whom it dials; `mdns`: it finds others by itself too."""
    return Node(
        name,
        network=network,
        listen=["tcp://127.0.0.1:0" if here else "tcp://0.0.0.0:0"],
        mdns=["127.0.0.1"] if here and mdns else mdns,
        peers=peers,
        offers=[MINER],
        reactors=[Held, Mempool],
    )


def wallet_node(network: str, *, here: bool, peers: Sequence[str] = ()) -> Node:
    """It talks to miners, and is none. Where it has `peers` it looks for no others."""
    mdns = ["127.0.0.1"] if here else True
    return Node("wallet", network=network, mdns=False if peers else mdns, peers=peers, channels=[Mempool.channel])
