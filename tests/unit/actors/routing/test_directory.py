"""What routing needs of a bus, and no more: it works over whatever has that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from threading import get_ident
from typing import Any

import pytest

from peerbus.actors import EVERYONE, LOCAL, Capability, NoRoute, NoSuchReactor, Peer, Role, SendError, ShuttingDown
from peerbus.actors.mailbox import Books, DeadLetters
from peerbus.actors.messages import KnownChannels
from peerbus.actors.routing import Purpose, Routes, routed_ask, routed_many, routed_tell
from peerbus.actors.sends import DELIVERED

ALICE, BOB = "a" * 64, "b" * 64


class Wire:
    """A link that writes down what it is to send."""

    inside = False

    def __init__(self, peer_id: str, role: str) -> None:
        self.peer_id = peer_id
        self.roles = {role: Capability(role)}
        self.sent: list[object] = []

    def has(self, reactor: str) -> bool:
        return reactor == "blocks"

    def awaits(self, reactor: str) -> bool:
        return False

    def takes(self, reactor: str, kind: type, purpose: Purpose) -> int:
        return 1 << 20

    def lets(self, reactor: str, purpose: Purpose) -> bool:
        return True

    def tell(self, reactor: str, message: object, sender: object, timeout: float | None, memo: object = None) -> Any:
        self.sent.append(message)
        return DELIVERED

    def ask(
        self, reactor: str, message: object, *, sender: object, deadline: float, reply: object, memo: object = None
    ) -> Any:
        self.sent.append(message)
        return DELIVERED

    def pour(self, reactor: str, supply: Any, sender: object, within: object, memo: object = None) -> Any:
        for message in supply.take(99):
            self.sent.append(message)
            supply.accepted += 1


class Bare:
    """No bus: the tables that routing looks at."""

    name = "bare"
    closing = False
    node_id = "local"
    receivers_awaited = False
    outward = None

    def __init__(self, *links: Wire) -> None:
        self.loop = asyncio.get_running_loop()
        self.thread = get_ident()
        self.rng = Random(1)
        self.routes = Routes.of({link.peer_id: link for link in links})  # type: ignore[misc]  # as much as is used
        self.roles: dict[str, Capability] = {}
        self.channels = KnownChannels()
        self.books = Books(lambda _: False)
        self.published: list[object] = []
        self.dead_letters = DeadLetters(self)

    def dead_letter(
        self, message: object, reason: str, *, to: object, sender: object, error: SendError | None = None
    ) -> None:
        self.dead_letters.add(message, reason, to=to, sender=sender, error=error)

    def cell(self, name: str) -> None:
        return None

    def search(self) -> str:
        return "it looks for nobody"

    def refusal(self, message: object = None) -> ShuttingDown:
        return ShuttingDown("it is closed", message=message)

    def publish(self, event: object) -> None:
        self.published.append(event)

    def call(self, action: Callable[[], object]) -> None:
        self.loop.call_soon(action)


async def test_tells_asks_and_many_tells_reach_peers_by_id_by_role_and_all() -> None:
    alice, bob = Wire(ALICE, "archive"), Wire(BOB, "index")
    bare: Any = Bare(alice, bob)
    await routed_tell(bare, Peer(ALICE) / "blocks", 1, None, None)
    await routed_ask(bare, Peer(BOB) / "blocks", 2, None, None, None)
    await routed_tell(bare, Role("index") / "blocks", 3, None, None)
    assert await routed_many(bare, Role("archive") / "blocks", [4, 5], None, None) == 2
    assert set(await routed_tell(bare, EVERYONE / "blocks", 6, None, None)) == {ALICE, BOB}
    assert alice.sent == [1, 4, 5, 6]
    assert bob.sent == [2, 3, 6]


@pytest.mark.parametrize(
    ("to", "error"),
    [(LOCAL / "blocks", NoSuchReactor), (Peer("c" * 64) / "blocks", NoRoute), (Role("miner") / "blocks", NoRoute)],
    ids=["here", "peer", "role"],
)
async def test_what_reaches_nobody_is_counted_there(to: Any, error: type[NoRoute]) -> None:
    bare: Any = Bare(Wire(ALICE, "archive"))
    for made in (routed_tell(bare, to, 1, None, None), routed_ask(bare, to, 1, None, None, None)):
        with pytest.raises(error):
            await made
    assert bare.dead_letters.failed == bare.dead_letters.counts == {error.reason: 2}
    assert len(bare.published) == 2


async def test_one_that_is_closed_refuses_plain_code() -> None:
    alice = Wire(ALICE, "archive")
    bare: Any = Bare(alice)
    bare.closing = True
    with pytest.raises(ShuttingDown, match="it is closed"):
        await routed_tell(bare, Peer(ALICE) / "blocks", 1, None, None)
    assert alice.sent == []
