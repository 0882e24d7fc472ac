"""Peers that never answer or never read: dropped, and they cost the others nothing."""

from __future__ import annotations

import asyncio

import msgpack
import pytest
from hostile_scene import STRANGER, Anything, Desk, Note, by_memory, desk_info
from stranger import channel_map
from virtual_time import eventually, in_virtual_time, log_of_the_loop

from peerbus.actors import Channel, Peer, Reactor, handles
from peerbus.transports.connection import connection
from peerbus.transports.receiving import receive_side, served_asks
from peerbus.transports.streams import memory_stream, receive_buffer


@in_virtual_time
async def test_a_peer_that_reads_and_never_answers_is_dropped_and_others_stay() -> None:
    async with by_memory() as scene:
        stranger = await scene.dial()
        await stranger.shake_hands(STRANGER.node_id)
        loop = asyncio.get_running_loop()
        since = loop.time()
        while (frame := await stranger.frame()) != ["END"]:
            assert frame[0] in ("PING", "CREDIT") or frame[:2] == ["GOAWAY", "silent"]
        assert 5 < loop.time() - since < 20
        await scene.is_well()


@in_virtual_time
async def test_a_peer_that_never_reads_is_dropped_and_costs_the_others_nothing() -> None:
    async with by_memory() as scene:
        stranger = await scene.dial()
        info = desk_info(scene.node)
        desk = channel_map("desk", types=["Note", "Anything"], schema=info.schema, messages=10**6, bytes=2**31)
        await stranger.shake_hands(STRANGER.node_id, channels=[desk])
        await eventually(lambda: STRANGER.node_id in scene.node.peers)
        for _ in range(100):
            await scene.node.tell(Peer(STRANGER.node_id) / "desk", Anything(bytes(50_000)))
        assert await scene.friend.ask(Peer(scene.node.node_id) / Desk, Note(1), timeout=0.1) == Note(2)
        await eventually(lambda: STRANGER.node_id not in scene.node.peers)
        await scene.is_well()


@in_virtual_time
async def test_a_peer_that_makes_this_side_answer_and_never_reads_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "UNREAD_LIMIT", 50_000)
    for module in (memory_stream, receive_buffer):
        monkeypatch.setattr(module, "RECEIVE_BUFFER", 50_000)
    async with by_memory() as scene:
        stranger = await scene.dial()
        await stranger.shake_hands(STRANGER.node_id)
        await eventually(lambda: STRANGER.node_id in scene.node.peers)
        for number in range(30_000):
            stranger.send("PING", 2**40 + number)
            if number % 1000 == 0:
                await asyncio.sleep(0.001)
        await eventually(lambda: "unread" in log_of_the_loop().reasons("peer broke the protocol"))
        await scene.is_well()


@pytest.mark.pure("it replaces constants of the core")
@in_virtual_time
async def test_answers_that_a_peer_does_not_read_hold_back_credit_and_are_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(receive_side, "REPLY_BACKLOG", 100_000)
    monkeypatch.setattr(served_asks, "REPLY_LIMIT", 200_000)

    handled = 0

    class Wordy(Reactor):
        channel = Channel("wordy", messages=(Note,), window=64)

        @handles(Note)
        def note(self, message: Note) -> bytes:
            nonlocal handled
            handled += 1
            return bytes(50_000)

    async with by_memory() as scene:
        await scene.node.bus.started(scene.node.spawn(Wordy))
        stranger = await scene.dial()
        await stranger.shake_hands(STRANGER.node_id)
        await eventually(lambda: STRANGER.node_id in scene.node.peers)
        at = stranger.index("wordy")
        payload = msgpack.packb({"number": 1})
        stranger.send("ASK", at, [[rid, 60_000, 1, 0, payload] for rid in range(1, 65)])
        await eventually(lambda: handled == 64)
        # Now it reads: each ask has an outcome.
        answers = refused = 0
        while answers + refused < 64:
            kind, *fields = await stranger.until("ERROR", "PART", "REPLY")
            assert kind != "END"
            if kind == "PART":
                answers += fields[1] == 0
            elif kind == "REPLY":
                answers += len(fields[1])
            else:
                assert fields[3] == "answer_unread"
                refused += 1
        assert 3 <= answers <= 8
        stranger.close()
