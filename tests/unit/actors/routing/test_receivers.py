"""Who answers to an address of a role or of everyone, and whom its pick takes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from peerbus.actors import (
    EVERYONE,
    Bus,
    Capability,
    Channel,
    Key,
    NoRoute,
    Reactor,
    Role,
    Several,
    handles,
)
from peerbus.actors.routing.purpose import Purpose
from peerbus.actors.routing.receivers import able, streaming, untried
from peerbus.actors.routing.routes import Routes
from peerbus.testing import PeerProbe


@dataclass(frozen=True)
class Get:
    height: int


class Blocks(Reactor):
    channel = Channel("blocks", messages=(Get,))

    @handles(Get)
    def get(self, get: Get) -> str:
        return f"own {get.height}"


ARCHIVE = Role("archive") / Blocks


@asynccontextmanager
async def peers(bus: Bus, count: int) -> AsyncIterator[list[PeerProbe]]:
    """That many archives."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(PeerProbe(bus, reactors=[Blocks], roles={"archive"}, name=f"peer {number}"))
            for number in range(count)
        ]


async def test_this_node_is_one_of_those_that_offer_the_role_and_peers_take_its_place() -> None:
    async with Bus(rng=Random(1)) as bus, peers(bus, 1) as [peer]:
        peer.answer(Get, "theirs")
        bus.spawn(Blocks)
        bus.offer([Capability("archive")])
        assert await bus.ask(ARCHIVE, Get(2)) == "own 2"
        bus.offer([])
        assert await bus.ask(ARCHIVE, Get(2)) == "theirs"


async def test_a_key_finds_the_same_peer_whoever_asks_and_the_next_when_it_is_gone() -> None:
    async with Bus("a") as alice, Bus("b") as bob, peers(alice, 4) as them, peers(bob, 4) as same:
        for peer in (*them, *same):
            peer.answer(Get, lambda _, peer=peer: peer.id)
        keys = [f"key {number}" for number in range(40)]
        owners = [await alice.ask(Role("archive", Key(key)) / Blocks, Get(1), reply=str) for key in keys]
        assert owners == [await bob.ask(Role("archive", Key(key)) / Blocks, Get(1), reply=str) for key in keys]
        assert len(set(owners)) == 4
        gone = them[0].id
        await them[0].leave()
        moved = [await alice.ask(Role("archive", Key(key)) / Blocks, Get(1), reply=str) for key in keys]
        assert [key for key, old, new in zip(keys, owners, moved, strict=True) if old != new] == [
            key for key, old in zip(keys, owners, strict=True) if old == gone
        ]


async def test_a_key_counts_this_node_by_its_id() -> None:
    async with Bus() as bus, peers(bus, 2) as them:
        for peer in them:
            peer.answer(Get, lambda _, peer=peer: peer.id)
        bus.node_id = "5" * 64
        bus.spawn(Blocks)
        bus.offer([Capability("archive")])
        answers = Counter(
            [await bus.ask(Role("archive", Key(str(key))) / Blocks, Get(1), reply=str) for key in range(60)]
        )
        assert set(answers) == {"own 1", *(peer.id for peer in them)}


async def test_conditions_choose_by_attributes() -> None:
    async with (
        Bus() as bus,
        PeerProbe(bus, reactors=[Blocks], roles={"archive{from=0,region=eu}"}, name="all") as everything,
        PeerProbe(bus, reactors=[Blocks], roles={"archive{from=1000}"}, name="new") as recent,
    ):
        everything.answer(Get, "everything")
        recent.answer(Get, "recent")
        for _ in range(10):
            assert await bus.ask(Role("archive", where="from<=500") / Blocks, Get(1)) == "everything"
            assert await bus.ask(Role("archive", where={"from": "1000"}) / Blocks, Get(1)) == "recent"
            assert await bus.ask(Role("archive", where="region!=eu") / Blocks, Get(1)) == "recent"
        with pytest.raises(NoRoute, match=r"archive\{region=us\}"):
            await bus.ask(Role("archive", where="region=us") / Blocks, Get(1))
        await recent.offer("archive{from=1000,region=us}")
        assert await bus.ask(Role("archive", where="region=us") / Blocks, Get(1)) == "recent"
        bus.spawn(Blocks)
        bus.offer([Capability("archive", {"region": "mars"})])
        assert await bus.ask(Role("archive", where="region=mars") / Blocks, Get(1)) == "own 1"


