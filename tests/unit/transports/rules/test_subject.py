"""What is proven of a peer."""

from __future__ import annotations

from peerbus.transports import MemoryNetwork
from peerbus.transports.rules import Subject
from peerbus.transports.streams import Endpoint

ANN, BEN = "a" * 64, "b" * 64


async def test_a_stream_that_proves_an_id_proves_it_for_rules() -> None:
    network = MemoryNetwork()
    listener = await network.transport(ANN).listen(Endpoint.parse("memory://ann"))
    stream = await network.transport(BEN).dial(Endpoint.parse("memory://ann"), expect=None, timeout=1)
    assert Subject.of(stream) == Subject(ANN)
    stream.abort()
    await listener.aclose()
