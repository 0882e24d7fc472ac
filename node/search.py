"""How a node looks for peers, as a text for errors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..discovery.pex import PexOptions
from ..discovery.shell import MdnsOptions
from ..transports.streams import Endpoint

__all__ = ["ways_to_peers"]

#: Endpoints that a text names.
NAMED = 4


def ways_to_peers(
    *,
    mdns: MdnsOptions | None,
    pex: PexOptions | None,
    finders: Iterable[str],
    persistent: Sequence[Endpoint],
    seeds: Sequence[Endpoint],
) -> str:
    """`by mDNS on all interfaces, at tcp://10.0.0.2:7400`; where there is no way, what the program may write."""
    ways = []
    if mdns is not None:
        ways.append(f"by mDNS on {'all interfaces' if mdns.interfaces is None else ', '.join(mdns.interfaces)}")
    ways += [f"by {source}" for source in finders]
    if persistent:
        ways.append(f"at {_named(persistent)}")
    if seeds:
        ways.append(f"at the seeds {_named(seeds)}")
    if not ways:
        return "in no way: mdns=True, peers=[…] or finders=… would; it knows only nodes that dial it"
    if pex is not None:
        ways.append("by asking peers for theirs")
    return ", ".join(ways)


def _named(endpoints: Sequence[Endpoint]) -> str:
    more = f" and {len(endpoints) - NAMED} more" if len(endpoints) > NAMED else ""
    return ", ".join(map(str, endpoints[:NAMED])) + more
