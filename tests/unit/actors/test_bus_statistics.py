"""What a bus says of itself at one instant."""

from __future__ import annotations

import asyncio

import pytest

from peerbus.actors import LOCAL, Actor, Bus, NoSuchReactor, Supervision, handles


class Plain(Actor):
    @handles(int)
    def number(self, message: int) -> int:
        if message < 0:
            raise ValueError(message)
        return message


async def test_statistics_keep_their_counts_through_a_restart() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Plain, name="plain", supervision=Supervision(backoff=0.0))
        for message in (1, -1, 2):
            await bus.tell(ref, message)
        await bus.ask(ref, 3)
        stats = bus.statistics().actors["plain"]
        assert (stats.sent, stats.delivered) == (4, 4)
        assert bus.statistics().dead_letters == {"handler_failed": 1}


async def test_statistics_are_of_one_instant_and_know_each_send_that_found_nobody() -> None:
    async with Bus() as bus:
        before = bus.statistics()
        ref = bus.spawn(Plain, name="plain")
        await bus.ask(ref, 1)
        with pytest.raises(NoSuchReactor):
            await bus.tell(LOCAL / "nobody", 1)
        now = bus.statistics()
        assert "plain" not in before.actors
        assert now.actors["plain"].delivered == 1
        assert (before.failed, now.failed) == ({}, {"no_such_reactor": 1})
        assert now.dead_letters == {"no_such_reactor": 1}
        assert now.ledger.astray["-"].failed == {"no_such_reactor": 1}
        await ref.stop(block=False)
        await asyncio.sleep(0)
        assert "plain" not in bus.statistics().actors
        assert bus.statistics().ledger.local["-"].delivered == now.ledger.local["-"].delivered
