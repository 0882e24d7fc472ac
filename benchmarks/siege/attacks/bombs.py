"""Peers that send what becomes 256 times as much, as fast as there is credit, and what would become more."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping

import msgpack

from peerbus.transports.streams.identity import Identity

from ..attack import Attack, Target, source_address
from ..raw import Wire
from ..reactors import Folded

__all__ = ["ATTACK"]

#: COMPRESSED, whose number is above those that `raw` knows by name.
_COMPRESSED = 20
#: Bytes of one message of zeros.
_SIZE = 60_000


def _frame(*fields: object) -> bytes:
    body = msgpack.packb([_COMPRESSED, *fields])
    assert isinstance(body, bytes)
    return len(body).to_bytes(4, "big") + body


async def _run(target: Target) -> None:
    payload = msgpack.packb({"data": bytes(_SIZE)})

    async def once(number: int) -> None:
        async with asyncio.timeout(10.0):
            wire = await Wire.as_peer(target, Identity.generate(), source=source_address(number), mirror="folded")
        at = wire.channel(Folded.channel.name)
        left = wire.peer["channels"][at]["bytes"]
        stream = zlib.compressobj(9, zlib.DEFLATED, -15)
        body = msgpack.packb([3, at, [[1, 0, payload]]])
        said = len(body)
        try:
            for count in range(target.scaled(100_000, 30)):
                while left < len(payload):
                    granted = (await wire.until("CREDIT"))[1]
                    left += sum(size for index, _, size in granted if index == at)
                data = stream.compress(body) + stream.flush(zlib.Z_SYNC_FLUSH)
                data = data.removesuffix(b"\x00\x00\xff\xff")
                if number % 2 and count == 20:  # it says less than it becomes
                    said = 1000
                padding = bytes(max(0, -(-said // 256) - len(data)))
                wire.writer.write(_frame(2 * at, int(not count), said, data, padding))
                await wire.writer.drain()
                left -= len(payload)
                target.facts["bombs sent"] += 1
                target.facts["MiB that they become"] = target.facts["bombs sent"] * _SIZE >> 20
                if said == 1000:
                    await wire.until("GOAWAY")
        except (EOFError, OSError):
            target.facts["refused"] += said < len(body)
            raise
        finally:
            wire.close()

    await target.repeat(once, side_by_side=target.scaled(6, 2))


def _judge(facts: Mapping[str, int]) -> tuple[str, ...]:
    return () if facts.get("refused") else ("a piece that becomes more than it says was taken",)


ATTACK = Attack(
    number=20,
    name="bombs",
    about="six peers whose compressed messages become 256 times as much, and some of them more than they say",
    run=_run,
    reactors=(Folded,),
    small=2,
    judge=_judge,
)
