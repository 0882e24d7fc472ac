"""Peers that send maps whose keys all have one hash: a few entries too many, and as many as may be."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from uuid import UUID

import msgpack

from peerbus.transports.streams.identity import Identity

from ..attack import Attack, Target, source_address
from ..raw import Wire
from ..reactors import Tables

__all__ = ["ATTACK"]

#: The hash of an integer is its rest modulo this, and that of a UUID the one of its integer.
_MODULUS = 2**61 - 1
#: Entries of a map that nobody takes, and of those that are taken; how many of these a message may have.
_TOO_MANY, _MOST, _MAPS = 20_000, 256, 2


def _message(entries: int, maps: int) -> bytes:
    table = {str(UUID(int=1 + place * _MODULUS)): 0 for place in range(entries)}
    payload = msgpack.packb({"maps": [table] * maps})
    assert isinstance(payload, bytes)
    return payload


async def _run(target: Target) -> None:
    refused, taken = _message(_TOO_MANY, 1), _message(_MOST, _MAPS)

    async def once(number: int) -> None:
        async with asyncio.timeout(10.0):
            wire = await Wire.as_peer(target, Identity.generate(), source=source_address(number))
        at = wire.channel(Tables.channel.name)
        left = wire.peer["channels"][at]["bytes"]
        try:
            wire.send("TELL", at, [[1, 0, refused]])
            left -= len(refused)
            sent = 0
            while target.rounds is None or sent < 5:
                while left < len(taken):
                    kind, *fields = await wire.until("CREDIT", "ERROR")
                    target.facts["refused"] += kind == "ERROR"
                    left += sum(size for index, _, size in fields[0] if index == at) if kind == "CREDIT" else 0
                wire.send("TELL", at, [[1, 0, taken]])
                await wire.writer.drain()
                left -= len(taken)
                sent += 1
                target.facts["maps sent"] += _MAPS
            while not target.facts["refused"]:
                target.facts["refused"] += (await wire.until("CREDIT", "ERROR"))[0] == "ERROR"
        finally:
            wire.close()

    await target.repeat(once, side_by_side=target.scaled(4, 1))


def _judge(facts: Mapping[str, int]) -> tuple[str, ...]:
    return () if facts.get("refused") else ("a map of 20 000 colliding keys was taken",)


ATTACK = Attack(
    number=7,
    name="colliding-keys",
    about="four peers that send maps whose keys have one hash, as many as a message may have, and more",
    run=_run,
    reactors=(Tables,),
    small=1,
    judge=_judge,
)
