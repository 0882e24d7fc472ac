"""Nodes find each other by what they say at a real nats-server, and keep the contract of what finds nodes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence

import pytest
from nats_servers import Broker, running
from virtual_time import eventually, in_real_time

from peerbus.discovery.facts import Candidate, Finder
from peerbus.node import Node
from peerbus.testing.suites.discovery_suite import (
    DISCOVERY_CHECKS,
    DiscoveryCheck,
    FinderPlace,
    run_discovery_check,
)
from peerbus.transports.kinds import read_endpoint
from peerbus.transports.nats import NatsServer, NatsTransport, presence
from peerbus.transports.nats.nats_listener import NatsListener
from peerbus.transports.streams import Endpoint, Identity


@pytest.fixture(scope="module")
def server() -> Iterator[Broker]:
    with running() as found:
        yield found


class Listening:
    """What a node does: its listener says that it is there, and hears who else is."""

    def __init__(self, transport: NatsTransport, place: Endpoint) -> None:
        self._transport, self._place = transport, place
        self._listener: NatsListener | None = None
        self._closed = False

    async def start(self) -> bool:
        if not self._closed:
            self._listener = await self._transport.listen(self._place)
        return True

    async def update(self, roles: Iterable[str]) -> None:
        """A server is told of no roles."""

    async def aclose(self) -> None:
        self._closed = True
        if self._listener is not None:
            await self._listener.aclose()


@pytest.mark.parametrize("check", DISCOVERY_CHECKS)
def test_the_contract(check: DiscoveryCheck, server: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "SOON", 0.01)

    def make(
        node_id: str,
        network: str,
        *,
        endpoints: Sequence[Endpoint],
        roles: Iterable[str],
        on_found: Callable[[Candidate], None],
        on_lost: Callable[[str], None],
    ) -> Finder:
        (place,) = endpoints
        inbox = place.path.rpartition("/")[2]
        transport = NatsTransport(Identity.generate(), [NatsServer("127.0.0.1", server.port)])
        transport.meet(lambda places: on_found(Candidate(None, places, source="nats")))
        return Listening(transport, read_endpoint(f"{server.url}/{check.__name__}-{network}/{inbox}"))

    segment = FinderPlace(
        make,
        lambda number: read_endpoint(f"{server.url}/{check.__name__}-test/inbox-{number:04}"),
        silence=0.3,
        names=False,
    )
    asyncio.run(run_discovery_check(check, segment))


@in_real_time
async def test_nodes_that_name_nobody_meet_at_their_server(server: Broker) -> None:
    def node(name: str) -> Node:
        return Node(name, network="met", listen=[f"{server.url}/met"])

    async with node("alice") as alice, node("bob") as bob, node("carol") as carol:
        await eventually(lambda: all(len(each.peers) == 2 for each in (alice, bob, carol)))
