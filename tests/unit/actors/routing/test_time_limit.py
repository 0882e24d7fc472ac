"""What time a send has: what it says, what its channel says, or the default."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from peerbus.actors import EVERYONE, LOCAL, Actor, Bus, Channel, Peer, Reactor, handles
from peerbus.actors.messages import DEFAULT_TIMEOUT
from peerbus.actors.routing.time_limit import deadline_of, seconds_of


@dataclass(frozen=True)
class Get:
    height: int


class Blocks(Reactor):
    channel = Channel("blocks", messages=(Get,), timeout=3.0)

    @handles(Get)
    async def get(self, _: Get) -> None:
        await asyncio.sleep(60)


async def test_it_is_what_the_send_says_else_what_the_channel_says_else_the_default() -> None:
    async with Bus(reactors=[Blocks], shutdown_timeout=0.1) as bus:
        plain = bus.spawn(Actor)
        for to in (LOCAL / Blocks, Peer("b" * 64) / Blocks, EVERYONE / Blocks):
            assert seconds_of(bus, to, None) == 3.0
            assert seconds_of(bus, to, 0.5) == 0.5
        assert seconds_of(bus, plain, None) == seconds_of(bus, LOCAL / "other", None) == DEFAULT_TIMEOUT
        now = bus.loop.time()
        assert deadline_of(bus, "blocks", None) == now + 3.0
        assert bus.deadline("other", 1.0) == now + 1.0
        with pytest.raises(TimeoutError):
            await bus.ask(LOCAL / Blocks, Get(1))
        assert bus.loop.time() - now >= 3.0
