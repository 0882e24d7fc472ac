"""A listener that loses the ground it stands on listens again by itself, and says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from clusters import Cluster, meet
from virtual_time import eventually, in_virtual_time, log_of_the_loop

from peerbus.actors.base import ListenFailed, StreamBroken
from peerbus.discovery import ListenerLost, ListenerRestored
from peerbus.node import Node
from peerbus.transports import ByteStream, Endpoint, MemoryNetwork
from peerbus.transports.streams.memory import MemoryListener


class ShakyTransport:
    """One whose listeners can be taken away, and that can refuse to listen."""

    schemes = ("memory",)

    def __init__(self, network: MemoryNetwork, node_id: str) -> None:
        self._real = network.transport(node_id)
        self.refusing = 0
        self.tried = 0
        self.listeners: list[ShakyListener] = []

    async def dial(self, endpoint: Endpoint, *, expect: str | None, timeout: float) -> ByteStream:
        return await self._real.dial(endpoint, expect=expect, timeout=timeout)

    async def listen(
        self, endpoint: Endpoint, *, on_refused: Callable[[Endpoint | None, Exception], None] | None = None
    ) -> ShakyListener:
        self.tried += 1
        if self.refusing:
            self.refusing -= 1
            raise ListenFailed(f"{endpoint}: no ground to stand on")
        listener = ShakyListener(await self._real.listen(endpoint, on_refused=on_refused))
        self.listeners.append(listener)
        return listener


class ShakyListener:
    """Ends with an error when it is told to."""

    def __init__(self, real: MemoryListener) -> None:
        self._real = real
        self.endpoint = real.endpoint
        self._end: asyncio.Future[ByteStream] = asyncio.get_running_loop().create_future()

    def lose(self, error: Exception) -> None:
        self._end.set_exception(error)

    async def accept(self) -> ByteStream:
        task = asyncio.ensure_future(self._real.accept())
        self._end.add_done_callback(lambda _: task.cancel())
        try:
            return await task
        except asyncio.CancelledError:
            if self._end.done() and not self._end.cancelled():
                return self._end.result()
            raise

    async def aclose(self) -> None:
        self._end.cancel()
        await self._real.aclose()


def shaky(cluster: Cluster, name: str, **options: Any) -> tuple[Node, ShakyTransport]:
    node = cluster.node(name, **options)
    transport = ShakyTransport(cluster.network, node.node_id)
    node._transports = (transport,)
    return node, transport


@in_virtual_time
async def test_a_lost_listener_listens_again_and_peers_come_in() -> None:
    cluster = Cluster()
    alice, transport = shaky(cluster, "alice")
    async with alice:
        async with alice.subscribe(ListenerLost) as lost, alice.subscribe(ListenerRestored) as restored:
            transport.refusing = 5
            transport.listeners[0].lose(StreamBroken("the ground is gone"))
            assert await lost.get() == ListenerLost("memory://alice", "StreamBroken: the ground is gone")
            assert not alice.endpoints, "nobody is told of a place while it is lost"
            assert await restored.get() == ListenerRestored("memory://alice")
            assert [Endpoint.parse(one).path for one in alice.endpoints] == ["alice"]
        assert transport.tried == 7
        async with cluster.node("bob", peers=("alice",)) as bob:
            await meet(alice, bob)
    said = [line for line in log_of_the_loop().lines if line["event"] in ("listener lost", "cannot listen again")]
    assert [line["event"] for line in said] == ["listener lost", *["cannot listen again"] * 3], "1st, 2nd, 4th"


@in_virtual_time
async def test_a_fault_of_a_transport_is_a_loss_too_and_one_that_comes_at_once_waits_longer_each_time() -> None:
    alice, transport = shaky(Cluster(), "alice")
    async with alice:
        begin, waits = asyncio.get_running_loop().time(), list[float]()
        for number in range(8):
            transport.listeners[-1].lose(ZeroDivisionError("a fault"))
            await eventually(lambda number=number: len(transport.listeners) > number + 1, 600.0)  # type: ignore[misc]
            now = asyncio.get_running_loop().time()
            waits.append(now - begin)
            begin = now
        assert waits[0] <= 0.2
        assert waits[-1] > 8 * waits[0]


@in_virtual_time
async def test_a_node_that_ends_while_a_listener_is_lost_leaves_nothing() -> None:
    alice, transport = shaky(Cluster(), "alice")
    async with alice:
        transport.refusing = 10**6
        transport.listeners[0].lose(StreamBroken("gone"))
        await eventually(lambda: transport.tried > 3, 60.0)
