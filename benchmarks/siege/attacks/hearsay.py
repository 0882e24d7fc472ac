"""Fresh keys whose signed records name places that are not theirs: a service of this machine, and a Unix socket."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from peerbus.discovery.mind.dial_targets import A_PLACE
from peerbus.discovery.records.record import sign_record
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity

from ..attack import Attack, Target, source_address
from ..raw import Wire

__all__ = ["ATTACK"]

#: Knocks that are no flood: those of the first minute, and of each begun one.
_FEW = 2 * A_PLACE


async def _run(target: Target) -> None:
    def knocked(at: str) -> None:
        target.facts[f"knocks at {at}"] += 1

    async def by_tcp(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        knocked("the service")
        writer.close()

    async def by_unix(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        knocked("the socket")
        writer.close()

    async def once(_number: int) -> None:
        identity = Identity.generate()
        record = sign_record(
            identity, network=target.network, sequence=1, expires=int(time.time()) + 3600, endpoints=places
        )
        async with asyncio.timeout(5.0):
            wire = await Wire.as_peer(target, identity, source=source_address(0), record=record.data)
        wire.close()

    with tempfile.TemporaryDirectory(prefix="siege-") as folder:
        path = Path(folder) / "s"
        service = await asyncio.start_server(by_tcp, "127.0.0.1", 0)
        socket = await asyncio.start_unix_server(by_unix, path)
        port = service.sockets[0].getsockname()[1]
        places = [Endpoint("tcp", host="127.0.0.1", port=port), Endpoint("unix", path=str(path))]
        async with service, socket:
            await target.repeat(once, side_by_side=4, pause=0.02)


def _judge(facts: Mapping[str, int]) -> tuple[str, ...]:
    service, socket = facts.get("knocks at the service", 0), facts.get("knocks at the socket", 0)
    return (
        *([f"{service} connections to a service that others named"] if service > _FEW else ()),
        *([f"{socket} connections to a Unix socket that others named"] if socket else ()),
    )


ATTACK = Attack(
    number=13,
    name="hearsay",
    about="fresh keys, each with a record that names a service of this machine and a Unix socket of it",
    run=_run,
    node={"pex": True},
    small=30,
    judge=_judge,
)
