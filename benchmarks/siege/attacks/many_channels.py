"""Peers with as many channels as may be, which nobody else has: they come and go, and so do the peers."""

from __future__ import annotations

import asyncio
from typing import Any

from peerbus.transports.streams.identity import Identity

from ..attack import Attack, Target, source_address
from ..raw import Wire

__all__ = ["ATTACK"]

#: Channels of one HELLO, and of one connection.
_SAID, _MOST = 200, 256
#: Bits of what nobody may do there.
_NOTHING = 3


def _channel(number: int) -> dict[str, Any]:
    return {
        "name": f"channel{number}", "types": ["Nothing"], "schema": bytes(16), "messages": 1, "bytes": 1,
        "max_message": 1, "priority": 1,
    }  # fmt: skip


async def _run(target: Target) -> None:
    async def once(number: int) -> None:
        async with asyncio.timeout(10.0):
            wire = await Wire.as_peer(
                target, Identity.generate(), source=source_address(number), features=["refusals"],
                channels=[_channel(each) for each in range(_SAID)],
            )  # fmt: skip
        try:
            for each in range(_SAID, _MOST):
                wire.send("CLOSE", each - _SAID, "bye")
                wire.send("OPEN", each, _channel(each))
            for turn in range(target.scaled(20, 2)):
                refused = [[each, _NOTHING] for each in range(turn % 2, _MOST, 2)]
                wire.send("UPDATE", [f"role{turn % 2}"], b"", refused)
                target.facts["changes sent"] += 1
                await wire.writer.drain()
                await asyncio.sleep(0.02)
        finally:
            wire.close()

    await target.repeat(once, side_by_side=target.scaled(8, 2))


ATTACK = Attack(
    number=4,
    name="many-channels",
    about="eight peers with 256 channels each that nobody else has, which open, close and refuse, again and again",
    run=_run,
    small=4,
)
