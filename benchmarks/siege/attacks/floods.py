"""Peers with a fresh key each that send one kind of frame as fast as they can: PONG, CREDIT of nothing and so on."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from peerbus.transports.streams.identity import Identity

from ..attack import Attack, Target, source_address
from ..raw import Wire

__all__ = ["ATTACK"]

#: What each of them sends without end.
_KINDS: dict[str, tuple[Any, ...]] = {
    "PING": ("PING", 1),
    "PONG": ("PONG", 1),
    "CANCEL": ("CANCEL", 1),
    "CREDIT": ("CREDIT", [[0, 0, 0]] * 64),
    "REPLY": ("REPLY", 0, [[7, 0, b"\xc0"]]),
    "ERROR": ("ERROR", 7, 0, 0, "x", "y"),
    "PROBE": ("PROBE", 0, 0, 5, ["bus://x/y"]),
    "UPDATE": ("UPDATE", [f"role{number}" for number in range(64)], b""),
    "CLOSE": ("CLOSE", 0, "bye"),
    "GOAWAY": ("GOAWAY", "x", "y", 5),
}
#: Frames that are written at once, and the most that one key sends.
_BLOCK, _MOST = 1000, 10_000_000
_CHANNEL = {
    "name": "mine", "types": [], "schema": bytes(16), "messages": 1, "bytes": 1, "max_message": 1, "priority": 1,
}  # fmt: skip


async def _run(target: Target) -> None:
    most = target.scaled(_MOST, 30_000)

    async def once(number: int) -> None:
        kind = list(_KINDS)[number % len(_KINDS)]
        async with asyncio.timeout(10.0):
            wire = await Wire.as_peer(target, Identity.generate(), source=source_address(number), channels=[_CHANNEL])
        block = wire.frame(*_KINDS[kind]) * _BLOCK
        reading = asyncio.ensure_future(wire.reader.read(-1))
        sent = 0
        try:
            while sent < most and not reading.done():
                wire.writer.write(block)
                sent += _BLOCK
                with contextlib.suppress(ConnectionError):
                    await wire.writer.drain()
                await asyncio.sleep(0)
        finally:
            target.facts[f"{kind} sent"] += sent
            wire.close()
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    await target.repeat(once, side_by_side=target.scaled(10, 2))


ATTACK = Attack(
    number=5,
    name="floods",
    about="ten peers with a fresh key each that send one kind of frame at full speed, each another kind",
    run=_run,
    small=len(_KINDS),
)
