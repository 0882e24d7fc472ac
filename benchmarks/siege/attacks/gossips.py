"""Peers that gossip without end, each in another way: new items, invalid ones, items asked for, promises, digests."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

import msgpack

from peerbus.actors import Message
from peerbus.patterns import Gossip, GossipOptions, gossip_channel
from peerbus.transports.streams.identity import Identity

from ..attack import Attack, Target, source_address
from ..raw import Wire

__all__ = ["ATTACK"]

#: Items of one message, ids of one message, and messages that are written at once.
_ITEMS, _IDS, _BLOCK = 64, 512, 8
#: Messages that one key sends at most.
_MOST = 200_000


class Rumour(Message):
    """An item. Even ones are valid."""

    number: int
    text: bytes = b""


class Rumours(Gossip[Rumour]):
    """Holds what is valid, and does nothing with it."""

    channel = gossip_channel("rumours", Rumour)
    role = "gossip"
    options = GossipOptions(keep=2_000, keep_bytes=8 << 20)

    def valid(self, item: Rumour) -> bool:
        return item.number % 2 == 0

    def deliver(self, item: Rumour) -> None:
        """Nothing is done with it."""


def _pushes(first: int, step: int) -> Iterator[Any]:
    for at in itertools.count(first, step * _ITEMS):
        items = [
            ["Rumour", msgpack.packb({"number": number, "text": os.urandom(100)}), 0.0]
            for number in range(at, at + step * _ITEMS, step)
        ]
        yield "Push", {"items": items}


def _ids(kind: str) -> Callable[[], Iterator[Any]]:
    def made() -> Iterator[Any]:
        while True:
            yield kind, {"ids": [os.urandom(16) for _ in range(_IDS)]}

    return made


def _digests() -> Iterator[Any]:
    while True:
        yield "Digest", {"buckets": [os.urandom(16) for _ in range(64)], "first": True}


_WAYS: dict[str, Callable[[], Iterator[Any]]] = {
    "new items": lambda: _pushes(0, 2),
    "invalid items": lambda: _pushes(1, 2),
    "promises": _ids("Have"),
    "wishes": _ids("Want"),
    "digests": _digests,
}


async def _run(target: Target) -> None:
    kinds = {kind.__name__: number for number, kind in enumerate(Rumours.channel.messages, 1)}
    most = target.scaled(_MOST, 200)

    async def once(number: int) -> None:
        way = list(_WAYS)[number % len(_WAYS)]
        async with asyncio.timeout(10.0):
            wire = await Wire.as_peer(
                target, Identity.generate(), source=source_address(number), mirror="rumours", offers=["gossip"]
            )
        at, sent, credit = wire.channel("rumours"), 0, asyncio.Semaphore(0)
        window = next(each["messages"] for each in wire.peer["channels"] if each["name"] == "rumours")
        for _ in range(window):
            credit.release()
        listening = asyncio.ensure_future(_listen(wire, at, credit))
        try:
            for name, body in _WAYS[way]():
                if sent >= most or listening.done():
                    break
                # Not `wait_for`, which loses a cancel where there is credit (Python 3.11).
                async with asyncio.timeout(10.0):
                    await credit.acquire()
                wire.send("TELL", at, [[kinds[name], 0, msgpack.packb(body)]])
                sent += 1
                if not sent % _BLOCK:
                    with contextlib.suppress(ConnectionError):
                        await wire.writer.drain()
                    await asyncio.sleep(0)
        finally:
            target.facts[f"{way} told"] += sent
            wire.close()
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    await target.repeat(once, side_by_side=target.scaled(10, 2))


async def _listen(wire: Wire, at: int, credit: asyncio.Semaphore) -> None:
    """Take what the node says, as an honest member would: credit, and what it gossips itself."""
    while True:
        kind, *fields = await wire.read()
        if kind == "CREDIT":
            for index, messages, _ in fields[0]:
                for _ in range(messages if index == at else 0):
                    credit.release()
        elif kind == "TELL":
            channel, items = fields[0], fields[1]
            wire.send("CREDIT", [[channel, len(items), sum(len(each[2]) for each in items)]])
        elif kind == "PING":
            wire.send("PONG", fields[0])


ATTACK = Attack(
    number=21,
    name="gossips",
    about="ten peers with a fresh key each that gossip at full speed: new and invalid items, promises, wishes, digests",
    run=_run,
    reactors=(Rumours,),
    node={"offers": ["gossip"]},
    small=5,
)
