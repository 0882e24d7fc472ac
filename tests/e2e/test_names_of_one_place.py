"""Any number of names may lead to one place: whoever has that is not flooded by what a node hears."""

from __future__ import annotations

import asyncio
import sys
import time

import pytest
from virtual_time import eventually, in_real_time

from benchmarks.siege.attack import NETWORK, Target, source_address
from benchmarks.siege.raw import Wire
from peerbus.discovery.mind.dial_targets import A_PLACE
from peerbus.discovery.records.record import sign_record
from peerbus.node import Node
from peerbus.transports.streams import Endpoint, Identity, TcpTransport
from peerbus.transports.streams.names import Names

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the tellers come from 127.0.0.2 and upwards")
#: Names, each said to be a node's of its own.
NAMES = 40


async def tell(target: Target, number: int, endpoint: Endpoint) -> None:
    """Come with a fresh key, say that one is to be found there, and go."""
    identity, expires = Identity.generate(), int(time.time()) + 3600
    record = sign_record(identity, network=NETWORK, sequence=1, expires=expires, endpoints=[endpoint])
    wire = await Wire.as_peer(target, identity, source=source_address(number), record=record.data)
    wire.close()


@in_real_time
async def test_one_place_is_dialed_a_few_times_however_many_names_lead_there() -> None:
    knocks: list[str] = []

    async def knocked(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        knocks.append(str(writer.get_extra_info("peername")))
        writer.transport.abort()

    looked_up: list[str] = []

    def system(name: str) -> list[str]:
        looked_up.append(name)
        return ["127.0.0.1"]

    identity = Identity.generate()
    transport = TcpTransport(identity, names=Names(system))
    async with await asyncio.start_server(knocked, "127.0.0.1", 0) as victim:
        port = victim.sockets[0].getsockname()[1]
        async with Node(
            "told", network=NETWORK, identity=identity, listen=["tcp://127.0.0.1:0"], transports=[transport], pex=True
        ) as node:
            target = Target.at(" ".join(node.endpoints), NETWORK)
            for number in range(NAMES):
                await tell(target, number, Endpoint.parse(f"tcp://n{number}.example:{port}"))
            await eventually(lambda: len(set(looked_up)) == NAMES)
            await eventually(lambda: node.snapshot().peers.failed.get("unreachable", 0) >= NAMES)
        # Those at once, some with time, and how often the first was looked for while it alone was said to be there.
        assert 1 <= len(knocks) <= 4 * A_PLACE < NAMES
