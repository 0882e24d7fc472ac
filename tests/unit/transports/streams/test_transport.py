"""Whom a dial must meet: what is expected of it, and what its endpoint names."""

from __future__ import annotations

import pytest

from peerbus.transports.streams import MemoryNetwork
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.memory_stream import MemoryStream
from peerbus.transports.streams.transport import Listener, Stream, Transport, expected_peer

ALICE, BOB = "a" * 64, "b" * 64
PLACE = Endpoint.parse("memory://bob")


def transport() -> Transport:
    return MemoryNetwork().transport(ALICE)


@pytest.mark.parametrize(
    ("endpoint", "expect", "met"),
    [
        (PLACE, None, None),
        (PLACE, BOB, BOB),
        (PLACE.with_peer(BOB), None, BOB),
        (PLACE.with_peer(BOB), BOB, BOB),
    ],
)
def test_it_is_who_is_expected_or_who_the_endpoint_names(
    endpoint: Endpoint, expect: str | None, met: str | None
) -> None:
    assert expected_peer(transport(), endpoint, expect) == met


@pytest.mark.parametrize(
    ("endpoint", "expect", "complaint"),
    [
        (PLACE.with_peer(ALICE), BOB, "names one node"),
        (PLACE, "bob", "64"),
        (Endpoint.parse("tcp://127.0.0.1:1"), None, "not for this transport, which serves memory"),
    ],
)
def test_what_contradicts_itself_is_a_mistake(endpoint: Endpoint, expect: str | None, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        expected_peer(transport(), endpoint, expect)


async def test_the_contracts_can_be_asked_for() -> None:
    network = MemoryNetwork()
    listener = await network.transport(BOB).listen(PLACE)
    dialed = await network.transport(ALICE).dial(PLACE, expect=BOB, timeout=1)
    assert isinstance(network.transport(ALICE), Transport)
    assert isinstance(listener, Listener)
    assert isinstance(dialed, Stream)
    assert isinstance(dialed, MemoryStream)
    await dialed.aclose()
    await listener.aclose()
