"""What the arguments of a node stand for, read where they come in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..actors.capability import Capability
from ..actors.errors import ConfigError
from ..discovery.finders import MdnsOptions
from ..discovery.own_record import check_offers_fit
from ..discovery.pex_options import PexOptions
from ..transports.endpoint import Endpoint

__all__ = ["capabilities_of", "endpoint_of", "mdns_of", "pex_of"]


def endpoint_of(argument: str, text: str) -> Endpoint:
    """Read an endpoint that somebody gave as `argument`. Raises ConfigError."""
    try:
        return Endpoint.parse(text)
    except ValueError as error:
        raise ConfigError(f"{argument}: {error}") from error


def capabilities_of(offers: Iterable[str]) -> dict[str, Capability]:
    """Read capabilities, by role. Raises ConfigError."""
    found: dict[str, Capability] = {}
    if isinstance(offers, str):
        raise ConfigError(f"offers is a set of roles, {{{offers!r}}}, not one text")
    for text in sorted(offers):
        try:
            capability = Capability.parse(text)
        except ValueError as error:
            raise ConfigError(f"offers: {error}") from error
        if capability.role in found:
            raise ConfigError(f"offers: the role {capability.role!r} stands there twice")
        found[capability.role] = capability
    check_offers_fit(found.values())
    return found


def pex_of(pex: bool | PexOptions) -> PexOptions | None:
    """The options of peer exchange that an argument stands for; None: there is none."""
    if isinstance(pex, bool):
        return PexOptions() if pex else None
    return pex


def mdns_of(mdns: bool | Sequence[str]) -> MdnsOptions | None:
    """The options of multicast DNS that an argument stands for; None: there is none."""
    interfaces = None if isinstance(mdns, bool) else tuple(mdns)
    return MdnsOptions(interfaces=interfaces) if mdns is not False else None
