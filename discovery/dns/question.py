"""What a finder asks the name system, and what it is answered: places, and for how long they are good."""

# Law 1. An answer is good for the least time (TTL) of all that it took: of its aliases, its hosts, and where nobody is
#        there, of what says so (RFC 2308), NOBODY at most.
# Law 2. What cannot be asked takes nothing away from what can: of a host that no server tells the last addresses stand
#        in, for an hour (RFC 8767), and all is asked again after PARTLY.

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, cast
from urllib.parse import parse_qsl, urlsplit

import dns.asyncresolver
import dns.exception
import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.resolver
import dns.rrset

from ...transports.kinds import kind_of
from ...transports.streams import Endpoint, Names, Scope, scope_of_host
from .short_answers import ShortAnswers

if TYPE_CHECKING:
    from dns._asyncbackend import Backend

__all__ = ["Asker", "FoundPlaces", "Question", "parse_question"]

#: Seconds for one question, over all servers.
TIMEOUT: Final = 5.0
#: Places of one answer that are looked at: of a crowd these are as good as all.
MOST: Final = 64
#: Seconds for which nobody is there, and for which the system's own hosts file is good: these have no time of theirs.
NOBODY, HOSTS_FILE = (30.0, 30.0)
#: Seconds until all is asked again where some of it could not be, and for which the last addresses of a host stand in.
PARTLY, STALE = (30.0, 3600.0)
#: Hosts that are asked for at once, and names that a name may stand for, one after the other.
AT_ONCE, MOST_ALIASES = (8, 8)

#: What all of it is asked by.
_SHORT: Final = cast("Backend", ShortAnswers())
#: What stands for a name in a URL; dnspython says whether it is one.
_NAME: Final = re.compile(r"[^\s:@/\[\]]+")


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
    """Read `dns://NAME?type=SRV`, `dns://NAME?type=A&port=7400`, with `&server=ADDRESS:PORT`.

    Raises ValueError, and ConfigError for endpoints of a `scheme` that is not installed.
    """
    example = "write dns://_peerbus._tcp.example.org?type=SRV, or dns://peers.example.org?type=A&port=7400"
    parts = urlsplit(url)
    wanted = dict(parse_qsl(parts.query, keep_blank_values=True))
    kind = wanted.pop("type", "SRV" if parts.netloc.startswith("_") else "A").upper()
    port, scheme, server = wanted.pop("port", ""), wanted.pop("scheme", "tcp"), wanted.pop("server", "")
    scheme = scheme.replace(" ", "+")  # which is how a query writes a blank
    if not parts.netloc or parts.path not in ("", "/") or wanted or parts.fragment:
        raise ValueError(f"{url!r} asks nothing that is known: {example}")
    if kind not in ("SRV", "A"):
        raise ValueError(f"{url!r} asks for {kind}: type is SRV, or A, which asks for IPv6 addresses as well")
    if (kind == "A") != bool(port):
        raise ValueError(f"{url!r}: an address has no port, and an SRV record has one: {example}")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 2**16):
        raise ValueError(f"{url!r}: port {port!r} is not a number in 1…65535")
    if not _NAME.fullmatch(parts.netloc):
        raise ValueError(f"{url!r}: {parts.netloc!r} is no name: {example}")
    try:
        dns.name.from_text(parts.netloc)
    except dns.exception.DNSException as error:
        raise ValueError(f"{url!r}: {parts.netloc!r} is no name: {error}") from error
    kind_of(scheme)
    if not Endpoint(scheme, "h", 1).direct:
        raise ValueError(f"{url!r}: endpoints of {scheme} have no address")
    return Question(parts.netloc, kind, int(port or 0), scheme, _server(url, server) if server else None)


def _server(url: str, text: str) -> tuple[str, int]:
    try:
        place = Endpoint.parse(f"tcp://{text}" if ":" in text.rpartition("]")[2] else f"tcp://{text}:53")
        return str(ipaddress.ip_address(place.host)), place.port
    except ValueError as error:
        raise ValueError(f"{url!r}: server {text!r} is no address with a port: {error}") from error


class _Hosts(NamedTuple):
    """Addresses of a name, and for how long they are good."""

    addresses: list[str]
    ttl: float


class _Said(NamedTuple):
    """What a server says of a name: None where it has nothing of that kind."""

    rrset: dns.rrset.RRset | None
    ttl: float
    response: dns.message.Message | None = None


