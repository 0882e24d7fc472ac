"""Whoever says over a plain Unix socket that he is a peer which has proven it: that one keeps its place."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

import msgpack

from peerbus.transports.streams.identity import Identity

from ..attack import Attack, Target, source_address
from ..raw import Wire

__all__ = ["ATTACK"]


async def _stay(target: Target, identity: Identity, there: asyncio.Event) -> None:
    """The peer: asks now and then, and is never parted with. `there`: it was answered."""
    wire = await Wire.as_peer(target, identity, source=source_address(251))
    at, question, rid = wire.channel("desk"), msgpack.packb({"number": 1}), 0
    try:
        while True:
            rid += 1
            wire.send("ASK", at, [[rid, 5000, 1, 0, question]])
            answered = False
            while not answered:
                kind, *fields = await wire.until("REPLY", "PING")
                answered = kind == "REPLY"
                if kind == "PING":
                    wire.send("PONG", *fields)
            target.facts["answered"] += 1
            there.set()
            await asyncio.sleep(0.02)
    except (OSError, EOFError) as error:
        target.facts["replaced"] += 1
        raise RuntimeError(f"the peer that had proven its id was parted with: {error}") from error
    finally:
        wire.close()


async def _run(target: Target) -> None:
    identity = Identity.generate()
    there = asyncio.Event()
    waiting = asyncio.ensure_future(there.wait())
    staying = asyncio.ensure_future(_stay(target, identity, there))

    async def once(number: int) -> None:
        async with asyncio.timeout(10.0):
            wire = await Wire.by_unix(target)
            try:
                with contextlib.suppress(EOFError):
                    await wire.shake_hands(target, identity, incarnation=number)
                    target.facts["let in"] += 1
                target.facts["claims"] += 1
            finally:
                wire.close()

    try:
        await asyncio.wait({staying, waiting}, return_when=asyncio.FIRST_COMPLETED)
        await target.repeat(once, side_by_side=target.scaled(4, 1), pause=0.005)
    finally:
        waiting.cancel()
        staying.cancel()
        with contextlib.suppress(asyncio.CancelledError, RuntimeError):
            await staying


def _judge(facts: Mapping[str, int]) -> tuple[str, ...]:
    found = facts.get("replaced", 0), facts.get("let in", 0)
    return () if found == (0, 0) else (f"{found[0]} proven connections replaced, {found[1]} claims let in",)


ATTACK = Attack(
    number=11,
    name="unix-claims",
    about="claims over a plain Unix socket to be a peer that has proven who it is, 800 a second",
    run=_run,
    plain_unix=True,
    small=20,
    judge=_judge,
)
