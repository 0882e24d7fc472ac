"""Twenty peers that send parts of answers which nobody has asked for, 15 MiB each, and never the last part."""

from __future__ import annotations

import asyncio

from peerbus.transports.streams.identity import Identity

from ..attack import Attack, Target, source_address
from ..raw import Wire

__all__ = ["ATTACK"]

_CHANNEL = {
    "name": "mine", "types": [], "schema": bytes(16), "messages": 1, "bytes": 1, "max_message": 16 << 20, "priority": 1,
}  # fmt: skip
_PART = 16 * 1024


async def _run(target: Target) -> None:
    size = target.scaled(15 << 20, 1 << 20)

    async def once(number: int) -> None:
        async with asyncio.timeout(10.0):
            wire = await Wire.as_peer(target, Identity.generate(), source=source_address(number), channels=[_CHANNEL])
        try:
            for left in range(size, _PART, -_PART):
                wire.send("PART", 1, left - _PART, bytes(_PART))
                await wire.writer.drain()
            target.facts["bytes sent"] += size
            if target.rounds is None:
                await asyncio.sleep(60.0)
        finally:
            wire.close()

    await target.repeat(once, side_by_side=target.scaled(20, 4))


ATTACK = Attack(
    number=6,
    name="unasked-parts",
    about="twenty peers that send 15 MiB each in parts of answers that nobody has asked for",
    run=_run,
    small=6,
)
