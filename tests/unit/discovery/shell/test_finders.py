"""Whatever finds peers for a node is told where it listens and what it offers, heard, and ended with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from clusters import Cluster
from virtual_time import eventually, in_virtual_time

from peerbus.discovery.facts.events import Candidate
from peerbus.discovery.shell.finders import NEARER_FIRST, Finders, MdnsOptions
from peerbus.transports import Endpoint, Transport


class Scripted:
    """A finder that finds what the test says."""

    def __init__(
        self,
        node_id: str,
        network: str,
        *,
        endpoints: Sequence[Endpoint],
        roles: Iterable[str],
        on_found: Callable[[Candidate], None],
        on_lost: Callable[[str], None],
    ) -> None:
        self.of = (node_id, network)
        self.endpoints = tuple(endpoints)
        self.roles = [tuple(roles)]
        self.on_found = on_found
        self.on_lost = on_lost
        self.closed = 0

    async def start(self) -> bool:
        """It works."""
        return True

    async def update(self, roles: Iterable[str]) -> None:
        """Write them down."""
        self.roles.append(tuple(roles))

    async def aclose(self) -> None:
        """Write it down, and fail: the others end all the same."""
        self.closed += 1
        raise OSError("it is gone already")


class Workshop:
    """Makes finders, and keeps them."""

    def __init__(self) -> None:
        self.made: list[Scripted] = []

    def __call__(
        self,
        node_id: str,
        network: str,
        *,
        endpoints: Sequence[Endpoint],
        roles: Iterable[str],
        on_found: Callable[[Candidate], None],
        on_lost: Callable[[str], None],
    ) -> Scripted:
        """As `MakeFinder`."""
        self.made.append(
            Scripted(node_id, network, endpoints=endpoints, roles=roles, on_found=on_found, on_lost=on_lost)
        )
        return self.made[-1]


@in_virtual_time
async def test_each_source_starts_with_the_node_and_ends_with_it_though_another_fails() -> None:
    make = Workshop()
    async with Cluster().node("alice", finders={"one": make, "two": make}, offers={"archive"}) as alice:
        assert [each.of for each in make.made] == [(alice.node_id, alice.network)] * 2
        assert {tuple(map(str, each.endpoints)) for each in make.made} == {("memory://alice",)}
        alice.offer("index")
        await eventually(lambda: all(len(each.roles) == 2 for each in make.made))
        assert [sorted(roles) for roles in make.made[0].roles] == [["archive"], ["archive", "index"]]
    assert [each.closed for each in make.made] == [1, 1]


@in_virtual_time
async def test_what_a_source_says_leads_to_a_peer_and_what_it_takes_back_ends_no_connection() -> None:
    make, cluster = Workshop(), Cluster()
    async with cluster.node("alice", finders={"one": make}) as alice, cluster.node("bob") as bob:
        (finder,) = make.made
        places = tuple(Endpoint.parse(str(each)) for each in bob.endpoints)
        finder.on_found(Candidate(bob.node_id, places, source="one"))
        await eventually(lambda: bob.node_id in alice.peers)
        finder.on_lost(bob.node_id)
        await eventually(lambda: alice.node_id in bob.peers)
        assert bob.node_id in alice.peers


class Failing(Scripted):
    """A finder that does not start, in one of these ways: it raises, it hangs, or there is none at all."""

    way = ""

    async def start(self) -> bool:
        """Fail."""
        if self.way == "hangs":
            await asyncio.Event().wait()
        raise RuntimeError("no stars tonight")


@in_virtual_time
async def test_a_source_that_does_not_start_takes_neither_the_node_nor_the_other_sources_with_it() -> None:
    def broken(*_: object, **more: object) -> Scripted:
        raise KeyError("lost")

    workshop = Workshop()
    for way in ("raises", "hangs"):
        failing = type("FailingSo", (Failing,), {"way": way})
        finders = {"broken": broken, "none": lambda *_, **more: None, "failing": failing, "well": workshop}
        async with Cluster().node("alice", finders=finders) as alice:
            alice.offer("index")
            await eventually(lambda: len(workshop.made[-1].roles) == 2)
    assert [each.closed for each in workshop.made] == [1, 1]


def test_multicast_dns_looks_on_all_interfaces_where_none_is_named() -> None:
    assert MdnsOptions().interfaces is None
    assert MdnsOptions(interfaces=("127.0.0.1",)) != MdnsOptions()


class MeetingPlace:
    """A transport at whose places nodes hear of each other: as much of it as that takes."""

    schemes = ("memory",)

    def meet(self, found: Callable[[tuple[Endpoint, ...]], None]) -> None:
        """Keep it."""
        self.found = found


@in_virtual_time
async def test_who_is_met_at_a_broker_is_told_at_once_or_once_the_lan_was_heard() -> None:
    one, other = Endpoint.parse("memory://one"), Endpoint.parse("memory://other")
    for mdns, wait in ((None, 0.0), (MdnsOptions(), NEARER_FIRST)):
        place, told = MeetingPlace(), list[Candidate]()
        nothing: Any = None
        finders = Finders(
            nothing, nothing, nothing, here=tuple, mdns=mdns, others={}, transports=[cast("Transport", place)],
            found=told.append, lost=nothing,
        )  # fmt: skip
        place.found((one,))
        place.found((one, other))
        assert bool(told) is (mdns is None)
        await asyncio.sleep(wait)
        assert told[-1] == Candidate(None, (one, other), source="memory")
        place.found((other,))
        await finders.aclose()
        await asyncio.sleep(wait)
        assert (told[-1].endpoints == (other,)) is (mdns is None)
