"""The nodes of a job queue. They find each other by mDNS; nobody is told an address."""

from __future__ import annotations

from functools import partial

from peerbus.actors import Pool
from peerbus.node import Node

from .office import Office
from .worker import ROLE, Worker


def office_node(network: str, *, here: bool) -> Node:
    """`here`: on this machine only, else on the LAN."""
    return Node("office", network=network, listen=listen(here), mdns=mdns(here), reactors=[Office])


def worker_node(name: str, network: str, *, pool: int, seconds: float, here: bool) -> Node:
    """`pool`: how many frames it renders at a time."""
    workers = Pool(partial(Worker, seconds), members=pool, prefetch=0)  # a free one takes the next frame, none before
    offers = [f"{ROLE}{{slots={pool}}}"]
    return Node(
        name, network=network, listen=listen(here), mdns=mdns(here), offers=offers, reactors=[workers],
        channels=[Office.channel],
    )  # fmt: skip


def listen(here: bool) -> list[str]:
    return ["tcp://127.0.0.1:0" if here else "tcp://0.0.0.0:0"]


def mdns(here: bool) -> bool | list[str]:
    return ["127.0.0.1"] if here else True
