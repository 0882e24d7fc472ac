"""Sixty keys of six addresses that hold little each, and much together: unread items of streams, and lists."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgpack

from peerbus.transports.streams.identity import Identity
from peerbus.transports.wire import flags_of

from ..attack import Attack, Target, source_address
from ..raw import Wire
from ..reactors import Shelf, Sink

__all__ = ["ATTACK"]

#: Empty lists in one message, and messages of each key: 1.2 MiB of memory.
_EACH, _MESSAGES = 4000, 1
_LISTS = b"\x82\xa5lists\xdd" + _EACH.to_bytes(4, "big") + b"\x90" * _EACH + b"\xa4maps\x90"
#: Items of a stream that nobody reads, and bytes of each.
_ITEMS, _SIZE = 12, 1 << 16
_ADDRESSES, _STREAMS = 6, 8


async def _run(target: Target) -> None:
    # Somebody who has just come, as they have, and holds more than each of them: he is to stay.
    async with asyncio.timeout(10.0):
        witness = await Wire.as_peer(target, Identity.generate(), source=source_address(_ADDRESSES))
    for _ in range(2):
        witness.send("TELL", witness.channel(Shelf.channel.name), [[1, 0, _LISTS]])
    gone = asyncio.ensure_future(_until_gone(witness))

    async def once(number: int) -> None:
        async with asyncio.timeout(10.0):
            wire = await Wire.as_peer(target, Identity.generate(), source=source_address(number % _ADDRESSES))
        try:
            if number % 2:
                for _ in range(_MESSAGES):
                    wire.send("TELL", wire.channel(Shelf.channel.name), [[1, 0, _LISTS]])
                target.facts["messages sent"] += _MESSAGES
            else:
                await _unread(wire, target)
            if target.rounds is None:
                target.facts[f"told {(await wire.until('GOAWAY'))[1]}"] += 1
        finally:
            wire.close()

    try:
        await target.repeat(once, side_by_side=target.scaled(58, 6), pause=0.2)
    finally:
        target.facts["the witness went"] += gone.done()
        witness.close()
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)


async def _until_gone(wire: Wire) -> None:
    try:
        while True:
            frame = await wire.read()
            if frame[0] == "PING":
                wire.send("PONG", frame[1])
            if frame[0] == "GOAWAY":
                return
    except (OSError, EOFError):
        return


async def _unread(wire: Wire, target: Target) -> None:
    """Streams of items to a handler that takes one of them, and no more."""
    at = wire.channel(Sink.channel.name)
    for rid in range(1, _STREAMS + 1):
        wire.send("ASK", at, [[rid, 60_000, 1 | flags_of(1, 1, opened=True), 0, msgpack.packb({})]])
        await wire.until("GRANT")
        for _ in range(_ITEMS):
            wire.send("ITEMS", 2 * at, rid, 2, [msgpack.packb({"data": bytes(_SIZE)})])
            await wire.writer.drain()
        target.facts["items sent"] += _ITEMS


def _judge(facts: Mapping[str, int]) -> tuple[str, ...]:
    return ("one who held more than each of them, and less than each address, went",) * (facts["the witness went"] > 0)


ATTACK = Attack(
    number=6,
    name="crowded-memory",
    about="sixty peers of six addresses that hold a few MiB each, in items that nobody reads and in lists",
    run=_run,
    reactors=(Shelf, Sink),
    small=6,
    judge=_judge,
)
