"""The memory network: what the suite cannot see, its links above all."""

from __future__ import annotations

import asyncio
from collections import deque

import pytest

from peerbus.actors.base.errors import DialFailed, HandshakeFailed, StreamBroken
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.memory import MemoryNetwork
from peerbus.transports.streams.memory_stream import MemoryStream, Parcel, Wire
from peerbus.transports.streams.transport import MAX_PENDING_HANDSHAKES

ALICE = "a" * 64
BOB = "b" * 64
PLACE = Endpoint.parse("memory://bob")


class HoldingNetwork(MemoryNetwork):
    """Holds every parcel until it is told to let go."""

    def __init__(self) -> None:
        super().__init__()
        self.held: deque[tuple[str, str, Parcel]] = deque()

    def new_wire(self, source: str, target: str) -> Wire:
        held = self.held

        class HoldingLink(Wire):
            def carry(self, parcel: Parcel) -> None:
                held.append((self.source, self.target, parcel))

        return HoldingLink(source, target)

    async def deliver(self) -> None:
        while self.held:
            self.held.popleft()[2].deliver()
            for _ in range(3):
                await asyncio.sleep(0)


async def _connect(network: HoldingNetwork) -> tuple[MemoryStream, MemoryStream]:
    listener = await network.transport(BOB).listen(PLACE)
    dial = asyncio.create_task(network.transport(ALICE).dial(PLACE, expect=BOB, timeout=1))
    await asyncio.sleep(0)
    await network.deliver()
    return await dial, await listener.accept()


async def test_everything_goes_over_the_link_of_its_direction() -> None:
    network = HoldingNetwork()
    dialed, accepted = await _connect(network)
    dialed.write(b"12345")
    accepted.write(b"123")
    assert [(source, target, parcel.size) for source, target, parcel in network.held] == [
        (ALICE, BOB, 5),
        (BOB, ALICE, 3),
    ]
    await network.deliver()
    assert await accepted.read() == b"12345"
    assert await dialed.read() == b"123"
    assert network.wire(ALICE, BOB) is network.wire(ALICE, BOB)


async def test_a_lost_parcel_breaks_both_ends() -> None:
    network = HoldingNetwork()
    dialed, accepted = await _connect(network)
    dialed.write(b"lost")
    network.held.popleft()[2].lose()
    for end in (dialed, accepted):
        with pytest.raises(StreamBroken, match="network broke"):
            await end.read()
        with pytest.raises(StreamBroken):
            end.write(b"x")


@pytest.mark.parametrize("steps", [0, 1])
async def test_a_dial_that_the_network_loses_fails(steps: int) -> None:
    network = HoldingNetwork()
    listener = await network.transport(BOB).listen(PLACE)
    dial = asyncio.create_task(network.transport(ALICE).dial(PLACE, expect=None, timeout=1))
    await asyncio.sleep(0)
    for _ in range(steps):
        network.held.popleft()[2].deliver()
    network.held.popleft()[2].lose()
    with pytest.raises(DialFailed, match="network lost"):
        await dial
    if steps:
        with pytest.raises(StreamBroken):
            await (await listener.accept()).read()
    await listener.aclose()


async def test_a_dial_that_arrives_after_the_listener_closed_is_refused() -> None:
    network = HoldingNetwork()
    listener = await network.transport(BOB).listen(PLACE)
    dial = asyncio.create_task(network.transport(ALICE).dial(PLACE, expect=None, timeout=1))
    await asyncio.sleep(0)
    await listener.aclose()
    await network.deliver()
    with pytest.raises(DialFailed, match="any more"):
        await dial


async def test_a_dial_that_is_answered_too_late_is_hung_up() -> None:
    network = HoldingNetwork()
    listener = await network.transport(BOB).listen(PLACE)
    with pytest.raises(DialFailed, match=r"no answer within 0\.0 s"):
        await network.transport(ALICE).dial(PLACE, expect=None, timeout=0.0)
    await network.deliver()
    with pytest.raises(StreamBroken, match="cut"):
        await (await listener.accept()).read()


async def test_one_dial_too_many_is_refused_at_once() -> None:
    network = MemoryNetwork()
    refused: list[tuple[Endpoint | None, Exception]] = []
    listener = await network.transport(BOB).listen(PLACE, on_refused=lambda *why: refused.append(why))
    transport = network.transport(ALICE)
    for _ in range(MAX_PENDING_HANDSHAKES):
        await transport.dial(PLACE, expect=None, timeout=1)
    with pytest.raises(DialFailed, match="64 connections are pending"):
        await transport.dial(PLACE, expect=None, timeout=1)
    ((caller, error),) = refused
    assert caller is not None
    assert caller.peer_id == ALICE
    assert isinstance(error, HandshakeFailed)
    assert error.reason == "busy"
    await listener.accept()
    await transport.dial(PLACE, expect=None, timeout=1)
    await listener.aclose()


async def test_two_runs_deliver_in_the_same_order() -> None:
    async def run() -> list[tuple[str, str, int]]:
        network = HoldingNetwork()
        dialed, accepted = await _connect(network)
        log: list[tuple[str, str, int]] = []
        for size in (1, 100_000, 300_000, 2_000_000):
            dialed.write(bytes(size))
            accepted.write(bytes(size))
        while network.held:
            source, target, parcel = network.held.popleft()
            log.append((source, target, parcel.size))
            parcel.deliver()
            for end in (dialed, accepted):
                if end._buffer.full:
                    await end.read()
        return log

    assert await run() == await run()


def test_a_transport_needs_a_node_id() -> None:
    with pytest.raises(ValueError, match="not a node id"):
        MemoryNetwork().transport("alice")


async def test_the_repr_tells_the_state() -> None:
    network = HoldingNetwork()
    dialed, accepted = await _connect(network)
    assert repr(dialed).endswith("open>")
    await dialed.aclose()
    await network.deliver()
    assert repr(dialed).endswith("closed>")
    assert repr(accepted).endswith("ended>")
