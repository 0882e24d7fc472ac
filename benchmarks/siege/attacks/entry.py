"""Strangers with fresh keys at the door of a network whose key they have not: they say half, or other things."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from peerbus.node import Network
from peerbus.transports.admission import NetworkKey
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.tls import client_context

from ..attack import NETWORK, Attack, Target, source_address
from ..raw import PREFACE, Wire

__all__ = ["ATTACK"]

_CLOSED = Network(NETWORK, network_key=NetworkKey(b"siege, siege, siege, siege, siege"[:32]))
#: Bytes of an opening, and of a proof; see docs/wire.md, Entry.
_OPENING, _PROOF = 8 + 1 + 32 + 32, 32


def _said(kind: int, identity: Identity, target: Target, wire: Wire) -> bytes:
    """What one of them says: each is another way not to come in."""
    opening = b"peerbus\1" + b"\1" + bytes.fromhex(identity.node_id) + bytes(32)
    match kind:
        case 0:  # a proof that is none
            return opening + bytes(2) + bytes(_PROOF)
        case 1:  # a certificate of a size that nobody reads
            return opening + b"\x69\x00" + bytes(_PROOF) + bytes(26_880)
        case 2:  # as if the network were open
            return PREFACE + wire.frame("HELLO", wire.hello(target, identity)) + wire.frame("WELCOME")
        case 3:  # half of an opening, and no more
            return opening[: _OPENING // 2]
        case 4:  # another policy
            return opening[:8] + b"\3" + opening[9:]
        case _:  # much more than anybody asked for, behind an opening
            return opening + b"\0\0" + bytes(256 * 1024)


async def _run(target: Target) -> None:
    async def once(number: int) -> None:
        identity = Identity.generate()
        async with asyncio.timeout(10.0):
            wire = await Wire.open(target, source=source_address(number % 200), tls=client_context(identity))
            try:
                target.facts["came"] += 1
                wire.writer.write(_said(number % 6, identity, target, wire))
                await wire.writer.drain()
                heard = b""
                while data := await wire.reader.read(4096):
                    heard += data
                    if number % 6 == 3 and target.rounds is not None:
                        break  # it says nothing more, until its time is over
                target.facts["let in"] += len(heard) > _OPENING + 200
            finally:
                wire.close()

    await target.repeat(once, side_by_side=target.scaled(64, 6))


def _judge(facts: Mapping[str, int]) -> tuple[str, ...]:
    return (f"{facts['let in']} were told more than an opening",) if facts.get("let in") else ()


ATTACK = Attack(
    number=17,
    name="entry",
    about="64 at a time with fresh keys, from 200 addresses, at the door of a network whose key they have not",
    run=_run,
    small=12,
    node={"network": _CLOSED},
    visitor={"network": _CLOSED},
    judge=_judge,
)
