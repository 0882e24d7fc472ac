"""The nodes of a sensor network. They find each other by mDNS; nobody is told an address."""

from __future__ import annotations

from functools import partial

from peerbus.discovery import PeerOptions, Require
from peerbus.node import Node

from .aggregator import AGGREGATOR, Aggregator
from .sensor import SENSOR, Sensor

#: A sensor dials nobody: whoever wants to know something of it does. So sensors do not all talk to each other.
LEAF = PeerOptions(max_outgoing=0)
#: An aggregator keeps a connection with every sensor there is.
HUB = PeerOptions(max_known=2000, max_connected=1000, max_outgoing=1000)
#: What a kind of sensor measures, about.
LEVELS = {"temperature": 21.0, "humidity": 45.0}


def sensor_node(name: str, region: str, kind: str, network: str, *, here: bool, silent: bool = False) -> Node:
    """`here`: on this machine only, else on the LAN. `silent`: it is one that does not answer."""
    sensor = partial(Sensor, LEVELS.get(kind, 0.0), silent=silent)
    offers = [f"{SENSOR}{{kind={kind},region={region}}}"]
    return Node(
        name, network=network, listen=listen(here), mdns=mdns(here), offers=offers, reactors=[sensor], options=LEAF
    )


def aggregator_node(region: str, network: str, *, here: bool) -> Node:
    return Node(
        f"{region}-aggregator",
        network=network,
        listen=listen(here),
        mdns=mdns(here),
        offers=[f"{AGGREGATOR}{{region={region}}}"],
        reactors=[partial(Aggregator, region)],
        options=HUB,
    )


def desk_node(network: str, *, here: bool) -> Node:
    """It talks to aggregators, and runs nothing itself. However many sensors it finds: it needs an aggregator."""
    return Node(
        "desk",
        network=network,
        listen=listen(here),
        mdns=mdns(here),
        channels=[Aggregator.channel],
        requires=[Require(role=AGGREGATOR, at_least=1)],
    )


def listen(here: bool) -> list[str]:
    return ["tcp://127.0.0.1:0" if here else "tcp://0.0.0.0:0"]


def mdns(here: bool) -> bool | list[str]:
    return ["127.0.0.1"] if here else True
