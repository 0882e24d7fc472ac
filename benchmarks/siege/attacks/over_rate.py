"""Peers that send past what a rate gives them: as fast as there is credit, without any, and with new connections.

Messages, and items of streams: those count for the rate as well.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping

import msgpack

from peerbus.actors import Rate
from peerbus.node import PeerRates
from peerbus.transports.streams.identity import Identity
from peerbus.transports.wire import flags_of

from ..attack import Attack, Target, source_address
from ..raw import Wire
from ..reactors import Scale, Tables

__all__ = ["ATTACK"]

#: Messages of one peer a second, and at once.
_RATE, _BURST = 50, 100
_PAYLOAD = b"\x81\xa4maps\x90"
_QUESTION = msgpack.packb({"number": 1})


async def _run(target: Target) -> None:
    keys = [Identity.generate() for _ in range(8)]
    granted_to: Counter[str] = Counter()
    began = time.monotonic()

    async def items(wire: Wire, identity: Identity, *, honest: bool) -> None:
        """Sixteen streams of items at a time, and new ones for those: as fast as there is credit, or faster."""
        at, credit, rid = wire.channel(Scale.channel.name), Counter[int](), 0
        for _ in range(target.scaled(2000, 40)):
            while len(credit) < 16:
                rid += 1
                credit[rid] = 0
                wire.send("ASK", at, [[rid, 60_000, 1 | flags_of(1, 1, opened=True), 0, b"\x80"]])
            _, lane, stream, count, _size = await wire.until("GRANT")
            if lane == 2 * at and stream in credit:
                credit[stream] += count
                granted_to[identity.node_id] += count
                most = _RATE * (time.monotonic() - began) + 2 * _BURST + 16 + _RATE
                if granted_to[identity.node_id] > most:
                    target.facts["items of credit beyond the rate"] += 1
                for _ in range(0, credit[stream] if honest else 10**6, 64):
                    some = min(64, credit[stream]) if honest else 64
                    wire.send("ITEMS", 2 * at, stream, 2, [_QUESTION] * some)
                    await wire.writer.drain()
                    target.facts[f"items sent with{'' if honest else 'out'} credit"] += some
                    credit[stream] -= some
                    await asyncio.sleep(0)
                if stream % 2:  # and anew, with another one
                    wire.send("CANCEL", stream)
                    del credit[stream]

    async def once(number: int) -> None:
        identity = keys[number % len(keys)]  # a key comes back: what it owes is not forgotten
        async with asyncio.timeout(10.0):
            wire = await Wire.as_peer(target, identity, source=source_address(number % len(keys)))
        at = wire.channel(Tables.channel.name)
        left = wire.peer["channels"][at]["messages"]
        target.facts["window at most"] = max(target.facts["window at most"], left)
        try:
            if number % 4 == 1:
                async with asyncio.timeout(target.scaled(10, 2)):
                    await items(wire, identity, honest=number % 8 == 1)
            if number % 3 == 0:  # as if there were no credit
                while True:
                    wire.send("TELL", at, [[1, 0, _PAYLOAD]] * 64)
                    await wire.writer.drain()
                    target.facts["sent without credit"] += 64
                    await asyncio.sleep(0)
            for _ in range(target.scaled(10_000, 300)):
                while left < 1:
                    granted = (await wire.until("CREDIT"))[1]
                    left += sum(count for index, count, _ in granted if index == at)
                wire.send("TELL", at, [[1, 0, _PAYLOAD]])
                left -= 1
                target.facts["sent with credit"] += 1
                if target.facts["sent with credit"] % 50 == 0:
                    break  # and anew
        finally:
            wire.close()

    await target.repeat(once, side_by_side=target.scaled(8, 3))


def _judge(facts: Mapping[str, int]) -> tuple[str, ...]:
    most, beyond = facts.get("window at most", 0), facts.get("items of credit beyond the rate", 0)
    return (
        *((f"a window of {most} messages, where a rate gives {_BURST} at once",) if most > _BURST else ()),
        *((f"{beyond} times credit for items beyond the rate",) if beyond else ()),
    )


ATTACK = Attack(
    number=19,
    name="over-rate",
    about="eight peers that send faster than their rate, with credit, without it, and over new connections",
    run=_run,
    reactors=(Tables, Scale),
    node={"rates": PeerRates(channels=dict.fromkeys(("tables", "scale"), Rate(messages=_RATE, messages_burst=_BURST)))},
    small=10,
    judge=_judge,
)
