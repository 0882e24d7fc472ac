"""Strangers that prove a fresh key each and then say nothing: the handshake is paid for, and no HELLO comes."""

from __future__ import annotations

import asyncio
from collections import deque

from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.tls import client_context

from ..attack import Attack, Target, source_address
from ..raw import Wire

__all__ = ["ATTACK"]

#: Connections that are kept, so that the attackers do not run out of descriptors.
_KEPT = 500


async def _run(target: Target) -> None:
    # A key costs the attacker more than its handshake costs the node: some are made before, and each is used often.
    contexts = [client_context(Identity.generate()) for _ in range(target.scaled(200, 5))]
    kept: deque[Wire] = deque()

    async def once(number: int) -> None:
        tls = contexts[number % len(contexts)]
        async with asyncio.timeout(5.0):
            kept.append(await Wire.open(target, source=source_address(number % 4), tls=tls))
        if len(kept) > _KEPT:
            kept.popleft().close()

    try:
        await target.repeat(once, side_by_side=target.scaled(63, 10))
    finally:
        for wire in kept:
            wire.close()


ATTACK = Attack(
    number=2,
    name="fresh-keys",
    about="63 at a time that prove a fresh key and then say nothing, from four addresses",
    run=_run,
    small=40,
)