class Asker:
    """Asks one question whenever it is told to. `names` is the system's resolver, which knows its hosts file."""

    def __init__(self, question: Question, names: Names | None = None) -> None:
        self._question = question
        self._names = Names() if names is None else names
        #: What the hosts of services had last, and until when that stands in.
        self._last: dict[dns.name.Name, tuple[list[str], float]] = {}

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
        said = await _resolve(resolver, self._question.name, "SRV")
        if said.rrset is None or said.response is None:
            return FoundPlaces((), min(said.ttl, NOBODY))
        services = sorted(said.rrset, key=lambda each: (each.priority, -each.weight))[:MOST]
        # "." says that there is no such service (RFC 2782).
        services = [each for each in services if each.port and each.target != dns.name.root]
        hosts = await self._hosts_of(resolver, list(dict.fromkeys(each.target for each in services)), said.response)
        found = [place for each in services for place in self._places(hosts[each.target].addresses, each.port)]
        ttl = min([said.ttl, *(each.ttl for each in hosts.values())])
        return FoundPlaces(tuple(dict.fromkeys(found))[:MOST], ttl)

    async def _hosts_of(
        self, resolver: dns.asyncresolver.Resolver, targets: list[dns.name.Name], response: dns.message.Message
    ) -> dict[dns.name.Name, _Hosts]:
        """The hosts of services, see law 2. Raises OSError, DNSException where of none it is known who they are."""
        found, gate, now = dict(_additional(response)), asyncio.Semaphore(AT_ONCE), asyncio.get_running_loop().time()

        async def ask(target: dns.name.Name) -> _Hosts:
            async with gate:
                return await self._hosts(resolver, target)

        unknown = [target for target in targets if target not in found]
        failures: list[Exception] = []
        for target, hosts in zip(
            unknown, await asyncio.gather(*map(ask, unknown), return_exceptions=True), strict=True
        ):
            if isinstance(hosts, _Hosts):
                found[target] = hosts
            elif isinstance(hosts, (OSError, dns.exception.DNSException)):
                failures.append(hosts)
            else:
                raise hosts
        fresh = {target: (found[target].addresses, now + STALE) for target in targets if target in found}
        last = {target: self._last[target] for target in unknown if target not in found and target in self._last}
        self._last = last | fresh
        stale = {target: addresses for target, (addresses, until) in last.items() if now < until}
        if failures and not any(addresses for addresses, _ in fresh.values()) and not any(stale.values()):
            raise failures[0]
        return {target: found.get(target) or _Hosts(stale.get(target, []), PARTLY) for target in targets}

    async def _addresses(self, resolver: dns.asyncresolver.Resolver) -> FoundPlaces:
        hosts, ttl = await self._hosts(resolver, self._question.name)
        return FoundPlaces(tuple(dict.fromkeys(self._places(hosts, self._question.port)))[:MOST], ttl)

    async def _hosts(self, resolver: dns.asyncresolver.Resolver, name: str | dns.name.Name) -> _Hosts:
        """The addresses of a name, of both kinds. What the name system does not know the hosts file may.

        Raises OSError, DNSException where of one kind it is not known whether there are any, and of the other are none.
        """
        hosts: list[str] = []
        ttl, nobody, failures = float("inf"), NOBODY, list[BaseException]()
        kinds = [_resolve(resolver, name, kind) for kind in ("A", "AAAA")]
        for said in await asyncio.gather(*kinds, return_exceptions=True):
            if isinstance(said, BaseException):
                failures.append(said)
            elif said.rrset is None:
                nobody = min(nobody, said.ttl)
            else:
                hosts += [each.address for each in said.rrset]
                ttl = min(ttl, said.ttl)
        if not hosts and self._question.server is None:
            text = name if isinstance(name, str) else name.to_text(omit_final_dot=True)
            with contextlib.suppress(OSError, UnicodeError, TimeoutError):
                hosts, ttl = list(await self._names.find(text, timeout=TIMEOUT)), HOSTS_FILE
        if failures and not hosts:
            raise failures[0]
        return _Hosts(hosts, min(ttl, PARTLY) if failures else ttl) if hosts else _Hosts([], nobody)

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


async def _resolve(resolver: dns.asyncresolver.Resolver, name: str | dns.name.Name, kind: str) -> _Said:
    """What there is of that kind, behind aliases that a server may not follow. Raises OSError, DNSException."""
    ttl = float("inf")
    for _ in range(MOST_ALIASES):
        try:
            answer = await resolver.resolve(
                name, kind, search=True, lifetime=TIMEOUT, raise_on_no_answer=False, backend=_SHORT
            )
        except dns.resolver.NXDOMAIN as error:
            return _Said(None, min(ttl, _nobody_for(error)))
        ttl = min(ttl, float(answer.chaining_result.minimum_ttl))
        if answer.rrset is not None or answer.canonical_name == answer.qname:
            return _Said(answer.rrset, ttl, answer.response)
        name = answer.canonical_name
    raise OSError(f"{name} is an alias of an alias, {MOST_ALIASES} times")


def _nobody_for(error: dns.resolver.NXDOMAIN) -> float:
    """For how long it is good that there is no such name."""
    responses = error.kwargs.get("responses", {}).values()
    return min((float(each.resolve_chaining().minimum_ttl) for each in responses), default=NOBODY)


def _additional(response: dns.message.Message) -> Iterator[tuple[dns.name.Name, _Hosts]]:
    """Addresses that came with the services (RFC 2782), by name."""
    found: dict[dns.name.Name, _Hosts] = {}
    for rrset in response.additional:
        if rrset.rdclass == dns.rdataclass.IN and rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
            hosts, ttl = found.get(rrset.name, _Hosts([], float("inf")))
            found[rrset.name] = _Hosts([*hosts, *(each.address for each in rrset)], min(ttl, float(rrset.ttl)))
    return iter(found.items())
