"""Peers that send past what a rate gives them: as fast as there is credit, without any, and with new connections."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from peerbus.actors import Rate
from peerbus.node import PeerRates
from peerbus.transports.streams.identity import Identity

from ..attack import Attack, Target, source_address
from ..raw import Wire
from ..reactors import Tables

__all__ = ["ATTACK"]

#: Messages of one peer a second, and at once.
_RATE, _BURST = 50, 100
_PAYLOAD = b"\x81\xa4maps\x90"


async def _run(target: Target) -> None:
    keys = [Identity.generate() for _ in range(8)]

    async def once(number: int) -> None:
        identity = keys[number % len(keys)]  # a key comes back: what it owes is not forgotten
        async with asyncio.timeout(10.0):
            wire = await Wire.as_peer(target, identity, source=source_address(number % len(keys)))
        at = wire.channel(Tables.channel.name)
        left = wire.peer["channels"][at]["messages"]
        target.facts["window at most"] = max(target.facts["window at most"], left)
        try:
            if number % 3 == 0:  # as if there were no credit
                while True:
                    wire.send("TELL", at, [[1, 0, _PAYLOAD]] * 64)
                    await wire.writer.drain()
                    target.facts["sent without credit"] += 64
                    await asyncio.sleep(0)
            for _ in range(target.scaled(10_000, 300)):
                while left < 1:
                    granted = (await wire.until("CREDIT"))[1]
                    left += sum(count for index, count, _ in granted if index == at)
                wire.send("TELL", at, [[1, 0, _PAYLOAD]])
                left -= 1
                target.facts["sent with credit"] += 1
                if target.facts["sent with credit"] % 50 == 0:
                    break  # and anew
        finally:
            wire.close()

    await target.repeat(once, side_by_side=target.scaled(8, 3))


def _judge(facts: Mapping[str, int]) -> tuple[str, ...]:
    most = facts.get("window at most", 0)
    return (f"a window of {most} messages, where a rate gives {_BURST} at once",) if most > _BURST else ()


ATTACK = Attack(
    number=19,
    name="over-rate",
    about="eight peers that send faster than their rate, with credit, without it, and over new connections",
    run=_run,
    reactors=(Tables,),
    node={"rates": PeerRates(channels={"tables": Rate(messages=_RATE, messages_burst=_BURST)})},
    small=9,
    judge=_judge,
)
