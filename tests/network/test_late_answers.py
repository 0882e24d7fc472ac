"""An ask whose time is over: the peer says whether its handler has seen it, by the words of docs/wire.md."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgpack
import pytest
from clusters import Cluster
from stranger import Stranger
from virtual_time import VirtualTimeLoop, eventually, in_virtual_time

from peerbus.actors import Channel, Reactor, handles
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.memory import MemoryNetwork

STRANGER = Identity.from_seed(b"s" * 32)
SECONDS = 2.0


@dataclass(frozen=True)
class Note:
    number: int


CHANNEL = Channel("slow", messages=(Note,))


class Plain(Reactor):
    """Holds the loop for longer than is left for its answer."""

    channel = CHANNEL

    @handles(Note)
    def note(self, message: Note) -> int:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        loop.now += SECONDS
        return message.number


class Awaiting(Reactor):
    """Awaits for longer than that, one message after the other."""

    channel = CHANNEL

    @handles(Note)
    async def note(self, message: Note) -> int:
        await asyncio.sleep(SECONDS)
        return message.number


class Beside(Reactor):
    """The same, all messages at once."""

    channel = CHANNEL

    @handles(Note, reentrant=True)
    async def note(self, message: Note) -> int:
        await asyncio.sleep(SECONDS)
        return message.number


class Held(Reactor):
    """Has a thread of its own, which a handler holds until the test lets it go."""

    channel = CHANNEL
    dispatcher = "thread"

    def __init__(self, begun: threading.Event, go: threading.Event) -> None:
        super().__init__()
        self.begun, self.go = begun, go


class OnThread(Held):
    @handles(Note)
    def note(self, message: Note) -> int:
        self.begun.set()
        self.go.wait()
        return message.number


class AwaitingOnThread(Held):
    @handles(Note)
    async def note(self, message: Note) -> int:
        self.begun.set()
        self.go.wait()
        await asyncio.sleep(0)
        return message.number


@asynccontextmanager
async def asked(reactor: Any) -> AsyncIterator[Stranger]:
    """A peer that has sent two asks with a second for each."""
    network = MemoryNetwork()
    cluster = Cluster(network=network)
    node = cluster.node("node", reactors=[reactor])
    async with cluster.running(node):
        endpoint = Endpoint.parse("memory://node")
        stream = await network.transport(STRANGER.node_id).dial(endpoint, expect=None, timeout=5)
        stranger = Stranger(stream.read, stream.write)
        await stranger.shake_hands(STRANGER.node_id)
        await eventually(lambda: STRANGER.node_id in node.peers)
        payload = msgpack.packb({"number": 1})
        stranger.send("ASK", stranger.index("slow"), [[rid, 1000, 1, 0, payload] for rid in (1, 2)])
        yield stranger
        await stream.aclose()


async def two_errors(stranger: Stranger) -> dict[int, str]:
    """The words of the next two, by the ask that they answer."""
    said: dict[int, str] = {}
    while len(said) < 2:
        kind, *fields = await stranger.until("ERROR", "REPLY")
        assert kind == "ERROR"
        said[fields[0]] = fields[3]
    return said


async def while_the_clock_stands(is_so: Callable[[], bool]) -> None:
    """Wait for another thread: no virtual time passes."""
    while not is_so():  # noqa: ASYNC110  # an event would be waited for by moving the clock
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("reactor", "second"), [(Plain, "deadline_mailbox"), (Awaiting, "deadline_mailbox"), (Beside, "deadline_handler")]
)
@in_virtual_time
async def test_an_ask_that_is_late_is_answered_by_whether_a_handler_has_seen_it(
    reactor: type[Reactor], second: str
) -> None:
    async with asked(reactor) as stranger:
        assert await two_errors(stranger) == {1: "deadline_handler", 2: second}


@pytest.mark.parametrize("reactor", [OnThread, AwaitingOnThread])
@in_virtual_time
async def test_so_is_one_of_an_actor_on_a_thread_of_its_own(reactor: type[Held]) -> None:
    begun, go = threading.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    try:
        async with asked(lambda: reactor(begun, go)) as stranger:
            await while_the_clock_stands(begun.is_set)
            loop.now += SECONDS
            go.set()
            errors = asyncio.create_task(two_errors(stranger))
            await while_the_clock_stands(errors.done)
            assert await errors == {1: "deadline_handler", 2: "deadline_mailbox"}
    finally:
        go.set()
