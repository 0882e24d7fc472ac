"""Everything that finds nodes keeps the contract: real multicast DNS on loopback, and the finder of a simulation."""

from __future__ import annotations

import asyncio
import contextlib
import random
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from name_server import NameServer, name_server

from peerbus.discovery.dns import dns_finder, question
from peerbus.discovery.facts.events import Candidate
from peerbus.discovery.facts.finder import Finder
from peerbus.discovery.finder_kinds import make_finders
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
        (instance_name(stranger_id), {"v": "1", "id": stranger_id, "roles": "archive"}),
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


@contextlib.contextmanager
def folder() -> Iterator[FinderPlace]:
    with tempfile.TemporaryDirectory() as path:
        (make,) = make_finders([f"folder://{path}?every=0.02"]).values()

        @contextlib.asynccontextmanager
        async def nonsense() -> AsyncIterator[None]:
            for number, data in enumerate((b"", b"[]", b'{"endpoints": 1}', b"\xff" * 40, b"{" * 9000, b" " * 20_000)):
                (Path(path) / f"{number}.json").write_bytes(data)
            (Path(path) / "folder.json").mkdir()
            (Path(path) / "gone.json").symlink_to("nowhere")
            yield

        yield FinderPlace(
            make, lambda number: Endpoint("tcp", host="127.0.0.1", port=7400 + number), silence=0.2, nonsense=nonsense
        )


class InTheZone:
    """A finder of the name system, and what Kubernetes does for it: its place is in the zone while it runs."""

    def __init__(self, server: NameServer, finder: Finder, name: str, place: Endpoint) -> None:
        self._server, self._finder = server, finder
        self._name, self._entry = name, (place.port, place.host)

    async def start(self) -> bool:
        self._server.services.setdefault(self._name, []).append(self._entry)
        return await self._finder.start()

    async def update(self, roles: Iterable[str]) -> None:
        await self._finder.update(roles)

    async def aclose(self) -> None:
        services = self._server.services.get(self._name, [])
        if self._entry in services:
            services.remove(self._entry)
        await self._finder.aclose()


@contextlib.contextmanager
def name_system(monkeypatch: pytest.MonkeyPatch) -> Iterator[FinderPlace]:
    monkeypatch.setattr(dns_finder, "SHORTEST", 0.02)
    monkeypatch.setattr(question, "NOBODY", 0.02)
    with name_server() as server:

        def make(
            node_id: str,
            network: str,
            *,
            endpoints: Sequence[Endpoint],
            roles: Iterable[str],
            on_found: Callable[[Candidate], None],
            on_lost: Callable[[str], None],
        ) -> Finder:
            address, port = server.address
            url = f"dns://_peerbus._tcp.{network}.example?server={address}:{port}"
            (made,) = make_finders([url]).values()
            (place,) = endpoints
            found = made(node_id, network, endpoints=endpoints, roles=roles, on_found=on_found, on_lost=on_lost)
            server.names[f"host-{place.port}.example"] = [place.host]
            return InTheZone(
                server,
                found,
                f"_peerbus._tcp.{network}.example",
                Endpoint("tcp", f"host-{place.port}.example", place.port),
            )

        @contextlib.asynccontextmanager
        async def nonsense() -> AsyncIterator[None]:
            name = "_peerbus._tcp.test.example"
            strange = [(0, "host-7400.example"), (9, ""), (9, "nowhere.example"), (9, "everywhere.example")]
            server.services.setdefault(name, []).extend(strange)
            server.names["everywhere.example"] = ["0.0.0.0"]  # noqa: S104 - nobody listens
            yield

        yield FinderPlace(
            make,
            lambda number: Endpoint("tcp", host="127.0.0.1", port=7400 + number),
            silence=0.2,
            nonsense=nonsense,
            names=False,
        )


@pytest.mark.parametrize("check", DISCOVERY_CHECKS)
def test_a_folder(check: DiscoveryCheck) -> None:
    with folder() as place:
        asyncio.run(run_discovery_check(check, place))


@pytest.mark.parametrize("check", DISCOVERY_CHECKS)
def test_the_name_system(check: DiscoveryCheck, monkeypatch: pytest.MonkeyPatch) -> None:
    with name_system(monkeypatch) as place:
        asyncio.run(run_discovery_check(check, place))


@pytest.mark.parametrize("check", DISCOVERY_CHECKS)
def test_mdns(check: DiscoveryCheck) -> None:
    with mdns() as place:
        asyncio.run(run_discovery_check(check, place))


@pytest.mark.parametrize("seed", range(10))
def test_the_finder_of_a_simulation(seed: int) -> None:
    Simulation(seed).run(check_discovery(simulated))
