"""What the arguments of a node stand for, read where they come in."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path

from ..actors.base import ConfigError
from ..actors.engine import BLOCKING_THREADS
from ..actors.messages import Capability, Rate
from ..discovery.book import Book, MemoryBook, SqliteBook
from ..discovery.facts import MakeFinder, Require
from ..discovery.finder_kinds import make_finders
from ..discovery.mdns import MAX_NETWORK
from ..discovery.peer import PeerOptions
from ..discovery.pex import PexOptions
from ..discovery.records import AddressFilter, Advertised, check_offers_fit
from ..discovery.shell import MdnsOptions
from ..transports.kinds import read_endpoint
from ..transports.rules import PeerRates
from ..transports.streams import Endpoint

__all__ = [
    "MAX_NAME",
    "MAX_REASON",
    "MAX_THREADS",
    "advertised_of",
    "book_of",
    "capabilities_of",
    "dialed_of",
    "endpoint_of",
    "endpoints_of",
    "finders_of",
    "listed",
    "mdns_of",
    "name_of",
    "number_of",
    "network_of",
    "of_kind",
    "options_of",
    "pex_of",
    "rates_of",
    "reason_of",
    "seconds_of",
    "threads_of",
    "wrong_name",
    "wrong_network",
]

#: A name stands in every log line and in the handshake.
MAX_NAME = 64
#: Characters of a reason that an operator gives.
MAX_REASON = 200
#: Threads for functions that block: each has a stack, and a machine has some ten thousand of them for all.
MAX_THREADS = 1_024


def name_of(argument: str, text: object) -> str:
    """Read the name of a node. Raises ConfigError."""
    problem = wrong_name(text)
    if problem or not isinstance(text, str):
        raise ConfigError(f"{argument}: {problem}")
    return text


def network_of(argument: str, text: object) -> str:
    """Read the name of a network. Raises ConfigError."""
    problem = wrong_network(text)
    if problem or not isinstance(text, str):
        raise ConfigError(f"{argument}: {problem}")
    return text


def wrong_name(text: object) -> str:
    """Why this is not the name of a node; nothing where it is one."""
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_NAME or not text.isprintable():
        return f"{text!r} is not a name; write 1 to {MAX_NAME} printable characters"
    return ""


def wrong_network(text: object) -> str:
    """Why this is not the name of a network: one string of mDNS holds it, whose limit is in bytes."""
    problem = wrong_name(text)
    if problem or not isinstance(text, str):
        return problem
    size = len(text.encode())
    return f"{text!r} takes {size} bytes as UTF-8, at most {MAX_NETWORK} are allowed" if size > MAX_NETWORK else ""


def seconds_of(argument: str, seconds: object, *, zero: bool) -> float:
    """Read a time span, which may be 0 or not. Raises ConfigError."""
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        raise ConfigError(f"{argument}: {seconds!r} is no number of seconds")
    seconds = number_of(argument, seconds)
    if not (math.isfinite(seconds) and (seconds > 0 or (zero and seconds == 0))):
        raise ConfigError(f"{argument}: {seconds} is out of range; write seconds, {'0 or more' if zero else 'above 0'}")
    return seconds


def number_of(argument: str, number: object) -> float:
    """Read a number, whatever it is. Raises ConfigError."""
    if not isinstance(number, int | float) or isinstance(number, bool):
        raise ConfigError(f"{argument}: {number!r} is no number")
    try:
        return float(number)
    except OverflowError:
        raise ConfigError(f"{argument}: an integer that no float holds is out of range") from None


def reason_of(argument: str, text: object) -> str:
    """Read why an operator does something, which is logged, kept and told. Raises ConfigError."""
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_REASON or not text.isprintable():
        shown = repr(text)
        shown = shown if len(shown) <= MAX_REASON else f"{shown[:MAX_NAME]}…"
        raise ConfigError(f"{argument}: {shown} is no reason; write 1 to {MAX_REASON} printable characters")
    return text


def threads_of(argument: str, threads: object) -> int:
    """Read a number of threads; None: as many as is usual. Raises ConfigError."""
    if threads is None:
        return BLOCKING_THREADS
    if not isinstance(threads, int) or isinstance(threads, bool) or not 1 <= threads <= MAX_THREADS:
        raise ConfigError(f"{argument}: {threads!r} is out of range; write how many, 1 to {MAX_THREADS}")
    return threads


def endpoint_of(argument: str, text: object) -> Endpoint:
    """Read an endpoint that somebody gave as `argument`. Raises ConfigError."""
    if not isinstance(text, str):
        raise ConfigError(f"{argument}: {text!r} is no endpoint; write it as text, tcp://host:port")
    try:
        return read_endpoint(text)
    except ValueError as error:
        raise ConfigError(f"{argument}: {error}") from error


def dialed_of(argument: str, text: str) -> Endpoint:
    """Read an endpoint that is to be dialed. Raises ConfigError."""
    endpoint = endpoint_of(argument, text)
    if not endpoint.is_place:
        raise ConfigError(f"{argument}: {endpoint} is where a node listens, and cannot be dialed; write where it is")
    return endpoint


def endpoints_of(
    argument: str, texts: Iterable[str], read: Callable[[str, str], Endpoint] = endpoint_of
) -> tuple[Endpoint, ...]:
    """Read endpoints. Raises ConfigError."""
    if isinstance(texts, str):
        raise ConfigError(f"{argument} is a list of endpoints, [{texts!r}], not one text")
    listed(argument, texts, "endpoints")
    return tuple(read(argument, text) for text in texts)


def advertised_of(texts: Iterable[str]) -> tuple[Advertised, ...]:
    """Read what is said of where a node can be reached: endpoints, interfaces, subnets. Raises ConfigError."""
    if isinstance(texts, str):
        raise ConfigError(f"advertise is a list, [{texts!r}], not one text")
    listed("advertise", texts, "endpoints", str, "tcp://host:port")
    found: list[Advertised] = []
    for text in texts:
        try:
            found.append(dialed_of("advertise", text) if "://" in text else AddressFilter(text))
        except ValueError as error:
            raise ConfigError(f"advertise: {error}") from error
    return tuple(found)


def capabilities_of(offers: Iterable[str]) -> dict[str, Capability]:
    """Read capabilities, by role. Raises ConfigError."""
    found: dict[str, Capability] = {}
    if isinstance(offers, str):
        raise ConfigError(f"offers is a set of roles, {{{offers!r}}}, not one text")
    listed("offers", offers, "roles", str, "archive")
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


def options_of(options: PeerOptions | None, requires: Iterable[Require]) -> PeerOptions:
    """How peers are chosen, with these requirements beside those of the options. Raises ConfigError."""
    of_kind("options", options, PeerOptions, "PeerOptions(…)")
    listed("requires", requires, "requirements", Require, "Require(role=…, at_least=…)")
    options = PeerOptions() if options is None else options
    more = tuple(requires)
    return replace(options, requires=(*options.requires, *more)) if more else options


def book_of(book: str | Path | Book | None, options: PeerOptions) -> Book:
    """Where peers are remembered: in a file, where one is named, or nowhere. Raises ConfigError."""
    of_kind("book", None if hasattr(book, "load") else book, (str, Path), "the path of a file")
    if isinstance(book, str | Path):
        return SqliteBook(Path(book), most=options.max_known)
    return MemoryBook() if book is None else book


def pex_of(pex: bool | PexOptions) -> PexOptions | None:
    """The options of peer exchange that an argument stands for; None: there is none."""
    if isinstance(pex, bool):
        return PexOptions() if pex else None
    of_kind("pex", pex, PexOptions, "True or PexOptions(…)")
    return pex


def mdns_of(mdns: bool | Sequence[str]) -> MdnsOptions | None:
    """The options of multicast DNS that an argument stands for; None: there is none. Raises ConfigError."""
    if isinstance(mdns, str):
        raise ConfigError(f"mdns is True, False or a list of interfaces, [{mdns!r}], not one text")
    if not isinstance(mdns, bool):
        listed("mdns", mdns, "interfaces", str, "127.0.0.1")
    interfaces = None if isinstance(mdns, bool) else tuple(mdns)
    return MdnsOptions(interfaces=interfaces) if mdns is not False else None


def rates_of(argument: str, rates: Rate | PeerRates | None) -> PeerRates:
    """How much each peer may send, as an argument says it. Raises ConfigError."""
    of_kind(argument, rates, (Rate, PeerRates), "Rate(messages=…)")
    return rates if isinstance(rates, PeerRates) else PeerRates(rates)


def finders_of(finders: Mapping[str, MakeFinder] | Sequence[str] | None) -> dict[str, MakeFinder]:
    """What makes the finders that an argument stands for, by their sources. Raises ConfigError."""
    if isinstance(finders, Mapping):
        return dict(finders)
    if isinstance(finders, str):
        raise ConfigError(f"finders is a list of URLs, [{finders!r}], or functions by source, not one text")
    listed("finders", finders or (), "URLs", str, "dns://peers.example.org?type=A&port=7400")
    return make_finders(finders or ())


def of_kind(argument: str, value: object, kind: type | tuple[type, ...], example: str) -> None:
    """Raise ConfigError for an argument of another type; None is left out."""
    if value is not None and not isinstance(value, kind):
        raise ConfigError(f"{argument} is {value!r}; pass {example}")


def listed(argument: str, values: object, what: str, kind: type = object, example: str = "") -> None:
    """Raise ConfigError for what is no list, or has something of another type in it; an iterator is not looked into."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ConfigError(f"{argument} is a list of {what}, not {values!r}")
    if isinstance(values, Sequence | AbstractSet | Mapping):
        for value in values:
            if not isinstance(value, kind):
                raise ConfigError(f"{argument} is a list of {what}, and has {value!r}; write {example!r}")
