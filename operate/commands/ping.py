"""`peerbus ping`: whether a node answers at a place."""

from __future__ import annotations

import argparse
import asyncio

from ...node.node_arguments import dialed_of
from ...node.ping import ping
from .terminal import Terminal
from .units import seconds_in

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `peerbus ping`."""
    parser.epilog = (
        "Prints its id, which it proves over TCP. It is not joined, and no key is needed: for probes of its health.\n"
        "Of a network that asks for a key or a certificate this is said; the node has answered, and that is status 0."
    )
    parser.add_argument("endpoint", metavar="ENDPOINT", help="tcp://host:port, tcp://<node id>@host:port, unix:///path")
    parser.add_argument(
        "--timeout", metavar="TIME", default="3", help="how long to wait: 5, 300ms, 2m (default: %(default)s)"
    )


def run(options: argparse.Namespace) -> int:
    """See whether it does; return the exit status. Raises DialFailed, HandshakeFailed, ProtocolError, ConfigError."""
    endpoint = dialed_of("ENDPOINT", options.endpoint)
    answered = asyncio.run(ping(endpoint, timeout=seconds_in("--timeout", options.timeout)))
    who = answered.node_id or "a node (a Unix socket proves no id)"
    asks = f"; its network asks for {answered.asks}" if answered.asks else ""
    Terminal().say(f"{endpoint.without_peer()}: {who} answered in {answered.seconds * 1000:.1f} ms{asks}")
    return 0
