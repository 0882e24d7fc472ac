"""Whether the peers and seeds of a configuration have addresses, and answer there."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from ...actors.base import HandshakeFailed, PeerbusError
from ...node.ping import PingAnswer, ping
from ...transports.admission import EntryRules
from ...transports.streams import Endpoint, Identity, TcpTransport
from .diagnosis import Diagnosis, Health, failed, ok
from .running import advice_for

__all__ = ["look_at_named_peers"]

#: Seconds for a name to be resolved, and for a node to answer.
LOOK_UP, ANSWER = 5.0, 3.0
#: At once: a configuration may name thousands.
AT_ONCE = 16

#: Whether a node answers at a place, within `ANSWER`.
_Ping = Callable[[Endpoint], Awaitable[PingAnswer]]


async def look_at_named_peers(
    endpoints: Iterable[tuple[str, Endpoint]],
    names: TcpTransport | None = None,
    *,
    identity: Identity | None = None,
    rules: EntryRules | None = None,
) -> list[Diagnosis]:
    """One diagnosis for each; with the endpoint comes what it is, `peer` or `seed`. `names`: what looks names up.
    With an identity and the rules of its network each is come in to, as that node would, and left before a HELLO.

    Where some answer, those that do not are a warning: a node needs one that does.
    """
    names, gate = names or TcpTransport(plaintext=True), asyncio.Semaphore(AT_ONCE)
    asked: _Ping = partial(ping, timeout=ANSWER, identity=identity, rules=rules)

    async def one(what: str, endpoint: Endpoint) -> Diagnosis:
        async with gate:
            return await _look(f"{what} {endpoint.without_peer()}", endpoint, names, asked)

    found = await asyncio.gather(*(one(what, endpoint) for what, endpoint in endpoints))
    if all(each.verdict is not Health.OK for each in found):
        return list(found)
    return [each if each.verdict is Health.OK else replace(each, verdict=Health.WARNING) for each in found]


async def _look(about: str, endpoint: Endpoint, names: TcpTransport, asked: _Ping) -> Diagnosis:
    found = ""
    places: tuple[Endpoint, ...] = (endpoint,)
    if endpoint.direct:
        try:
            places = await names.places(endpoint, timeout=LOOK_UP)
        except PeerbusError as error:
            advice = "write the name as the name server knows it; `getent hosts NAME` asks as this does"
            return failed(about, _short(error, endpoint), advice)
        if endpoint.is_name:
            found = f"{', '.join(place.host for place in places)}: "
    try:
        answered = await _first_that_answers(places, asked)
    except PeerbusError as error:
        advice = "see that the node runs and listens there, and that no firewall is between"
        if isinstance(error, HandshakeFailed):
            advice = advice_for(error.reason) or advice
        return failed(about, found + _short(error, endpoint, *places), advice)
    who = "a node" if answered.node_id is None else answered.node_id[:12]
    return ok(about, f"{found}{who} answers in {answered.seconds * 1000:.1f} ms{_entered(answered)}")


def _entered(answered: PingAnswer) -> str:
    if answered.entered:
        return f", and lets this node in by {answered.asks}"
    return f"; its network asks for {answered.asks}" if answered.asks else ""


async def _first_that_answers(places: Sequence[Endpoint], asked: _Ping) -> PingAnswer:
    """Ping the places of a name in turn. Raises what the last of them did."""
    for place in places[:-1]:
        with contextlib.suppress(PeerbusError):
            return await asked(place)
    return await asked(places[-1])


def _short(error: Exception, *endpoints: Endpoint) -> str:
    """Without the endpoints, of which this is told."""
    text = " ".join(str(error).split())
    for endpoint in endpoints:
        for said in (str(endpoint), str(endpoint.without_peer())):
            text = text.removeprefix(f"{said}: ")
    return text
