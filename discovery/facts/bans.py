"""What this node has nothing to do with: bans by node id and by network, each with a reason and an end."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from ...actors.base import is_node_id

__all__ = ["CONFIGURED_BAN", "MAX_BANS", "Ban", "BanTarget", "Bans", "Network", "ban_target"]

#: More entries than any operator writes, and as many that this node makes itself: of those the one that ends first
#: makes room, so that no number of strangers with fresh keys lifts a ban of the operator's.
MAX_BANS = 4096
#: The reason of a ban that stands in the configuration; no book keeps it.
CONFIGURED_BAN = "configuration"

#: Bits of an IPv6 address that stand before an IPv4 one (RFC 4291 §2.5.5.2).
_MAPPED_BITS = 96

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
#: A node id, or a network; one address is the network of that address alone.
BanTarget = str | Network


@dataclass(frozen=True, slots=True)
class Ban:
    """`until`, and `made` where known, are on the clock of its maker: the manager's, or the book's. inf is for ever.

    `automatic`: this node made it by itself, for what a peer did; else it is the operator's word.
    """

    target: BanTarget
    until: float
    reason: str
    made: float | None = field(default=None, compare=False)
    automatic: bool = False

    def __str__(self) -> str:
        return f"{self.target} ({self.reason})"


def ban_target(text: str) -> BanTarget:
    """Read a node id, an IP address or a network (`10.1.0.0/16`). Raises ValueError for anything else.

    An IPv4 address that is written as an IPv6 one is the IPv4 one, as those that come from there are.
    """
    if is_node_id(text):
        return text
    address, slash, length = text.partition("/")
    try:
        network = ipaddress.ip_network(f"{address.partition('%')[0]}{slash}{length}", strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is no node id (64 hex digits), IP address or network (10.1.0.0/16)") from None
    mapped = network.network_address.ipv4_mapped if isinstance(network, ipaddress.IPv6Network) else None
    return network if mapped is None else ipaddress.ip_network((mapped, network.prefixlen - _MAPPED_BITS))


class Bans:
    """At most `MAX_BANS` of the operator's, and as many automatic ones; one that has ended is as good as gone.

    A target has one ban: an automatic one never stands in the place of the operator's.
    """

    __slots__ = ("_automatic", "_networks", "_nodes", "_prefixes")

    def __init__(self) -> None:
        self._nodes: dict[str, Ban] = {}
        self._networks: dict[Network, Ban] = {}
        #: Those of them that are automatic.
        self._automatic: dict[BanTarget, None] = {}
        #: How many networks there are of each version and length: a look-up is one question for each.
        self._prefixes: dict[tuple[int, int], int] = {}

    def __iter__(self) -> Iterator[Ban]:
        yield from self._nodes.values()
        yield from self._networks.values()

    def __len__(self) -> int:
        return len(self._nodes) + len(self._networks)

    def add(self, ban: Ban, now: float) -> tuple[BanTarget, ...]:
        """Enter a ban in the place of an older one of the same target; returns the targets that made room.

        Raises ValueError for one more of the operator's than there may be: see `is_full`.
        """
        gone = self.expire(now)
        there = self._of(ban.target)
        if ban.automatic:
            if there is not None and not there.automatic:
                return gone
            if there is None and len(self._automatic) >= MAX_BANS:
                first = min(self._automatic, key=self._until)
                self.lift(first)
                gone = (*gone, first)
            self._automatic[ban.target] = None
        else:
            if self.is_full and (there is None or there.automatic):
                raise ValueError(f"{MAX_BANS} bans stand already")
            self._automatic.pop(ban.target, None)
        if isinstance(ban.target, str):
            self._nodes[ban.target] = ban
        else:
            if ban.target not in self._networks:
                key = (ban.target.version, ban.target.prefixlen)
                self._prefixes[key] = self._prefixes.get(key, 0) + 1
            self._networks[ban.target] = ban
        return gone

    @property
    def is_full(self) -> bool:
        """Whether the operator has as many as there may be."""
        return len(self) - len(self._automatic) >= MAX_BANS

    def has(self, target: BanTarget) -> bool:
        """Whether the operator has banned exactly that."""
        ban = self._of(target)
        return ban is not None and not ban.automatic

    def _of(self, target: BanTarget) -> Ban | None:
        return self._nodes.get(target) if isinstance(target, str) else self._networks.get(target)

    def _until(self, target: BanTarget) -> float:
        ban = self._of(target)
        return -math.inf if ban is None else ban.until

    def lift(self, target: BanTarget) -> bool:
        """End a ban; False if there is none."""
        self._automatic.pop(target, None)
        if isinstance(target, str):
            return self._nodes.pop(target, None) is not None
        if self._networks.pop(target, None) is None:
            return False
        key = (target.version, target.prefixlen)
        self._prefixes[key] -= 1
        if not self._prefixes[key]:
            del self._prefixes[key]
        return True

    def expire(self, now: float) -> tuple[BanTarget, ...]:
        """Drop what has ended; returns whose ban that was."""
        ended = tuple(ban.target for ban in self if ban.until <= now)
        for target in ended:
            self.lift(target)
        return ended

    def of(self, node_id: str | None, host: str | None, now: float) -> Ban | None:
        """The ban that holds for a node at a host, if one does. A host that is a name is in no network."""
        ban = self._nodes.get(node_id) if node_id is not None else None
        if ban is not None and ban.until > now:
            return ban
        if host is None or not self._networks:
            return None
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return None
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        for version, length in self._prefixes:
            if version == address.version:
                ban = self._networks.get(_network(address, length))
                if ban is not None and ban.until > now:
                    return ban
        return None

    def next_end(self) -> float:
        """When the first of them ends; inf if none does."""
        return min((ban.until for ban in self), default=math.inf)


def _network(address: ipaddress.IPv4Address | ipaddress.IPv6Address, length: int) -> Network:
    return ipaddress.ip_network(f"{str(address).partition('%')[0]}/{length}", strict=False)