async def test_a_group_is_all_of_a_role_or_so_many_and_everyone_is_all_peers_but_not_this_node() -> None:
    async with Bus(reactors=[Blocks]) as bus, peers(bus, 3) as them:
        bus.offer([Capability("archive")])
        for peer in them:
            peer.answer(Get, "theirs")
        ids = {peer.id for peer in them}
        assert set((await bus.ask(Role("archive", "all") / Blocks, Get(1))).answers) == {*ids, "local"}
        assert set((await bus.ask(EVERYONE / Blocks, Get(1))).answers) == ids
        some = (await bus.ask(Role("archive", Several(2)) / Blocks, Get(1))).answers
        assert len(some) == 2
        assert set(some) < {*ids, "local"}


async def test_a_peer_without_the_reactor_answers_to_no_address_of_it() -> None:
    async with Bus() as bus, PeerProbe(bus, roles={"archive"}) as other:
        assert other.id in bus.routes.peers
        with pytest.raises(NoRoute):
            await bus.ask(ARCHIVE, Get(1))
        assert dict((await bus.ask(EVERYONE / Blocks, Get(1))).answers) == {}


class Takes:
    """As much of a link as a choice by what it takes looks at."""

    def __init__(self, most: int) -> None:
        self.most = most

    def takes(self, reactor: str, kind: type, purpose: Purpose) -> int:
        return self.most

    def fits(self, reactor: str, message: bytes, memo: object) -> bool:
        return len(message) <= self.most


@pytest.mark.parametrize(
    ("limits", "found"),
    [
        ([], []),
        ([0], []),
        ([0, 0], []),
        ([9], [9]),
        ([9, 9], [9, 9]),
        ([0, 9], [9]),
        ([9, 0, 9], [9, 9]),
        ([9, 3], [9]),
        ([3, 9, 0], [9]),
        ([3, 3, 4], []),
        ([3, 3], [3, 3]),  # all alike: whoever is chosen says that it is too large
    ],
)
def test_those_that_can_take_a_message_by_class_and_by_size(limits: list[int], found: list[int]) -> None:
    links: list[Any] = [Takes(limit) for limit in limits]
    able_ones: list[Any] = [*able(links, "blocks", bytes, b"five.", Purpose.TELL)]
    assert [link.most for link in able_ones] == found


class Unknown(Takes):
    """As much of a link as the search for another receiver looks at; it awaits what the peer declares where it is 0."""

    inside = False

    def __init__(self, peer_id: str, most: int, *, knows_streams: bool = True) -> None:
        super().__init__(most)
        self.peer_id, self.knows_streams = peer_id, knows_streams
        self.roles = {"archive": Capability("archive")}

    def has(self, reactor: str) -> bool:
        return True

    def awaits(self, reactor: str) -> bool:
        return not self.most


async def test_one_whose_description_is_on_its_way_is_another_where_all_that_can_take_it_were_tried() -> None:
    one: Any = Unknown
    known, awaited, old = one("a", 9), one("b", 0), one("c", 9, knows_streams=False)
    async with Bus() as bus:
        bus.declare(Blocks.channel)
        links: dict[str, Any] = {link.peer_id: link for link in (known, awaited, old)}
        bus.routes = Routes.of(links)
        for tried, found in [("", [known, old]), ("a", [old]), ("ac", [awaited]), ("abc", [])]:
            assert untried(bus, ARCHIVE, Get(1), Purpose.ASK, tried) == found
        assert streaming(bus, ARCHIVE, Get(1)) == [known]
        assert streaming(bus, ARCHIVE, Get(1), "a") == [awaited]
        bus.routes = Routes()
