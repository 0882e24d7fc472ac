"""What the arguments of a node stand for, read where they come in."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from ..actors.capability import Capability
from ..actors.errors import ConfigError
from ..discovery.finders import MdnsOptions
from ..discovery.own_record import check_offers_fit, names_a_place
from ..discovery.pex_options import PexOptions
from ..transports.endpoint import Endpoint

__all__ = [
    "MAX_NAME",
    "capabilities_of",
    "dialed_of",
    "endpoint_of",
    "endpoints_of",
    "mdns_of",
    "name_of",
    "pex_of",
    "seconds_of",
]

#: A name stands in every log line and in the handshake, a network's name also in one mDNS string.
MAX_NAME = 64


def name_of(argument: str, text: str) -> str:
    """Read the name of a node or of a network. Raises ConfigError."""
    if not text.strip() or len(text) > MAX_NAME or not text.isprintable():
        raise ConfigError(f"{argument}: {text!r} is not a name; write 1 to {MAX_NAME} printable characters")
    return text


def seconds_of(argument: str, seconds: float, *, zero: bool) -> float:
    """Read a time span, which may be 0 or not. Raises ConfigError."""
    if not (math.isfinite(seconds) and (seconds > 0 or (zero and seconds == 0))):
        raise ConfigError(f"{argument}: {seconds} is out of range; write seconds, {'0 or more' if zero else 'above 0'}")
    return seconds


def endpoint_of(argument: str, text: str) -> Endpoint:
    """Read an endpoint that somebody gave as `argument`. Raises ConfigError."""
    try:
        return Endpoint.parse(text)
    except ValueError as error:
        raise ConfigError(f"{argument}: {error}") from error


def dialed_of(argument: str, text: str) -> Endpoint:
    """Read an endpoint that is to be dialed. Raises ConfigError."""
    endpoint = endpoint_of(argument, text)
    if not names_a_place(endpoint):
        raise ConfigError(f"{argument}: {endpoint} is where a node listens, and cannot be dialed; write where it is")
    return endpoint


def endpoints_of(
    argument: str, texts: Iterable[str], read: Callable[[str, str], Endpoint] = endpoint_of
) -> tuple[Endpoint, ...]:
    """Read endpoints. Raises ConfigError."""
    if isinstance(texts, str):
        raise ConfigError(f"{argument} is a list of endpoints, [{texts!r}], not one text")
    return tuple(read(argument, text) for text in texts)


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
    """The options of multicast DNS that an argument stands for; None: there is none. Raises ConfigError."""
    if isinstance(mdns, str):
        raise ConfigError(f"mdns is True, False or a list of interfaces, [{mdns!r}], not one text")
    interfaces = None if isinstance(mdns, bool) else tuple(mdns)
    return MdnsOptions(interfaces=interfaces) if mdns is not False else None
