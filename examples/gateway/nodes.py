"""The nodes: a gateway, and workers. They find each other by mDNS; nobody is told an address."""

from __future__ import annotations

from peerbus.actors import Pool
from peerbus.node import Node

from .desk import Desk, Reports
from .worker import ROLE, Worker


def gateway_node(network: str, *, here: bool) -> Node:
    """`here`: on this machine only, else on the LAN."""
    return Node("gateway", network=network, listen=listen(here), mdns=mdns(here), reactors=[Reports, Desk])


def worker_node(name: str, jobs: int, network: str, *, here: bool) -> Node:
    """`jobs`: how many it does at a time."""
    pool = Pool(Worker, members=jobs, prefetch=0)  # a free one takes the next job, and none before
    told = [Reports.channel]  # whom it talks to
    return Node(
        name, network=network, listen=listen(here), mdns=mdns(here), offers=[ROLE], reactors=[pool], channels=told
    )


def listen(here: bool) -> list[str]:
    return ["tcp://127.0.0.1:0" if here else "tcp://0.0.0.0:0"]


def mdns(here: bool) -> bool | list[str]:
    return ["127.0.0.1"] if here else True
