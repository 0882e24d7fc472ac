"""How a node looks for peers, as a text for errors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..discovery.pex import PexOptions
from ..discovery.shell import MdnsOptions
from ..transports.streams import Endpoint

__all__ = ["search_text"]

#: Endpoints that a text names.
NAMED = 4


def search_text(
    network: str,
    *,
    mdns: MdnsOptions | None,
    pex: PexOptions | None,
    finders: Iterable[str],
    persistent: Sequence[Endpoint],
    seeds: Sequence[Endpoint],
    met: bool,
    other_networks: Sequence[str] = (),
) -> str:
    """`this node looks for peers of the network 'prod' by mDNS on all interfaces`; where there is no way, what to do.

    `met`: it has had a peer since its start. `other_networks`: what mDNS has heard of.
    """
    ways = []
    if mdns is not None:
        ways.append(f"by mDNS on {'all interfaces' if mdns.interfaces is None else ', '.join(mdns.interfaces)}")
    ways += [f"by {source}" for source in finders]
    if persistent:
        ways.append(f"at {_named(persistent)}")
    if seeds:
        ways.append(f"at the seeds {_named(seeds)}")
    if ways and pex is not None:
        ways.append("by asking peers for theirs")
    looks = f"looks for peers of the network {network!r} {', '.join(ways)}" if ways else "looks for no peers"
    none_met = "" if met else ", and has met none since its start"
    others = f"; mDNS has heard of other networks: {', '.join(map(repr, other_networks))}" if other_networks else ""
    advice = (
        ""
        if ways
        else f"; give it mdns=True, peers=[…] or finders=…, or dial it from a node of the network {network!r}"
    )
    return f"this node {looks}{none_met}{others}{advice}"


def _named(endpoints: Sequence[Endpoint]) -> str:
    more = f" and {len(endpoints) - NAMED} more" if len(endpoints) > NAMED else ""
    return ", ".join(map(str, endpoints[:NAMED])) + more
