"""Peers that make a reactor ask them, and answer with errors: it goes on, whatever they say, and they write no log."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgpack

from peerbus.transports.streams.identity import Identity

from ..attack import Attack, Target, source_address
from ..law import FORGED
from ..raw import Wire
from ..reactors import Back

__all__ = ["ATTACK", "answer_with_errors"]

#: Codes that mean something, one that means nothing, and one with lines of its own.
_CODES = ("mailbox_full", "no_such_reactor", "deadline_handler", "made_up", f"x\n{FORGED} all is well\x1b[2J")


async def answer_with_errors(target: Target, text: str) -> None:
    """Tell the reactor, hear what it asks, and answer that with an error of this text."""
    question = msgpack.packb({"number": 1})

    async def once(number: int) -> None:
        async with asyncio.timeout(10.0):
            wire = await Wire.as_peer(target, Identity.generate(), source=source_address(number), mirror="back")
        at = wire.channel(Back.channel.name)
        told = 0
        try:
            while target.rounds is None or told < 2 * len(_CODES):
                wire.send("TELL", at, [[1, 1, question]])
                told += 1
                target.facts["told"] += 1
                async with asyncio.timeout(10.0):
                    _, channel, asks = await wire.until("ASK")
                for rid, *_ in asks:
                    target.facts["asked"] += 1
                    wire.send("ERROR", rid, channel, 0, _CODES[told % len(_CODES)], text)
                    wire.send("CREDIT", [[channel, 1, len(question)]])
        finally:
            wire.close()

    await target.repeat(once, side_by_side=target.scaled(4, 1))


async def _run(target: Target) -> None:
    await answer_with_errors(target, "no")


def _judge(facts: Mapping[str, int]) -> tuple[str, ...]:
    told, asked = facts.get("told", 0), facts.get("asked", 0)
    return () if asked >= told - 4 and told else (f"a reactor asked {asked} times of {told}",)


ATTACK = Attack(
    number=8,
    name="failing-answers",
    about="four peers that have a reactor ask them, and answer with an error each time",
    run=_run,
    reactors=(Back,),
    small=1,
    judge=_judge,
)
