"""The sending host: how much goes over, and how long an urgent ask takes beside it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tempfile
from collections.abc import AsyncIterator
from functools import partial
from time import perf_counter

from peerbus.actors import Address, Peer, SendError
from peerbus.discovery import PeerUp
from peerbus.node import Node
from peerbus.node.blocksync import Progress, Sync

from ..load.sender import peer_of
from .receiver import CHANNELS, NETWORK, Chunk, Count, Counted, Sink, Urgent, Wide

__all__ = ["measure"]

#: Seconds that anything may take to begin.
_PATIENCE = 30.0
#: A tell is not to fail for the length of the line.
_TELL = 60.0


async def measure(
    what: str, endpoint: str, port: int, size: int, warm: float, seconds: float, heartbeat: float
) -> list[float]:
    """`sink`, `wide`: messages a second. `plain`: the same of TCP alone. `urgent`: the times of asks beside a flood.

    `sync`: of a file of that size, the seconds until it was here or was given up, the share that was, and how often a
    block was asked for again. `large`: seconds until an ask of that size was answered, at most `seconds`, or none; how
    often it was tried; and how many connections there were since the first.
    """
    if what == "plain":
        print("begun", flush=True)
        return [await asyncio.to_thread(_plain, endpoint, port, warm, seconds) / size]
    if what == "sync":
        return await _sync(endpoint, heartbeat)
    async with _connected(endpoint, heartbeat) as node:
        print("begun", flush=True)
        to = Peer(peer_of(endpoint))
        if what == "large":
            return await _large(node, to / Sink.channel.name, size, seconds)
        if what == "idle":
            return await _asks(node, to / Urgent.channel.name, seconds)
        where = to / (Wide if what == "wide" else Sink).channel.name
        flood = asyncio.ensure_future(_flood(node, where, size))
        try:
            await asyncio.sleep(warm)
            if what == "urgent":
                return await _asks(node, to / Urgent.channel.name, seconds)
            # Asked beside the flood: in its own lane the question would stand behind all that waits to be written.
            urgent, count = to / Urgent.channel.name, Count(where.reactor)
            before = await node.ask(urgent, count, reply=Counted, timeout=_TELL)
            await asyncio.sleep(seconds)
            after = await node.ask(urgent, count, reply=Counted, timeout=_TELL)
            return [(after.messages - before.messages) / (after.at - before.at)]
        finally:
            flood.cancel()
            await asyncio.gather(flood, return_exceptions=True)


@contextlib.asynccontextmanager
async def _connected(endpoint: str, heartbeat: float) -> AsyncIterator[Node]:
    node = Node(
        "sender", network=NETWORK, peers=[endpoint], channels=CHANNELS, heartbeat=heartbeat, shutdown_timeout=0.2
    )
    async with node:
        with node.subscribe(PeerUp) as ups:
            async with asyncio.timeout(_PATIENCE):
                if not node.peers:
                    await ups.get()
        yield node


async def _sync(endpoint: str, heartbeat: float) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        reactors = [partial(Sync, f"{folder}/copy")]
        node = Node("copier", network=NETWORK, peers=[endpoint], reactors=reactors, heartbeat=heartbeat)
        async with node:
            print("begun", flush=True)
            with node.subscribe(Progress) as events:
                async for event in events:
                    if event.state in ("done", "failed"):
                        return [event.seconds, event.share, event.retries]
    raise AssertionError("the node ended by itself")


async def _flood(node: Node, to: Address[object], size: int) -> None:
    data = bytes(size)
    tell = node.tell
    while True:
        await tell(to, Chunk(data), timeout=_TELL)


async def _asks(node: Node, to: Address[object], seconds: float) -> list[float]:
    times = []
    end = perf_counter() + seconds
    while (began := perf_counter()) < end:
        await node.ask(to, Count(), reply=Counted, timeout=_TELL)
        times.append(perf_counter() - began)
        await asyncio.sleep(0.01)
    return times


async def _large(node: Node, to: Address[object], size: int, seconds: float) -> list[float]:
    began, tries, data = perf_counter(), 0, bytes(size)
    with node.subscribe(PeerUp) as ups:
        while perf_counter() < began + seconds:
            tries += 1
            try:
                await node.ask(to, Chunk(data), reply=int, timeout=seconds)
            except SendError:
                await asyncio.sleep(0.1)
            else:
                return [perf_counter() - began, tries, sum(1 for _ in iter(ups.get_nowait, None))]
    return []


def _plain(endpoint: str, port: int, warm: float, seconds: float) -> float:
    host = endpoint.rpartition("@")[2].rpartition(":")[0]
    data = bytes(1 << 16)
    with socket.create_connection((host, port), _PATIENCE) as connection:
        connection.sendall(f"{warm} {seconds}".encode())
        connection.recv(2)
        with contextlib.suppress(TimeoutError, OSError):
            end = perf_counter() + warm + seconds
            connection.settimeout(warm + seconds)
            while perf_counter() < end:
                connection.sendall(data)
        connection.settimeout(_PATIENCE)
        said = float(connection.recv(64))
        connection.shutdown(socket.SHUT_WR)
        return said
