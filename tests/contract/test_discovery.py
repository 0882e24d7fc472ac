"""Everything that finds nodes keeps the contract: real multicast DNS on loopback, and the finder of a simulation."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence

import pytest

from peerbus.discovery.facts.events import Candidate
from peerbus.discovery.mdns.mdns import Mdns
from peerbus.discovery.mdns.service_record import SERVICE_TYPE, instance_name
from peerbus.testing.sim.neighbourhood import Neighbourhood
from peerbus.testing.sim.simulation import Simulation
from peerbus.testing.suites.discovery_suite import (
    DISCOVERY_CHECKS,
    DiscoveryCheck,
    FinderPlace,
    check_discovery,
    run_discovery_check,
)
from peerbus.transports.streams.endpoint import Endpoint


def loopback(
    node_id: str,
    network: str,
    *,
    endpoints: Sequence[Endpoint],
    roles: Iterable[str],
    on_found: Callable[[Candidate], None],
    on_lost: Callable[[str], None],
) -> Mdns:
    (endpoint,) = endpoints
    return Mdns(
        node_id,
        network,
        endpoints=lambda _: [endpoint],
        roles=roles,
        on_found=on_found,
        on_lost=on_lost,
        interfaces=["127.0.0.1"],
    )


@contextlib.asynccontextmanager
async def malformed_records() -> AsyncIterator[None]:
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

    stranger_id = "d" * 64
    records: list[tuple[str, bytes | dict[str, str]]] = [
        (f"printer.{SERVICE_TYPE}", {"v": "1"}),
        (instance_name(stranger_id), {"v": "1", "id": stranger_id, "net": "test", "roles": "A B"}),
        (instance_name("e" * 64), {"v": "1", "id": "not an id", "net": "test"}),
        (instance_name("f" * 64), b"\xff" * 40),
    ]
    async with AsyncZeroconf(interfaces=["127.0.0.1"]) as stranger:
        for number, (name, text) in enumerate(records):
            info = AsyncServiceInfo(
                SERVICE_TYPE,
                name,
                port=9,
                properties=text,
                server=f"stranger{number}.local.",
                parsed_addresses=["127.0.0.1"],
            )
            await stranger.async_register_service(info, cooperating_responders=True)
        yield


@contextlib.contextmanager
def mdns() -> Iterator[FinderPlace]:
    yield FinderPlace(
        loopback,
        lambda number: Endpoint("tcp", host="127.0.0.1", port=7400 + number),
        silence=0.3,
        nonsense=malformed_records,
    )


@contextlib.contextmanager
def simulated() -> Iterator[FinderPlace]:
    air = Neighbourhood(random.Random(len(DISCOVERY_CHECKS)), lambda _source, _target: True)
    yield FinderPlace(air.finder, lambda number: Endpoint("memory", path=f"node-{number}"), silence=300.0)


@pytest.mark.parametrize("check", DISCOVERY_CHECKS)
def test_mdns(check: DiscoveryCheck) -> None:
    with mdns() as place:
        asyncio.run(run_discovery_check(check, place))


@pytest.mark.parametrize("seed", range(10))
def test_the_finder_of_a_simulation(seed: int) -> None:
    Simulation(seed).run(check_discovery(simulated))
