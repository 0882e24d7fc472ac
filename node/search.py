"""How a node looks for peers, as a text for errors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..discovery.pex import PexOptions
from ..discovery.shell import MdnsOptions, Peers
from ..transports.streams import Endpoint, Meeting, Transport

__all__ = ["SearchWays", "meeting_places", "search_of", "search_text"]

#: Endpoints that a text names.
NAMED = 4


class SearchWays(NamedTuple):
    """By which ways a node of that network looks; as the arguments of a node."""

    network: str
    mdns: MdnsOptions | None
    pex: PexOptions | None
    finders: tuple[str, ...]
    persistent: Sequence[Endpoint]
    seeds: Sequence[Endpoint]


def meeting_places(transports: Sequence[Transport], listen: Sequence[Endpoint]) -> tuple[str, ...]:
    """The schemes at whose places the nodes that listen there hear of each other, of those where this node listens."""
    meeting = [scheme for each in transports if isinstance(each, Meeting) for scheme in each.schemes]
    return tuple(dict.fromkeys(endpoint.scheme for endpoint in listen if endpoint.scheme in meeting))


def search_of(peers: Peers | None, ways: SearchWays) -> str:
    """How that node looks, and whether anybody was met since. `peers`: its peer manager, None before it runs.

    For each send that reaches nobody, and so without a look at all peers that it knows.
    """
    if peers is None:
        return "the node does not run: start it first"
    return search_text(
        **ways._asdict(),
        met=peers.mind.has_met,
        other_networks=peers.finders.other_networks,
        not_reached=peers.dialing.failed_dials.last,
        not_let_in=peers.dialing.refusals.last,
    )


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
    not_reached: str = "",
    not_let_in: str = "",
) -> str:
    """`this node looks for peers of the network 'prod' by mDNS on all interfaces`; where there is no way, what to do.

    `met`: it has had a peer since its start. `other_networks`: what mDNS has heard of. `not_reached`,
    `not_let_in`: why the last dial came to nothing, and the last that came while nobody was met.
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
    failed = f"; the last dial came to nothing: {not_reached}" if not_reached else ""
    failed += f"; the last node that came was not let in: {not_let_in}" if not_let_in and not met else ""
    advice = (
        ""
        if ways
        else f"; give it mdns=True, peers=[…] or finders=…, or dial it from a node of the network {network!r}"
    )
    return f"this node {looks}{none_met}{others}{failed}{advice}"


def _named(endpoints: Sequence[Endpoint]) -> str:
    more = f" and {len(endpoints) - NAMED} more" if len(endpoints) > NAMED else ""
    return ", ".join(map(str, endpoints[:NAMED])) + more
