"""Processes of one node, without processes: buses of this one, each with a connection to that of the node."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from peerbus.actors import Actor, Bus, DeadlineExceeded
from peerbus.node.workers.setup import inside_hello, worker_id
from peerbus.transports.connection import Greeted, InsideConnection, SharedByConnections, greet
from peerbus.transports.sending import InsideLink
from peerbus.transports.streams import stream_of_pair
from peerbus.transports.wire import Codecs

NODE_ID = "ab" * 32


class InsideScene:
    """The node's bus, and those of its workers, in the order in which they were made."""

    def __init__(self, node: Bus, traced: Callable[[Bus], object]) -> None:
        self.node = node
        self._traced = traced
        self.node_codecs = Codecs(node.channels)
        self.workers: list[Bus] = []
        #: The node's ends, and the workers'.
        self.ends: list[InsideConnection] = []
        self.their_ends: list[InsideConnection] = []

    async def add(
        self, *reactors: Callable[[], Actor], keep: Callable[[InsideLink], InsideLink | None] | None = None
    ) -> Bus:
        """A worker with these reactors, which the node and its other workers know."""
        name = f"w{len(self.workers)}"
        node = self.node
        worker = Bus(f"{node.name}-{name}")
        self._traced(worker)
        await self._stack.enter_async_context(worker)
        worker.node_id = NODE_ID
        for channel in node.channels.values():
            worker.declare(channel)
        for reactor in reactors:
            node.declare(reactor.__channel__)  # type: ignore[attr-defined]  # a reactor's class
            for each in (*self.workers, worker):
                each.declare(reactor.__channel__)  # type: ignore[attr-defined]  # as above
        codecs = Codecs(worker.channels)
        greeted = await _greeted(name)
        ours, theirs = (replace(each, inside=True) for each in greeted)
        shared = SharedByConnections(node.loop)
        kept = keep or (lambda _: None)
        make = partial(InsideConnection, ours, self.node_codecs, _nothing, shared=shared, order=1, keep=kept)
        end = node.spawn(make, name=f"{name}-link")
        other = worker.spawn(
            partial(InsideConnection, theirs, codecs, _nothing, shared=shared), name="peerbus.node-link"
        )
        await node.started(end)
        await worker.started(other)
        mine, its = end._cell.actor, other._cell.actor
        assert isinstance(mine, InsideConnection)
        assert isinstance(its, InsideConnection)
        for known in (*node.channels, *node.routes.inside):
            if node.cell(known) is not None or known in node.routes.inside:
                codec = self.node_codecs.get(known)
                assert codec is not None
                mine.announce(codec.info)
        for reactor in reactors:
            await worker.started(worker.spawn(reactor))
            codec = codecs.get(reactor.__channel__.name)  # type: ignore[attr-defined]  # as above
            assert codec is not None
            its.announce(codec.info)
            for end_of in self.ends:
                end_of.announce(codec.info)
        await until(lambda: len(mine.way.reactors) >= len(reactors))
        mine.enter()
        names = {reactor.__channel__.name for reactor in reactors}  # type: ignore[attr-defined]  # as above
        await until(lambda: names <= node.routes.inside.keys())
        self.workers.append(worker)
        self.ends.append(mine)
        self.their_ends.append(its)
        return worker

    _stack: contextlib.AsyncExitStack


def _nothing(_event: object) -> None:
    """Nobody hears of ends."""


async def _greeted(name: str) -> tuple[Greeted, Greeted]:
    one, two = socket.socketpair()
    node_hello = inside_hello(NODE_ID, "node", 1, bytes(16))
    worker_hello = inside_hello(worker_id(NODE_ID, name), name, 2, bytes(16))
    left, right = await stream_of_pair(one, "a"), await stream_of_pair(two, "b")
    return await asyncio.gather(
        greet(left, node_hello, lambda _: None, dialed=False), greet(right, worker_hello, lambda _: None, dialed=True)
    )


async def until(so: Callable[[], bool]) -> None:
    """Let the loop turn until something is so, 20 s at most."""
    async with asyncio.timeout(20):
        while not so():  # noqa: ASYNC110  # what it waits for tells nobody
            await asyncio.sleep(0.001)


async def ended_by_a_deadline(ask: Callable[[float], Awaitable[object]], mark: Path) -> None:
    """Ask until the end of the time has ended a handler, which leaves `mark`: at first it may not have begun."""
    seconds = 0.05
    while not mark.exists():  # noqa: ASYNC240  # a moment
        with pytest.raises(DeadlineExceeded):
            await ask(seconds)
        seconds *= 2


@contextlib.asynccontextmanager
async def inside_scene(
    reactors: Sequence[Callable[[], Actor]] = (), traced: Callable[[Bus], object] = id
) -> AsyncIterator[InsideScene]:
    """A node whose own process runs these. `traced` is told of each bus before it runs."""
    async with contextlib.AsyncExitStack() as stack:
        node = Bus("node", reactors=reactors)
        traced(node)
        await stack.enter_async_context(node)
        node.node_id = NODE_ID
        scene = InsideScene(node, traced)
        scene._stack = stack
        yield scene
