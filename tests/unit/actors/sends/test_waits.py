from __future__ import annotations

import asyncio
from typing import Any

from peerbus.actors import LOCAL, Actor, Bus, Channel, Message, Reactor, handles
from peerbus.actors.sends.waits import MAX_WAITS, waits_in


class Later(Message):
    """Answered never."""


class Silent(Reactor):
    channel = Channel("silent", messages=(Later,))

    @handles(Later, reentrant=True)
    async def later(self, _: Later) -> None:
        await asyncio.Event().wait()


async def test_what_a_task_stands_in_is_found_in_tasks_and_gathered_and_bounded() -> None:
    async with Bus("test", reactors=[Silent]) as bus:
        asks: list[Any] = [bus.ask(LOCAL / Silent, Later(), timeout=60) for _ in range(3)]

        async def outer() -> None:
            await asyncio.ensure_future(_awaits(asks[0]))

        task, gathered = asyncio.ensure_future(outer()), asyncio.gather(*asks[1:])
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert list(waits_in(task)) == asks[:1]
        assert list(waits_in(gathered)) == asks[1:]
        assert list(waits_in(asyncio.ensure_future(asyncio.sleep(0)))) == []
        many = asyncio.gather(*[bus.ask(LOCAL / Silent, Later(), timeout=60) for _ in range(MAX_WAITS + 9)])
        assert len(list(waits_in(many))) == MAX_WAITS
        for each in (task, gathered, many):
            each.cancel()
        await asyncio.gather(task, gathered, many, return_exceptions=True)
        assert list(waits_in(asks[0])) == [], "it is over"
    assert issubclass(Silent, Actor)


async def _awaits(ask: object) -> None:
    await ask  # type: ignore[misc]  # an outcome
