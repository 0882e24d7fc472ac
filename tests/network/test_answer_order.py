"""What a handler told before it answered reaches the asker's node before its answer does, or its error."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from clusters import Cluster
from virtual_time import in_virtual_time

from peerbus.actors import Address, Channel, Peer, Reactor, RemoteError, handles
from peerbus.node import Node


@dataclass(frozen=True)
class Work:
    steps: int
    size: int = 0
    fails: bool = False
    many: bool = False


@dataclass(frozen=True)
class Progress:
    step: int
    data: bytes = b""


class Heard(Reactor):
    """Takes progress, and knows what has come; several of its channel have names of their own."""

    channel = Channel("heard", messages=(Progress,), priority=1)

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[int] = []

    @handles(Progress)
    def hear(self, progress: Progress) -> None:
        self.steps.append(progress.step)


class Other(Heard):
    channel = Channel("other", messages=(Progress,), priority=200)


class Worker(Reactor):
    channel = Channel("worker", messages=(Work,), priority=200)

    def __init__(self, node_id: str) -> None:
        super().__init__()
        self.to = [Address[object](Peer(node_id), name) for name in ("heard", "other")]

    @handles(Work)
    async def work(self, work: Work) -> int:
        made = [Progress(step, bytes(work.size)) for step in range(work.steps)]
        if work.many:
            for to in self.to:
                await self.tell_many(to, made)
        else:
            for progress in made:
                for to in self.to:
                    await self.tell(to, progress)
        if work.fails:
            raise ValueError("worn out")
        return work.steps


class Threaded(Worker):
    dispatcher = "thread"

    @handles(Work)
    def work(self, work: Work) -> int:  # type: ignore[override]  # on its thread it waits for nobody
        for step in range(work.steps):
            for to in self.to:
                self.tell(to, Progress(step, bytes(work.size))).get(timeout=5)
        return work.steps


@pytest.mark.parametrize(
    "work",
    [
        Work(3, size=100_000),
        Work(2, size=100_000, many=True),
        Work(2, size=100_000, fails=True),
    ],
    ids=str,
)
@in_virtual_time
async def test_an_answer_overtakes_nothing_that_its_handler_told_before(work: Work) -> None:
    cluster = Cluster()
    here = cluster.node("here", reactors=[Heard, Other], channels=[Worker.channel])
    there = cluster.node(
        "there", peers=("here",), reactors=[lambda: Worker(here.node_id)], channels=[Heard.channel, Other.channel]
    )
    async with cluster.running(here, there):
        to = Address[object](Peer(there.node_id), "worker")
        for turn in range(1, 6):
            asked = asyncio.ensure_future(here.ask(to, work, timeout=30))
            came: list[int] = []
            asked.add_done_callback(lambda _, came=came: came.extend(_arrived(here)))  # type: ignore[misc]  # its own
            if work.fails:
                with pytest.raises(RemoteError, match="worn out"):
                    await asked
            else:
                assert await asked == work.steps
            assert came == [turn * work.steps] * 2, "what the node has of each when the answer is there"


def _arrived(node: Node) -> list[int]:
    arrived = node.snapshot().ledger.arrived
    return [arrived[name].sent if name in arrived else 0 for name in ("heard", "other")]


async def test_nor_does_that_of_an_actor_on_a_thread() -> None:
    cluster = Cluster()
    here = cluster.node("here", reactors=[Heard, Other], channels=[Worker.channel])
    there = cluster.node(
        "there", peers=("here",), reactors=[lambda: Threaded(here.node_id)], channels=[Heard.channel, Other.channel]
    )
    async with cluster.running(here, there):
        assert await here.ask(Address[object](Peer(there.node_id), "worker"), Work(30), timeout=30) == 30
        assert _arrived(here) == [30, 30]
