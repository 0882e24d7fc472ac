"""Ten peers that ask for long answers and read none of them."""

from __future__ import annotations

import asyncio

import msgpack

from peerbus.transports.streams.identity import Identity

from ..attack import Attack, Target, source_address
from ..raw import Wire
from ..reactors import Wordy

__all__ = ["ATTACK"]

#: Asks of one peer, seconds that it waits, and seconds between two signs of life.
_ASKS, _WAITS, _ALIVE = 200, 20.0, 0.5


async def _run(target: Target) -> None:
    question = msgpack.packb({"number": 1})

    async def once(number: int) -> None:
        async with asyncio.timeout(10.0):
            wire = await Wire.as_peer(target, Identity.generate(), source=source_address(number))
        try:
            at = wire.channel(Wordy.channel.name)
            for rid in range(1, _ASKS + 1):
                wire.send("ASK", at, [[rid, 60_000, 1, 0, question]])
            target.facts["asks"] += _ASKS
            for token in range(int(target.scaled(int(_WAITS / _ALIVE), 1))):
                await wire.writer.drain()
                await asyncio.sleep(_ALIVE)
                wire.send("PING", token)  # says whether the node has ended it, as nothing is read
        finally:
            wire.close()

    await target.repeat(once, side_by_side=target.scaled(10, 2))


ATTACK = Attack(
    number=6,
    name="unread-answers",
    about="ten peers that ask for long answers, 900 KB each, and read none of them",
    run=_run,
    reactors=(Wordy,),
    small=2,
)
