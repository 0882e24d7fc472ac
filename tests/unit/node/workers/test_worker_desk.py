from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from functools import partial

from crunching import Counter, Look, Wait
from inside_pairs import inside_scene, until

from peerbus.actors import LOCAL, Actor, Reactor, handles
from peerbus.node.workers.talk import (
    GATE,
    WORKER,
    AwaitRest,
    BeginWorker,
    EndOf,
    EndWorker,
    EventsOf,
    LogLines,
    MemberOver,
    MemberRests,
    OpenOut,
    PackedItem,
    PeerEnded,
    SendOut,
    SendOutMany,
    StreamOut,
    WorkerFigures,
    WorkerLeaves,
    WorkerStarted,
)
from peerbus.node.workers.worker_desk import WorkerDesk, WorkerReports


class Hearer(Reactor):
    """Stands for the node's gate."""

    channel = GATE

    def __init__(self, heard: list[object]) -> None:
        super().__init__()
        self.heard = heard

    @handles(
        LogLines,
        EventsOf,
        WorkerFigures,
        EndOf,
        SendOut,
        SendOutMany,
        PackedItem,
        WorkerStarted,
        WorkerLeaves,
        MemberRests,
        MemberOver,
    )
    def hear(self, said: object) -> None:
        self.heard.append(said)

    @handles(StreamOut, OpenOut)
    async def stream_out(self, said: object) -> AsyncIterator[PackedItem]:
        self.heard.append(said)
        yield PackedItem(0, b"")


async def test_a_worker_tells_its_log_and_its_figures_and_rests_when_nothing_is_under_way() -> None:
    heard: list[object] = []
    told: list[float] = []
    begun: list[bytes] = []
    async with inside_scene() as scene:
        node = scene.node
        node.declare(GATE)
        node.declare(WORKER)
        await node.started(node.spawn(partial(Hearer, heard)))
        worker = await scene.add(Counter)
        worker.declare(WORKER)
        closes: list[str] = []
        desk = worker.spawn(partial(WorkerDesk, worker, told.append, begun.append, lambda: closes.append("closes")))
        await worker.started(desk)
        reports = WorkerReports("w0", worker, scene.their_ends[0].way, logging.INFO)
        logging.getLogger("of.the.user").info("a line of %s", "it")
        try:
            raise ValueError("caught")
        except ValueError:
            logging.getLogger("of.the.user").exception("and an error")
        logging.getLogger("of.the.user").debug("not heard")
        reports.start()
        await until(lambda: len(heard) > 1 and any(isinstance(each, WorkerFigures) for each in heard))
        lines = [
            line for each in heard if isinstance(each, LogLines) for line in each.lines if line[0] == "of.the.user"
        ]
        assert [(level, text) for _, level, _, text, _ in lines] == [(20, "a line of it"), (40, "and an error")]
        assert "ValueError: caught" in lines[1][4]
        figures = reports.figures()
        assert (figures.worker, figures.memory > 0, figures.restarts) == ("w0", True, 0)
        reports.close()

        waits = asyncio.ensure_future(node.ask(LOCAL / Counter, Wait(0.1), timeout=5))
        await node.ask(LOCAL / Counter, Look(""), timeout=5)
        assert await worker.ask(desk, AwaitRest(0.01)) is False
        assert await worker.ask(desk, AwaitRest(10.0)) is True
        assert waits.done() or await waits == "waited"
        await worker.tell(desk, PeerEnded("bus://local/third", "bus://local/counter", "stopped"))
        await worker.tell(desk, PeerEnded("bus://local/third", "bus://local/nobody", "stopped"))
        await worker.tell(desk, BeginWorker(b"setup"))
        await worker.tell(desk, EndWorker(3.0))
        await until(lambda: bool(told))
        assert (told, begun) == ([3.0], [b"setup"])
        assert await node.ask(LOCAL / Counter, Look(""), timeout=5) == "bus://local/third"
        assert not closes
        worker.life.close_soon()
        await until(lambda: closes == ["closes"])
    assert issubclass(Hearer, Actor)
