"""The router: its table of links, and sends that go over them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    Actor,
    Address,
    Bus,
    Capability,
    NoRoute,
    Outcome,
    Peer,
    PeerGone,
    Role,
    handles,
)
from peerbus.actors.engine.load import Load
from peerbus.actors.router import LinkChanged, LinkDown, LinkUp
from peerbus.actors.routing import Purpose
from peerbus.actors.sends.outcome import DELIVERED, FailedOutcome
from peerbus.actors.sends.supply import Supply, Within
from peerbus.testing import VirtualLoop

Turns = Callable[[], Awaitable[None]]


def capabilities(*texts: str) -> dict[str, Capability]:
    return {capability.role: capability for capability in map(Capability.parse, texts)}


IDLE = Load(0)


class FakeLink:
    """A peer that answers with its number."""

    def __init__(self, number: int, *roles: str, load: Load = IDLE, fails: bool = False) -> None:
        self.peer_id = f"{number:064x}"
        self.inside = False
        self.reactors = ("blocks",)
        self.number = number
        self.roles = capabilities(*roles)
        self._load = load
        self.fails = fails
        self.got: list[tuple[object, object, float | None]] = []
        self.watched: list[str] = []

    def load(self, reactor: str) -> Load:
        return self._load

    def has(self, reactor: str) -> bool:
        return reactor == "blocks"

    def awaits(self, reactor: str) -> bool:
        return False

    def takes(self, reactor: str, kind: type, purpose: Purpose) -> int:
        return 1 << 20 if self.has(reactor) else 0

    def why_not(self, reactor: str, kind: type) -> str:
        return ""

    def lets(self, reactor: str, purpose: Purpose) -> bool:
        return True

    def fits(self, reactor: str, message: object, memo: dict[object, object]) -> bool:
        return True

    def take_over(self, before: object) -> None:
        self.succeeded = before

    def tell(
        self, reactor: str, message: object, sender: Address[object] | None, timeout: float | None, memo: Any = None
    ) -> Outcome[None]:
        self.got.append((message, sender, timeout))
        return DELIVERED

    def pour(
        self, reactor: str, supply: Supply, sender: Address[object] | None, within: Within, memo: Any = None
    ) -> None:
        while messages := supply.take(3):
            self.got += [(message, sender, within.until) for message in messages]
            supply.accepted += len(messages)

    def refuse_send(self, *_of: object, letter: bool) -> None:
        return

    def ask(
        self, reactor: str, message: object, *, sender: Any, deadline: float, reply: Any, memo: Any = None
    ) -> Outcome[Any]:
        self.got.append((message, sender, deadline))
        if self.fails:
            return FailedOutcome(PeerGone("gone", message=message))
        future = asyncio.get_running_loop().create_future()
        future.set_result(self.number)
        return future  # type: ignore[return-value]  # lacks `get`, which nobody calls here

    def watch(self, reactor: str, watcher: Address[object] | None) -> None:
        self.watched.append(f"+{reactor} {watcher}")

    def unwatch(self, reactor: str, watcher: Address[object] | None) -> None:
        self.watched.append(f"-{reactor} {watcher}")


async def test_links_come_change_and_go_in_the_order_of_their_messages() -> None:
    async with Bus() as bus:
        old, new = FakeLink(1, "archive"), FakeLink(1, "archive")
        events = bus.subscribe(LinkUp, LinkChanged, LinkDown)
        await bus.tell(bus.router, LinkUp(old, announce=("hello",)))
        await bus.tell(bus.router, LinkUp(new))
        await bus.tell(bus.router, LinkDown(old, "replaced"))  # the newer link stays
        await bus.tell(bus.router, LinkChanged(old))
        new.roles = capabilities("miner")
        await bus.tell(bus.router, LinkChanged(new))
        seen = [await events.get() for _ in range(3)]
        assert [type(event) for event in seen] == [LinkUp, LinkUp, LinkChanged]
        assert bus.routes.peers == {new.peer_id: new}
        assert bus.routes.offering("miner", "blocks") == [new]
        assert bus.routes.offering("archive", "blocks") == bus.routes.offering("miner", "other") == []
        await bus.tell(bus.router, LinkDown(new, "gone"))
        assert isinstance(await events.get(), LinkDown)
        assert bus.routes.peers == {}


async def test_of_two_links_to_one_peer_the_newer_counts_whichever_is_told_of_first() -> None:
    async with Bus() as bus:
        older, newer = FakeLink(1), FakeLink(1)
        with bus.subscribe(str, LinkUp) as events:
            await bus.tell(bus.router, LinkUp(newer, order=2))
            await bus.tell(bus.router, LinkUp(older, ("up",), order=1))
            assert isinstance(await events.get(), LinkUp)
            assert await events.get() == "up"  # the peer is up, only its table entry is another
        await bus.tell(bus.router, LinkDown(older, "superseded"))
        assert bus.routes.peers == {newer.peer_id: newer}


async def test_sends_go_to_one_peer_a_role_or_everyone() -> None:
    async with Bus(rng=Random(1)) as bus:
        links = [FakeLink(1, "archive"), FakeLink(2, "archive", load=Load(9)), FakeLink(3, fails=True)]
        for link in links:
            await bus.tell(bus.router, LinkUp(link))
        await asyncio.sleep(0)
        assert await bus.ask(Peer(links[1].peer_id) / "blocks", "m") == 2
        assert await bus.ask(Role("archive") / "blocks", "m") == 1  # the less loaded
        assert await bus.ask(Role("archive", "least") / "blocks", "m") == 1
        everyone = await bus.ask(EVERYONE / "blocks", "m", timeout=7)
        assert everyone.answers == {links[0].peer_id: 1, links[1].peer_id: 2}
        assert isinstance(everyone.errors[links[2].peer_id], PeerGone)
        all_of = await bus.tell(Role("archive", "all") / "blocks", "m")
        assert all_of.ok
        assert len(all_of) == 2
        assert links[2].got[-1][2] == pytest.approx(asyncio.get_running_loop().time() + 7)
        with pytest.raises(NoRoute):
            await bus.ask(Peer("f" * 64) / "blocks", "m")


async def test_watches_go_to_the_peer() -> None:
    class Watches(Actor):
        @handles(str)
        def go(self, peer: str) -> None:
            self.watch(Peer(peer) / "blocks")
            self.unwatch(Peer(peer) / "blocks")

    async with Bus() as bus:
        link = FakeLink(1)
        await bus.tell(bus.router, LinkUp(link))
        await bus.ask(bus.spawn(Watches, name="w"), link.peer_id)
        assert link.watched == [f"+blocks {LOCAL / 'w'}", f"-blocks {LOCAL / 'w'}"]


#: Connections come, change and go: (what, peer, which of its connections by order).
FACTS = st.lists(st.tuples(st.sampled_from(["up", "down", "roles"]), st.integers(0, 2), st.integers(0, 3)), max_size=25)


@given(FACTS, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_table_is_what_the_newest_connections_say_after_any_story(
    facts: list[tuple[str, int, int]], rng: Random
) -> None:
    async def story() -> None:
        links = {(peer, order): FakeLink(peer) for peer in range(3) for order in range(4)}
        model: dict[int, int] = {}
        async with Bus("table") as bus:
            router = bus.router
            for what, peer, order in facts:
                link = links[peer, order]
                if what == "up":
                    router.tell(LinkUp(link, order=order))
                    if order >= model.get(peer, -1):
                        model[peer] = order
                elif what == "down":
                    router.tell(LinkDown(link, "over"))
                    if model.get(peer) == order:
                        del model[peer]
                else:
                    link.roles = capabilities(*rng.sample(["archive", "relay", "seed"], rng.randrange(4)))
                    if model.get(peer) == order:
                        router.tell(LinkChanged(link))
            for _ in range(5 + len(facts) // 32):
                await asyncio.sleep(0)
            up = {links[at] for at in model.items()}
            assert set(bus.routes.peers.values()) == up
            assert all(bus.routes.peers[link.peer_id] is link for link in up)
            for role in ("archive", "relay", "seed"):
                assert set(bus.routes.roles.get(role, ())) == {link for link in up if role in link.roles}

    with closing(VirtualLoop()) as loop:
        loop.run_until_complete(story())
