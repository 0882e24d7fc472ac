"""A peer that says at full speed that it offers other roles, and that a reactor of it has stopped."""

from __future__ import annotations

import asyncio
import contextlib

from peerbus.transports.streams.identity import Identity

from ..attack import Attack, Target, source_address
from ..raw import Wire

__all__ = ["ATTACK"]

_CHANNEL = {
    "name": "mine", "types": [], "schema": bytes(16), "messages": 1, "bytes": 1, "max_message": 1, "priority": 1,
}  # fmt: skip


async def _run(target: Target) -> None:
    rounds = target.scaled(1_000_000, 20)

    async def once(number: int) -> None:
        async with asyncio.timeout(10.0):
            wire = await Wire.as_peer(target, Identity.generate(), source=source_address(number), channels=[_CHANNEL])
        reading = asyncio.ensure_future(wire.reader.read(-1))
        block = b"".join(
            wire.frame("UPDATE", [f"role{role}.{turn % 2}" for role in range(64)], b"") + wire.frame("CLOSE", 0, "bye")
            for turn in range(50)
        )
        try:
            for _ in range(rounds):
                if reading.done():
                    break
                wire.writer.write(block)
                target.facts["changes sent"] += 100
                with contextlib.suppress(ConnectionError):
                    await wire.writer.drain()
                await asyncio.sleep(0)
        finally:
            wire.close()
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    await target.repeat(once, side_by_side=target.scaled(4, 2))


ATTACK = Attack(
    number=4,
    name="changes",
    about="four peers that offer other roles and close a channel, at full speed, with fresh keys when they are banned",
    run=_run,
    small=4,
)
