"""Connections that say nothing, from one address: they hold what is kept for handshakes."""

from __future__ import annotations

import asyncio

from ..attack import Attack, Target, source_address
from ..raw import Wire

__all__ = ["ATTACK", "keep_silent"]


async def keep_silent(target: Target, *, addresses: int, a_second: float) -> None:
    """Open some a second, from several addresses in turn, and wait for the node to end each."""
    tasks: set[asyncio.Task[None]] = set()

    async def silent(number: int) -> None:
        wire = await Wire.open(target, source=source_address(number % addresses))
        try:
            await wire.reader.read()
        finally:
            wire.close()

    def ended(task: asyncio.Task[None]) -> None:
        tasks.discard(task)
        if not task.cancelled():
            target.facts["ended by the node" if task.exception() is None else "refused"] += 1

    async def once(number: int) -> None:
        task = asyncio.ensure_future(silent(number))
        tasks.add(task)
        task.add_done_callback(ended)

    try:
        await target.repeat(once, side_by_side=1, pause=1.0 / a_second)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _run(target: Target) -> None:
    await keep_silent(target, addresses=1, a_second=40.0)


ATTACK = Attack(
    number=2, name="silent", about="connections that say nothing, 40 a second from one address", run=_run, small=140
)
