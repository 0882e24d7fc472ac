"""Peers that ask who waits for whom as often as they may, while one reactor waits in a circle: it is found."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

import msgpack

from peerbus.transports.streams.identity import Identity

from ..attack import Attack, Target, source_address
from ..raw import Wire
from ..reactors import Back

__all__ = ["ATTACK"]

#: Probes a second of each peer, and how many at once.
_A_SECOND, _AT_ONCE = 400, 20


async def _ask_around(target: Target) -> None:
    """Ask the reactor, which asks this peer: and that would wait for the reactor. Its probe comes round."""
    identity = Identity.generate()
    while identity.node_id < target.node_id:  # else it would be this peer's to end the circle
        identity = Identity.generate()
    wire = await Wire.as_peer(target, identity, source=source_address(251), mirror="back")
    at, question = wire.channel(Back.channel.name), msgpack.packb({"number": 1})
    here = f"bus://{identity.node_id}/{Back.channel.name}"
    rid = 0
    try:
        while target.rounds is None or (rid < 5 and not target.facts["circles found"]):
            rid += 1
            wire.send("ASK", at, [[rid, 4000, 1, 1, question]])
            target.facts["circles"] += 1
            while True:
                kind, *fields = await wire.until("ASK", "PROBE", "ERROR", "REPLY")
                if kind == "ASK":
                    wire.send("CREDIT", [[0, 1, len(question)]])
                elif kind == "PROBE":
                    wire.send("PROBE", rid, at, fields[2], [*fields[3], here])
                else:
                    target.facts["circles found"] += kind == "ERROR" and "Deadlock" in fields[3]
                    break
            await asyncio.sleep(0.05)
    finally:
        wire.close()


async def _run(target: Target) -> None:
    async def once(number: int) -> None:
        async with asyncio.timeout(10.0):
            wire = await Wire.as_peer(target, Identity.generate(), source=source_address(number))
        at = wire.channel("desk")
        try:
            for _ in range(target.scaled(1_000_000, 20)):
                for token in range(_AT_ONCE):
                    wire.send("PROBE", 0, at, token, ["bus://x/y"])
                target.facts["probes"] += _AT_ONCE
                await wire.writer.drain()
                await asyncio.sleep(_AT_ONCE / _A_SECOND)
        finally:
            wire.close()

    around = asyncio.ensure_future(_ask_around(target))
    try:
        await target.repeat(once, side_by_side=target.scaled(10, 2))
        await around
    finally:
        around.cancel()
        with contextlib.suppress(asyncio.CancelledError, OSError, EOFError):
            await around


def _judge(facts: Mapping[str, int]) -> tuple[str, ...]:
    circles, found = facts.get("circles", 0), facts.get("circles found", 0)
    return () if found and found >= circles - 1 else (f"{found} of {circles} circles of waits were found",)


ATTACK = Attack(
    number=9,
    name="probes",
    about="ten peers that ask who waits for whom, 400 times a second each, beside a reactor that waits in a circle",
    run=_run,
    reactors=(Back,),
    small=2,
    judge=_judge,
)
