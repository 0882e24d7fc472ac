"""Peers that describe the channel of the honest otherwise: in many words or many messages, and each time anew."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Any

import msgpack

from peerbus.transports.streams.identity import Identity

from ..attack import Attack, Target, source_address
from ..raw import Wire
from ..reactors import Desk

__all__ = ["ATTACK"]

#: A field of the honest that may be this, or this, …, of this many words: some are read, and compared one by one with
#: what the node declares.
_WORDS = (6_000, 30_000, 6_000, 0)
#: Channels that a peer may open, all together.
_CHANNELS = 256


def _described(number: int) -> bytes:
    if number % 2:  # as many messages as may be, all of which the node has to know to be none of its own
        return bytes(msgpack.packb([1, [], [[f"{number:x}.{each:x}", "int"] for each in range(1024)]]))
    number //= 2
    words = _WORDS[number % len(_WORDS)]
    shape = ["union", *[["list", "str"]] * (words // 4), *["int"] * (words // 2)] if words else "str"
    definition = ["map", f"Question{number}", None, False, [["number", 0, shape]]]
    return bytes(msgpack.packb([1, [definition], [["Question", 0, None]]]))


def _announced(data: bytes) -> dict[str, Any]:
    return {
        "name": Desk.channel.name, "types": ["Question"], "schema": hashlib.sha256(data).digest()[:16], "messages": 1,
        "bytes": 1, "max_message": 1, "priority": 1,
    }  # fmt: skip


async def _run(target: Target) -> None:
    async def once(number: int) -> None:
        said = [_described(number * _CHANNELS + each) for each in range(target.scaled(64, 8))]
        async with asyncio.timeout(10.0):
            wire = await Wire.as_peer(
                target, Identity.generate(), source=source_address(number), features=["schemas"],
                channels=[_announced(said[0])],
            )  # fmt: skip
        try:
            for index, data in enumerate(said):
                if index:
                    wire.send("CLOSE", index - 1, "bye")
                    wire.send("OPEN", index, _announced(data))
                asked = await wire.until("DESCRIBE")
                target.facts["asked for"] += len(asked[1])
                wire.send("DESCRIPTION", index, data)
                await wire.writer.drain()
                target.facts["described"] += 1
        finally:
            wire.close()

    await target.repeat(once, side_by_side=target.scaled(4, 1))


def _judge(facts: Mapping[str, int]) -> tuple[str, ...]:
    return () if facts.get("described") else ("no description was asked for",)


ATTACK = Attack(
    number=7,
    name="descriptions",
    about="four peers that describe the channel of the honest otherwise, in thousands of words or messages, on and on",
    run=_run,
    small=1,
    judge=_judge,
)
