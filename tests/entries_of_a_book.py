"""Entries of a peer book, and books in files."""

from __future__ import annotations

import ipaddress
import math

from peerbus.discovery.book.book import AddressEntry, PeerEntry
from peerbus.discovery.facts.bans import Ban
from peerbus.discovery.facts.scores import ScoreReason
from peerbus.transports.streams.endpoint import Endpoint


def node(number: int) -> str:
    return f"{number:064x}"


def entry(number: int, *, last_connected: float | None = 5e8) -> PeerEntry:
    return PeerEntry(
        node_id=node(number),
        seen=1e9 + number,
        last_connected=last_connected,
        inactive="network",
        fixed_score=3.5,
        points=((ScoreReason.USEFUL, 2.0), (ScoreReason.TOO_SOON, -5.0)),
        points_at=1e9,
        roles=("archive",),
        offers=("archive{from=1000}", "index"),
        told_by=node(77),
        told_from="10.9.0.0/16",
        connected_for=61.5,
        record=b"\x00signed",
        addresses=(
            AddressEntry(
                endpoint=Endpoint.parse("tcp://10.0.0.1:7000"), sources=("mdns",), last_success=5e8, failures=2
            ),
            AddressEntry(endpoint=Endpoint.parse("tcp://a.name:7000"), sources=(), last_failure=6e8),
        ),
    )


BANS = (Ban(node(9), math.inf, "operator"), Ban(ipaddress.ip_network("10.0.0.0/8"), 2e9, "flood"))
