"""Peers with fresh keys, all from one address, that take every slot and keep it."""

from __future__ import annotations

import asyncio
import contextlib

from peerbus.transports.streams.identity import Identity

from ..attack import Attack, Target, source_address
from ..raw import Wire

__all__ = ["ATTACK"]

#: A few more than there are slots.
_PEERS = 80


async def _run(target: Target) -> None:
    held: set[asyncio.Task[None]] = set()

    async def hold(wire: Wire) -> None:
        """Answer what keeps a connection alive, until the node ends it."""
        try:
            with contextlib.suppress(OSError, EOFError):
                while True:
                    frame = await wire.read()
                    if frame[0] == "PING":
                        wire.send("PONG", frame[1])
        finally:
            wire.close()

    async def once(_number: int) -> None:
        async with asyncio.timeout(5.0):
            wire = await Wire.as_peer(target, Identity.generate(), source=source_address(0))
        task = asyncio.ensure_future(hold(wire))
        held.add(task)
        task.add_done_callback(held.discard)
        target.facts["most slots"] = max(target.facts["most slots"], len(held))

    try:
        await target.repeat(once, side_by_side=8, pause=0.1)
    finally:
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)


ATTACK = Attack(
    number=12,
    name="slots",
    about="peers with fresh keys from one address that take every slot, and whatever comes free again",
    run=_run,
    small=_PEERS,
)
