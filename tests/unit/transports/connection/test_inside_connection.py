from __future__ import annotations

import asyncio

import pytest
from crunching import Add, Counter, Second, Wait
from inside_pairs import inside_scene

from peerbus.actors import LOCAL, ActorStarted, ActorTerminated, Channel, Message, PeerGone
from peerbus.transports.connection.inside_connection import plain_channel
from peerbus.transports.wire import Codecs


class Large(Message):
    text: str


async def test_actors_over_there_are_told_of_as_the_nodes_when_they_come_and_when_they_go() -> None:
    async with inside_scene() as scene:
        with scene.node.subscribe(ActorStarted, ActorTerminated) as facts:
            worker = await scene.add(Counter)
            while (fact := await facts.get()) != ActorStarted("counter"):
                pass
            cell = worker.cell("counter")
            assert cell is not None
            assert cell.ref is not None
            cell.ref.stop(block=False)
            await worker.actors.end_of(cell)
            scene.their_ends[0].withdraw("counter")
            while (fact := await facts.get()) != ActorTerminated("counter", "stopped"):
                pass
            assert fact.actor not in scene.node.routes.inside


async def test_the_end_of_the_process_is_why_its_asks_fail() -> None:
    async with inside_scene([Second]) as scene:
        await scene.add(Counter)
        ask = asyncio.ensure_future(scene.node.ask(LOCAL / Counter, Wait(30.0), timeout=60))
        await scene.node.ask(LOCAL / Counter, Add(1), timeout=5)
        scene.ends[0].process_ended("its process exited with status 3")
        with pytest.raises(PeerGone, match="worker w0 ended: worker_ended: its process exited with status 3"):
            await ask


def test_between_processes_nothing_is_compressed() -> None:
    codecs = Codecs({"large": Channel("large", messages=(Large,), compress="zlib")})
    codec = codecs.get("large")
    assert codec is not None
    assert (codec.info.compress, plain_channel(codec.info).compress) == ("zlib", "")
