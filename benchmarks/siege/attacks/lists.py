"""Ten peers that fill the mailbox of a reactor which is slow, with lists and maps that are a byte each on the wire."""

from __future__ import annotations

import asyncio

from peerbus.transports.streams.identity import Identity

from ..attack import Attack, Target, source_address
from ..raw import Wire
from ..reactors import Shelf

__all__ = ["ATTACK"]

#: Empty lists, and as many empty maps, in one message: as many values as it may have.
_EACH = 32_000
_PAYLOAD = (
    b"\x82\xa5lists\xdd" + _EACH.to_bytes(4, "big") + b"\x90" * _EACH
    + b"\xa4maps\xdd" + _EACH.to_bytes(4, "big") + b"\x80" * _EACH
)  # fmt: skip


async def _run(target: Target) -> None:
    async def once(number: int) -> None:
        async with asyncio.timeout(10.0):
            wire = await Wire.as_peer(target, Identity.generate(), source=source_address(number))
        try:
            at = wire.channel("shelf")
            window = wire.peer["channels"][at]["bytes"]
            for _ in range(window // len(_PAYLOAD)):
                wire.send("TELL", at, [[1, 0, _PAYLOAD]])
                await wire.writer.drain()
                target.facts["values sent"] += 2 * _EACH
            if target.rounds is None:
                await wire.until("GOAWAY")  # kept, until the node lets go of it
        finally:
            wire.close()

    await target.repeat(once, side_by_side=target.scaled(10, 2))


ATTACK = Attack(
    number=6,
    name="lists",
    about="ten peers that fill the mailbox of a slow reactor with lists and maps, a million each",
    run=_run,
    reactors=(Shelf,),
    small=2,
)
