"""The reactor of gossip on one node: its class, and what an item meets where it enters. Networks: tests/network."""

from __future__ import annotations

import pytest

from peerbus.actors import LOCAL, Bus, Channel, Message
from peerbus.patterns import GetGossip, Gossip, gossip_channel


class Note(Message):
    text: str


class Slow(Gossip[Note]):
    """Its users may await."""

    channel = gossip_channel("slow", Note)
    role = "any"

    def __init__(self) -> None:
        super().__init__()
        self.got: list[str] = []

    async def deliver(self, item: Note) -> None:
        await self.bus.started()
        self.got.append(item.text)


async def test_each_item_is_delivered_once_where_it_enters() -> None:
    async with Bus(reactors=[Slow]) as bus:
        assert await bus.ask(LOCAL / Slow, Note("a"))
        assert not await bus.ask(LOCAL / Slow, Note("a"))
        view = await bus.ask(LOCAL / Slow, GetGossip())
    assert (view.held, view.delivered, view.copies, view.neighbours) == (1, 1, 0, 0)


def test_a_class_that_is_no_gossip_says_what_is_missing() -> None:
    with pytest.raises(TypeError, match=r'is made by gossip_channel\("plain", Item\)'):

        class Plain(Gossip[Note]):
            channel = Channel("plain", messages=(Note,))
            role = "miner"

    with pytest.raises(TypeError, match='says no role: role = "…"'):

        class NoRole(Gossip[Note]):
            channel = gossip_channel("norole", Note)

    with pytest.raises(TypeError, match="max_message=1000 is too small for a gossip, whose digests take 1664 bytes"):

        class TooSmall(Gossip[Note]):
            channel = gossip_channel("small", Note, max_message=1000)
            role = "miner"
