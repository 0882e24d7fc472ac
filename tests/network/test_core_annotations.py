"""The annotations of the synchronous core are true: a compiled module checks them, and ends the connection if not."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from annotation_watch import AnnotationWatch, fits
from program_runs import run
from programs import Program
from source_tree import CORE

from peerbus.actors import Channel, Peer, Reactor, handles
from peerbus.testing import Simulation

pytestmark = pytest.mark.pure("it looks at calls as an interpreter makes them")


@dataclass(frozen=True)
class Load:
    data: bytes


class Store(Reactor):
    """Gives back what it gets."""

    channel = Channel("store", messages=(Load,), window=64)

    @handles(Load)
    def take(self, load: Load) -> Load:
        return load


@pytest.mark.parametrize("nodes", [1, 2])
def test_what_is_sent_by_random_programs_is_what_is_declared(nodes: int) -> None:
    watch = AnnotationWatch(CORE)
    for seed in (2, 3, 4):
        program = Program.random(seed, nodes=nodes)
        with watch:
            run(program)
    assert watch.faults == set()
    assert "LoopCell.tell" in watch.called
    if nodes == 2:
        assert {"OutLane.accept", "PeerLink.tell", "ReceiveSide.told", "FrameDecoder.feed"} <= watch.called


@pytest.mark.seeds(1)
async def test_messages_of_every_size_are_what_is_declared(sim: Simulation) -> None:
    alice = await sim.node("alice", channels=[Store.channel])
    bob = await sim.node("bob", reactors=[Store])
    await sim.until(lambda: alice.peers, within=5)
    to: Any = Peer(bob.node_id) / Store
    watch = AnnotationWatch(CORE)
    sizes = [0, 100, 3000, 20_000, 70_000, 200_000]
    with watch:
        loads = [Load(bytes(size)) for size in sizes]
        for load in loads:
            await alice.tell(to, load)
        await alice.tell_many(to, loads * 20)
        assert [await alice.ask(to, load) for load in loads] == loads
        assert await asyncio.gather(*(alice.ask(to, load) for load in loads)) == loads
    assert watch.faults == set()
    assert {"accept_many", "OpenAsks.replied", "Reassembler.add", "Cutter.cut"} <= watch.called


@pytest.mark.parametrize(
    ("value", "declared", "true"),
    [
        (1, int | None, True),
        (b"", str, False),
        (memoryview(b""), bytes, False),
        ([(1, memoryview(b""))], list[tuple[int, bytes]], False),
        ([(1, b"")], list[tuple[int, bytes]], True),
        (deque([1]), deque[str], False),
        ({1: "a"}, dict[int, int], False),
        ((1, 2), tuple[int, ...], True),
        ((1, 2), tuple[int], False),
        ("a", Literal["a", "b"], True),
        (3, float, True),
        (len, Callable[[Any], int], True),
        (3, Callable[[Any], int], False),
        ([1], Sequence[int], True),
        (None, Any, True),
    ],
)
def test_what_fits_a_declared_type(value: object, declared: Any, *, true: bool) -> None:
    assert fits(value, declared) is true
