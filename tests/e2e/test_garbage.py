"""A connection that has ended, and what went wrong over one, leave nothing to the garbage collector."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from garbage import garbage_of
from virtual_time import eventually

from peerbus.actors import EVERYONE, Channel, Peer, PeerbusError, Reactor, handles
from peerbus.node import Node

#: What asyncio's own transport of a socket leaves, for each end: it keeps a method of its own, and by that itself, its
#: socket and what is told of it, and from Python 3.12 on a deque of what is to be written. uvloop's leaves nothing.
OF_ASYNCIO = {
    "asyncio.selector_events._SelectorSocketTransport",
    "asyncio.trsock.TransportSocket",
    "builtins.dict",
    "builtins.method",
    "builtins.tuple",
    "collections.deque",
    "socket.socket",
}
MOST_OF_ASYNCIO = 8


@dataclass(frozen=True)
class Work:
    """To be done."""


@dataclass(frozen=True)
class Fail:
    """Its handler fails."""


@dataclass(frozen=True)
class Wait:
    """Its handler takes longer than the connection lives."""


@dataclass(frozen=True)
class Undeclared:
    """In no channel."""


class Worker(Reactor):
    channel = Channel("worker", messages=(Work, Fail, Wait))

    @handles(Work)
    def work(self, _: Work) -> str:
        return "done"

    @handles(Fail)
    def fail(self, wanted: Fail) -> None:
        raise LookupError(wanted)

    @handles(Wait, reentrant=True)
    async def wait(self, _: Wait) -> None:
        await asyncio.sleep(1000)


@asynccontextmanager
async def two_nodes(road: str, folder: Path) -> AsyncIterator[tuple[Node, Node]]:
    def listen(name: str) -> list[str]:
        return [f"unix://{folder}/{name}"] if road == "unix" else ["tcp://127.0.0.1:0"]

    async with (
        Node("alice", listen=listen("a"), reactors=[Worker]) as alice,
        Node("bob", listen=listen("b"), reactors=[Worker]) as bob,
    ):
        yield alice, bob


@pytest.fixture(autouse=True)
def _nothing_is_logged() -> Iterator[None]:
    """As pytest keeps each line, with the error in it, and that its frames."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


def actors(node: Node) -> list[str]:
    return list(node.snapshot().actors.actors)


async def connect(alice: Node, bob: Node) -> None:
    await alice.dial(bob.endpoints[0])
    await eventually(lambda: alice.peers and bob.peers)


async def caught(send: Callable[[], Awaitable[object]]) -> None:
    with contextlib.suppress(PeerbusError, TypeError):
        await send()


def descriptors() -> int:
    """How many this process has open: a socket is there until asyncio has said that its connection is lost."""
    return len(os.listdir("/dev/fd"))


def not_of_asyncio(found: dict[str, int], ends: int) -> dict[str, int]:
    left = {name: count for name, count in found.items() if name not in OF_ASYNCIO}
    return left if left or sum(found.values()) <= MOST_OF_ASYNCIO * ends else found


@pytest.mark.parametrize(
    ("ender", "road"),
    # A fault is found out by the silence, which takes twelve seconds: on one road.
    [("who dialed", "tcp"), ("who dialed", "unix"), ("who was dialed", "tcp"), ("a fault", "unix")],
)
async def test_a_connection_that_has_ended_leaves_nothing(road: str, ender: str, tmp_path: Path) -> None:
    async with two_nodes(road, tmp_path) as (alice, bob):

        async def scenario() -> None:
            before = descriptors()
            await connect(alice, bob)
            for sender, to in ((alice, Peer(bob.node_id)), (bob, Peer(alice.node_id))):
                for message in (Work(), Fail()):
                    await caught(lambda sender=sender, to=to, message=message: sender.ask(to / "worker", message))  # type: ignore[misc]
            if ender == "who dialed":
                await alice.disconnect(bob.node_id)
            elif ender == "who was dialed":
                await bob.disconnect(alice.node_id)
            else:
                waits = asyncio.create_task(caught(lambda: alice.ask(Peer(bob.node_id) / "worker", Wait(), timeout=60)))
                await asyncio.sleep(0)
                for name in actors(bob):
                    cell = bob.bus.cell(name)
                    if name.startswith("peer-") and cell is not None:
                        cell.kill("a fault of this side")
                await waits
                del waits
            await eventually(lambda: not alice.peers and not bob.peers)
            await eventually(lambda: not any("peer-" in name for node in (alice, bob) for name in actors(node)))
            await eventually(lambda: descriptors() == before)

        assert not_of_asyncio(await garbage_of(scenario), ends=2) == {}


SENDS: dict[str, Callable[[Node, Peer], Awaitable[object]]] = {
    "answered": lambda node, to: node.ask(to / "worker", Work()),
    "failed": lambda node, to: node.ask(to / "worker", Fail()),
    "late": lambda node, to: node.ask(to / "worker", Wait(), timeout=0.02),
    "no such reactor": lambda node, to: node.ask(to / "nobody", Work()),
    "no such reactor, told": lambda node, to: node.tell(to / "nobody", Work()),
    "not declared": lambda node, to: node.ask(to / "worker", Undeclared()),
    "not declared, told": lambda node, to: node.tell(to / "worker", Undeclared()),
    "failed, of everyone": lambda node, _: node.ask(EVERYONE / "worker", Fail()),
}


@pytest.mark.parametrize("how", SENDS)
async def test_a_send_to_a_peer_leaves_nothing_however_it_ends(how: str, tmp_path: Path) -> None:
    async with two_nodes("unix", tmp_path) as (alice, bob):
        await connect(alice, bob)
        to = Peer(bob.node_id)

        async def scenario() -> None:
            await caught(lambda: SENDS[how](alice, to))
            with contextlib.suppress(PeerbusError, TypeError):
                await asyncio.gather(SENDS[how](alice, to), return_exceptions=True)
            await caught(lambda: alice.ask(to / "worker", Work()))  # what was said before is dealt with

        assert await garbage_of(scenario) == {}


async def test_a_dial_that_fails_leaves_nothing(tmp_path: Path) -> None:
    async with two_nodes("unix", tmp_path) as (alice, _):
        endpoint = f"unix://{tmp_path}/nobody"

        async def scenario() -> None:
            await caught(lambda: alice.dial(endpoint))

        assert await garbage_of(scenario) == {}
