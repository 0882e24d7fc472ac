"""Connections that are refused as fast as they can be made: another network, wrong frames, wrong TLS, nothing."""

from __future__ import annotations

import asyncio

from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.tls import client_context

from ..attack import Attack, Target, source_address
from ..raw import PREFACE, Wire

__all__ = ["ATTACK"]


async def _run(target: Target) -> None:
    identities = [Identity.generate() for _ in range(10)]
    contexts = [client_context(identity) for identity in identities]

    async def once(number: int) -> None:
        which, source = number % len(identities), source_address(number % 200)
        async with asyncio.timeout(5.0):
            match number % 4:
                case 0:
                    wire = await Wire.open(target, source=source, tls=contexts[which])
                    hello = wire.hello(target, identities[which], network=f"other {number}")
                    wire.writer.write(PREFACE + wire.frame("HELLO", hello))
                case 1:
                    wire = await Wire.open(target, source=source, tls=contexts[which])
                    wire.writer.write(PREFACE + wire.frame("PING", number))
                case 2:
                    wire = await Wire.open(target, source=source)
                    wire.writer.write(b"GET / HTTP/1.1\r\n\r\n")
                case _:
                    wire = await Wire.open(target, source=source)
                    wire.writer.write_eof()
            try:
                await wire.reader.read()
            finally:
                wire.close()

    await target.repeat(once, side_by_side=target.scaled(50, 4))


ATTACK = Attack(
    number=3,
    name="refusals",
    about="whatever is refused, as fast as it can be made, from 200 addresses: each refusal is worth a line",
    run=_run,
    small=60,
)
