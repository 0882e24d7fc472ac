"""Finding without a socket: what nodes hear of each other, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import closing
from random import Random

from peerbus.discovery import Candidate
from peerbus.testing import VirtualLoop
from peerbus.testing.sim.neighbourhood import Neighbour, Neighbourhood
from peerbus.transports import Endpoint

A, B, C = ("a" * 64, "b" * 64, "c" * 64)


class Air:
    """A neighbourhood, what each node has heard, and who cannot hear whom."""

    def __init__(self) -> None:
        self.cut: set[tuple[str, str]] = set()
        self.place = Neighbourhood(Random(1), lambda source, target: (source, target) not in self.cut)
        self.heard: dict[str, list[Candidate | str]] = {}

    async def enter(self, node_id: str, network: str = "test", roles: tuple[str, ...] = ()) -> Neighbour:
        heard = self.heard.setdefault(node_id, [])
        made = self.place.finder(
            node_id,
            network,
            endpoints=[Endpoint("memory", path=node_id[0])],
            roles=roles,
            on_found=heard.append,
            on_lost=heard.append,
        )
        await made.start()
        return made

    def ids(self, node_id: str) -> list[str | None]:
        return [said if isinstance(said, str) else said.node_id for said in self.heard[node_id]]


def run(scenario: Coroutine[object, object, None]) -> None:
    with closing(VirtualLoop(Random(1))) as loop:
        loop.run_until_complete(scenario)
        assert loop.pending_timers == []


def test_nodes_of_one_network_find_each_other_once_and_nobody_else() -> None:
    async def scenario() -> None:
        air = Air()
        found = [await air.enter(A), await air.enter(B), await air.enter(C, "another")]
        await asyncio.sleep(0.5)
        assert (air.ids(A), air.ids(B), air.ids(C)) == ([B], [A], [])
        await asyncio.sleep(500)
        assert (air.ids(A), air.ids(B), air.ids(C)) == ([B], [A], [])
        for each in found:
            await each.aclose()
            await each.aclose()

    run(scenario())


def test_new_roles_are_heard_and_so_is_a_goodbye_but_not_a_death() -> None:
    async def scenario() -> None:
        air = Air()
        first, second, third = await air.enter(A), await air.enter(B), await air.enter(C)
        await asyncio.sleep(1)
        air.heard[A].clear()
        await second.update(["archive"])
        await asyncio.sleep(0.2)
        assert air.heard[A] == [Candidate(B, (Endpoint("memory", path="b"),), ("archive",))]
        await second.aclose()
        air.place.vanish(C)
        await asyncio.sleep(300)
        assert air.heard[A][1:] == [B]
        await third.aclose()
        await first.aclose()

    run(scenario())


def test_what_was_said_into_a_cut_is_found_at_a_later_look() -> None:
    async def scenario() -> None:
        air = Air()
        air.cut = {(A, B), (B, A)}
        first, second = await air.enter(A), await air.enter(B)
        await asyncio.sleep(30)
        assert air.heard == {A: [], B: []}
        air.cut.clear()
        await asyncio.sleep(61)
        assert (air.ids(A), air.ids(B)) == ([B], [A])
        await first.aclose()
        await second.aclose()

    run(scenario())
