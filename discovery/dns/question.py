"""What a finder asks the name system, and what it is answered: places, and for how long they are good."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import dns.asyncresolver
import dns.exception
import dns.message
import dns.name
import dns.rdatatype
import dns.resolver

from ...transports.streams import Endpoint, Names, Scope, scope_of_host

__all__ = ["Asker", "FoundPlaces", "Question", "parse_question"]

#: Seconds for one question, over all servers.
TIMEOUT: Final = 5.0
#: Places of one answer that are looked at: of a crowd these are as good as all.
MOST: Final = 64
#: Seconds for which nobody is there, and for which the system's own hosts file is good: these have no time of theirs.
NOBODY, HOSTS_FILE = (30.0, 30.0)


@dataclass(frozen=True, slots=True)
class Question:
    """What a URL asks: the places of an SRV record, or the addresses of a name at a `port`.

    `server`: the name server's address and port; None asks those of the system.
    """

    name: str
    kind: str
    port: int = 0
    scheme: str = "tcp"
    server: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class FoundPlaces:
    """The places, each once, and the seconds for which they are good."""

    places: tuple[Endpoint, ...]
    ttl: float


def parse_question(url: str) -> Question:
    """Read `dns://NAME?type=SRV`, `dns://NAME?type=A&port=7400`, with `&server=ADDRESS:PORT`. Raises ValueError."""
    example = "write dns://_peerbus._tcp.example.org?type=SRV, or dns://peers.example.org?type=A&port=7400"
    parts = urlsplit(url)
    wanted = dict(parse_qsl(parts.query, keep_blank_values=True))
    kind = wanted.pop("type", "SRV" if parts.netloc.startswith("_") else "A").upper()
    port, scheme, server = wanted.pop("port", ""), wanted.pop("scheme", "tcp"), wanted.pop("server", "")
    if not parts.netloc or parts.path not in ("", "/") or wanted:
        raise ValueError(f"{url!r} asks nothing that is known: {example}")
    if kind not in ("SRV", "A"):
        raise ValueError(f"{url!r} asks for {kind}: type is SRV, or A, which asks for IPv6 addresses as well")
    if (kind == "A") != bool(port):
        raise ValueError(f"{url!r}: an address has no port, and an SRV record has one: {example}")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 2**16):
        raise ValueError(f"{url!r}: port {port!r} is not a number in 1…65535")
    try:
        dns.name.from_text(parts.netloc)
    except dns.exception.DNSException as error:
        raise ValueError(f"{url!r}: {parts.netloc!r} is no name: {error}") from error
    if not Endpoint(scheme, "h", 1).direct:
        raise ValueError(f"{url!r}: endpoints of {scheme} have no address")
    return Question(parts.netloc, kind, int(port or 0), scheme, _server(url, server) if server else None)


def _server(url: str, text: str) -> tuple[str, int]:
    try:
        place = Endpoint.parse(f"tcp://{text}" if ":" in text.rpartition("]")[2] else f"tcp://{text}:53")
        return str(ipaddress.ip_address(place.host)), place.port
    except ValueError as error:
        raise ValueError(f"{url!r}: server {text!r} is no address with a port: {error}") from error


class Asker:
    """Asks one question whenever it is told to. `names` is the system's resolver, which knows its hosts file."""

    def __init__(self, question: Question, names: Names | None = None) -> None:
        self._question = question
        self._names = Names() if names is None else names

    async def ask(self) -> FoundPlaces:
        """Raises OSError where no server answers; that nobody is there is an answer."""
        # Anew each time: the system's servers change with its networks.
        try:
            resolver = dns.asyncresolver.Resolver(configure=self._question.server is None)
        except dns.resolver.NoResolverConfiguration as error:
            raise OSError(f"the system has no name server: {error}") from error
        if self._question.server is not None:
            resolver.nameservers, resolver.port = [self._question.server[0]], self._question.server[1]
        try:
            return await (self._services(resolver) if self._question.kind == "SRV" else self._addresses(resolver))
        except dns.exception.DNSException as error:
            raise OSError(str(error) or type(error).__name__) from error

    async def _services(self, resolver: dns.asyncresolver.Resolver) -> FoundPlaces:
        answer = await _resolve(resolver, self._question.name, "SRV")
        if answer is None or answer.rrset is None:
            return FoundPlaces((), NOBODY)
        ttl, found = float(answer.rrset.ttl), list[Endpoint]()
        services = sorted(answer.rrset, key=lambda each: (each.priority, -each.weight))[:MOST]
        beside = dict(_additional(answer.response))
        for service in services:
            name = service.target.to_text(omit_final_dot=True)
            if not service.port or not name:
                continue  # "." says that there is no such service (RFC 2782)
            hosts, good_for = beside.get(service.target) or await self._hosts(resolver, name)
            ttl = min(ttl, good_for)
            found += self._places(hosts, service.port)
        return FoundPlaces(tuple(dict.fromkeys(found))[:MOST], ttl)

    async def _addresses(self, resolver: dns.asyncresolver.Resolver) -> FoundPlaces:
        hosts, ttl = await self._hosts(resolver, self._question.name)
        return FoundPlaces(tuple(dict.fromkeys(self._places(hosts, self._question.port)))[:MOST], ttl)

    async def _hosts(self, resolver: dns.asyncresolver.Resolver, name: str) -> tuple[list[str], float]:
        """The addresses of a name, and for how long. What the name system does not know the hosts file may."""
        hosts: list[str] = []
        ttl = float("inf")
        for answer in await asyncio.gather(*(_resolve(resolver, name, kind) for kind in ("A", "AAAA"))):
            if answer is not None and answer.rrset is not None:
                hosts += [each.address for each in answer.rrset]
                ttl = min(ttl, float(answer.rrset.ttl))
        if not hosts and self._question.server is None:
            with contextlib.suppress(OSError, UnicodeError, TimeoutError):
                hosts, ttl = list(await self._names.find(name, timeout=TIMEOUT)), HOSTS_FILE
        return (hosts, ttl) if hosts else ([], NOBODY)

    def _places(self, hosts: list[str], port: int) -> Iterator[Endpoint]:
        for host in hosts:
            place = Endpoint(self._question.scheme, host, port)
            if place.is_place and (self._is_near or place.scope > Scope.LINK):
                yield place

    @property
    def _is_near(self) -> bool:
        """Whether what is asked may name any port of this machine.

        The port of an SRV record is its server's word: that of a service here is only for a server here to say.
        """
        server = self._question.server
        return self._question.kind == "A" or (server is not None and scope_of_host(server[0]) is Scope.MACHINE)


async def _resolve(resolver: dns.asyncresolver.Resolver, name: str, kind: str) -> dns.resolver.Answer | None:
    """None: there is no such name, or it has nothing of that kind."""
    try:
        return await resolver.resolve(name, kind, search=True, lifetime=TIMEOUT, raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN:
        return None


def _additional(response: dns.message.QueryMessage) -> Iterator[tuple[dns.name.Name, tuple[list[str], float]]]:
    """Addresses that came with the services (RFC 2782), by name."""
    found: dict[dns.name.Name, tuple[list[str], float]] = {}
    for rrset in response.additional:
        if rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
            hosts, ttl = found.get(rrset.name, ([], float("inf")))
            found[rrset.name] = ([*hosts, *(each.address for each in rrset)], min(ttl, float(rrset.ttl)))
    return iter(found.items())
