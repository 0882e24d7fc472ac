"""Peers that tell and ask at full speed what the operator does not let them, and read each refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from peerbus.node import Allow, Permissions
from peerbus.transports.streams.identity import Identity

from ..attack import Attack, Target, source_address
from ..raw import Wire
from ..reactors import Shelf

__all__ = ["ATTACK"]

#: Messages in one frame, and bytes of each.
_BATCH, _PAYLOAD = 200, b"\x81\xa5lists\x90"


async def _run(target: Target) -> None:
    async def once(number: int) -> None:
        async with asyncio.timeout(10.0):
            wire = await Wire.as_peer(target, Identity.generate(), source=source_address(number))
        at, asks, rid = wire.channel("shelf"), bool(number % 2), 0
        left = wire.peer["channels"][at]["messages"]
        sent = 0
        try:
            while target.rounds is None or sent < 2000:
                while left < _BATCH:
                    kind, *fields = await wire.until("CREDIT", "ERROR")
                    target.facts["refused"] += kind == "ERROR"
                    left += sum(count for index, count, _ in fields[0] if index == at) if kind == "CREDIT" else 0
                if asks:
                    wire.send("ASK", at, [[rid + each, 1000, 1, 0, _PAYLOAD] for each in range(1, _BATCH + 1)])
                else:
                    wire.send("TELL", at, [[1, 0, _PAYLOAD]] * _BATCH)
                await wire.writer.drain()
                rid += _BATCH
                left -= _BATCH
                sent += _BATCH
                target.facts["messages sent"] += _BATCH
            while not target.facts["refused"]:
                target.facts["refused"] += (await wire.until("CREDIT", "ERROR"))[0] == "ERROR"
        finally:
            wire.close()

    await target.repeat(once, side_by_side=target.scaled(6, 2))


def _judge(facts: Mapping[str, int]) -> tuple[str, ...]:
    return () if facts.get("refused") else ("nothing was refused",)


ATTACK = Attack(
    number=18,
    name="not-allowed",
    about="six peers that tell and ask at full speed what permissions refuse them",
    run=_run,
    reactors=(Shelf,),
    node={"permissions": Permissions(channels={"shelf": Allow(tell=[], ask=[])})},
    small=2,
    judge=_judge,
)
