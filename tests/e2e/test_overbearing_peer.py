"""What a peer with a key may do at the pace that it likes: it holds up nobody, ends no actor here, and forges no line.

Each attack of `make siege` that comes from a peer has its small version here.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import io
import logging
import struct
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgpack
import pytest
from clusters import Cluster
from stranger import Stranger, channel_map
from virtual_time import eventually, in_virtual_time

from peerbus.actors import Address, Channel, Deadlock, Peer, Reactor, RemoteError, handles
from peerbus.node import Node
from peerbus.transports.connection import PeerConnection
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.memory import MemoryNetwork

STRANGER = Identity.from_seed(b"s" * 32)
FORGED = "no\n2026-01-01T00:00:00Z [info     ] all is well\x1b[2J"


@dataclass(frozen=True)
class Note:
    number: int


class Back(Reactor):
    """Asks whoever tells it."""

    channel = Channel("back", messages=(Note,), timeout=30)

    def __init__(self) -> None:
        super().__init__()
        self.caught: list[Exception] = []

    @handles(Note)
    async def note(self, message: Note, sender: Address[Note] | None) -> Note:
        assert sender is not None
        try:
            return await self.ask(sender, message, reply=Note)
        except Exception as error:
            self.caught.append(error)
            raise


@dataclass(frozen=True)
class Lists:
    items: list[list[int]]


class Wordy(Reactor):
    """Answers at length."""

    channel = Channel("wordy", messages=(Note,))

    @handles(Note)
    def note(self, message: Note) -> bytes:
        return bytes(900_000)


class Ring(Reactor):
    """Asks the ring of the node that a note's number names."""

    channel = Channel("ring", messages=(Note,), timeout=60)
    nodes: list[str] = []  # noqa: RUF012  # set by the test

    @handles(Note)
    async def note(self, message: Note) -> Note:
        return await self.ask(Peer(self.nodes[message.number % 2]) / "ring", Note(message.number + 1), reply=Note)


@dataclass
class Scene:
    """A node, an honest peer of it, and a stranger who is its peer as well."""

    node: Node
    friend: Node
    stranger: Stranger
    close: Callable[[], Awaitable[None]]

    async def tell_back(self, number: int) -> list[Any]:
        """Tell the node's reactor something, of which it asks the stranger: that frame."""
        self.stranger.send("TELL", self.stranger.index("back"), [[1, 1, msgpack.packb({"number": number})]])
        return await self.stranger.until("ASK")


@contextlib.asynccontextmanager
async def scene(**changes: Any) -> AsyncIterator[Scene]:
    network = MemoryNetwork()
    cluster = Cluster(network=network)
    node = cluster.node("node", reactors=[Back, Ring])
    friend = cluster.node("friend", peers=("node",), reactors=[Ring])
    async with cluster.running(node, friend):
        stream = await network.transport(STRANGER.node_id).dial(Endpoint.parse("memory://node"), expect=None, timeout=5)
        stranger = Stranger(stream.read, stream.write)
        schema = node._codecs.get("back").info.schema  # type: ignore[union-attr]  # it is there
        await stranger.shake_hands(
            STRANGER.node_id,
            channels=[channel_map("back", schema=schema, messages=64, max_message=16 << 20)],
            **changes,
        )
        await eventually(lambda: STRANGER.node_id in node.peers)
        try:
            yield Scene(node, friend, stranger, stream.aclose)
        finally:
            await stream.aclose()


def play(script: Callable[[Scene], Awaitable[None]]) -> None:
    """Run a script in a scene, on virtual time."""

    @in_virtual_time
    async def run() -> None:
        async with scene() as there:
            await script(there)

    run()


def test_no_answer_of_a_peer_ends_the_actor_that_asked_it() -> None:
    async def script(there: Scene) -> None:
        back = there.node.bus.cell("back")
        assert back is not None
        actor = back.actor
        for number in range(12):
            _, channel, [[rid, *_]] = await there.tell_back(number)
            there.stranger.send("ERROR", rid, channel, 0, "made_up", "no")
        await there.tell_back(99)
        assert back.actor is actor

    play(script)


def test_what_a_peer_says_of_a_failure_has_no_lines_whoever_prints_it(caplog: pytest.LogCaptureFixture) -> None:
    async def script(there: Scene) -> None:
        back = there.node.bus.cell("back")
        assert back is not None
        for code, text in ((FORGED, FORGED), ("mailbox_full", FORGED), ("deadline_handler", FORGED)):
            _, channel, [[rid, *_]] = await there.tell_back(1)
            there.stranger.send("ERROR", rid, channel, 0, code, text)
        there.stranger.send("CLOSE", 0, FORGED)
        there.stranger.send("GOAWAY", FORGED[:60], FORGED, 1)
        await eventually(lambda: STRANGER.node_id not in there.node.bus.routes.peers)
        assert isinstance(back.actor, Back)
        errors = back.actor.caught
        assert len(errors) == 3
        assert isinstance(errors[0], RemoteError)
        assert all(str(each).isprintable() for each in (*errors, errors[0].code, errors[0].text))

    with caplog.at_level(logging.DEBUG):
        play(script)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    for record in caplog.records:
        handler.emit(record)
    assert not any(line.startswith("2026") for line in stream.getvalue().splitlines())
    assert "\x1b" not in stream.getvalue()


def test_what_a_peer_says_of_itself_again_and_again_waits_once_for_the_router(monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(there: Scene) -> None:
        waiting = 0
        put = there.node.bus.tell_router
        told: list[object] = []

        def note(message: object) -> None:
            told.append(message)
            put(message)

        monkeypatch.setattr(there.node.bus, "tell_router", note)
        for number in range(200):
            there.stranger.send("UPDATE", [f"r{number}"], b"")
        there.stranger.send("PING", 1)
        await there.stranger.until("PONG")
        waiting = len(told)
        assert 1 <= waiting <= 3
        (link,) = (link for link in there.node.bus.routes.peers.values() if link.peer_id == STRANGER.node_id)
        await eventually(lambda: set(link.roles) == {"r199"})
        await eventually(lambda: len(there.node.bus.routes.roles.get("r199", ())) == 1)
        told.clear()
        for _ in range(50):
            there.stranger.send("UPDATE", ["r199"], b"")
        there.stranger.send("CLOSE", 0, "bye")
        for _ in range(50):
            there.stranger.send("CLOSE", 0, "bye")
        there.stranger.send("PING", 1)
        await there.stranger.until("PONG")
        assert len(told) == 1

    play(script)


def test_the_probes_of_one_peer_leave_room_for_those_of_another() -> None:
    async def script(there: Scene) -> None:
        Ring.nodes[:] = [there.node.node_id, there.friend.node_id]
        flood = asyncio.ensure_future(probe_without_end(there.stranger))
        try:
            outcomes = await asyncio.gather(
                there.node.ask(Peer(there.friend.node_id) / "ring", Note(0), reply=Note, timeout=60),
                there.friend.ask(Peer(there.node.node_id) / "ring", Note(1), reply=Note, timeout=60),
                return_exceptions=True,
            )
        finally:
            flood.cancel()
        assert any("wait for each other" in str(each) for each in outcomes), outcomes
        assert any(isinstance(each, RemoteError) and each.code == Deadlock.__name__ for each in outcomes)
        assert asyncio.get_running_loop().time() < 10

    play(script)


async def probe_without_end(stranger: Stranger) -> None:
    at = stranger.index("ring")
    while True:
        for number in range(60):
            stranger.send("PROBE", 0, at, number, ["bus://x/y"])
        await asyncio.sleep(0.02)


FLOODS: dict[str, tuple[Any, ...]] = {
    "PONG": ("PONG", 99),
    "CREDIT of nothing": ("CREDIT", [[0, 0, 0]] * 64),
    "UPDATE of the same": ("UPDATE", ["x"], b""),
    "CLOSE again": ("CLOSE", 0, "bye"),
    "a kind of later": (200, 1),
}


@pytest.mark.parametrize("what", FLOODS)
def test_who_sends_one_kind_of_frame_without_end_is_told_so_and_banned(what: str) -> None:
    async def script(there: Scene) -> None:
        for _ in range(6000):
            there.stranger.send(*FLOODS[what])
        assert (await there.stranger.until("GOAWAY"))[1] == "flood"
        assert await there.stranger.until("GOAWAY") == ["END"]
        await eventually(lambda: len(there.node.snapshot().peers.bans) == 1)
        (ban,) = there.node.snapshot().peers.bans
        assert (ban.target, ban.reason) == (STRANGER.node_id, "flood")
        assert there.friend.node_id in there.node.peers

    play(script)


def test_frames_without_end_are_taken_by_turns_with_what_others_have_to_say() -> None:
    async def script(there: Scene) -> None:
        Ring.nodes[:] = [there.friend.node_id, there.friend.node_id]
        for number in range(9000):
            there.stranger.send("PING", number)
        # Behind that many, in the same turn of the loop.
        there.stranger.send("UPDATE", ["last"], b"")
        link = there.node.bus.routes.peers[STRANGER.node_id]
        turns = 0
        while "last" not in link.roles:
            await asyncio.sleep(0)
            turns += 1
        assert turns >= 3

    play(script)


def test_every_broken_rule_costs_points_until_there_is_a_ban() -> None:
    async def script(there: Scene) -> None:
        there.stranger.write(b"\0\0\0\3\xc1\xc1\xc1")
        assert (await there.stranger.until("GOAWAY"))[1] == "bad_frame"
        await eventually(lambda: STRANGER.node_id not in there.node.peers)
        (view,) = (each for each in there.node.snapshot().peers.peers if each.node_id == STRANGER.node_id)
        assert -25.0 < view.score < -19.0

    play(script)


class Slow(Reactor):
    """Takes nothing while the gate is shut."""

    channel = Channel("slow", messages=(Lists,), max_message=4 << 20, window_bytes=4 << 20)
    gate = asyncio.Event()

    @handles(Lists)
    async def take(self, _: Lists) -> None:
        await self.gate.wait()


def test_parts_of_an_answer_that_nobody_asked_for_are_not_kept() -> None:
    async def script(there: Scene) -> None:
        connection = connection_of(there.node)
        for left in range(15 << 20, 0, -16384):
            there.stranger.send("PART", 1, left - 16384, bytes(16384))
        there.stranger.send("PING", 1)
        assert await there.stranger.until("PONG") == ["PONG", 1]
        assert connection._reader.holds < 1 << 16
        await there.tell_back(1)

    play(script)


def test_a_body_that_was_begun_and_does_not_go_on_ends_its_connection() -> None:
    async def script(there: Scene) -> None:
        there.stranger.send("PART", 2 * there.stranger.index("back"), 30_000, bytes(10_000))
        since = asyncio.get_running_loop().time()
        assert (await there.stranger.until("GOAWAY"))[1] == "overdue"
        assert 30 <= asyncio.get_running_loop().time() - since < 60

    play(script)


def test_a_frame_that_comes_by_the_byte_ends_its_connection() -> None:
    async def script(there: Scene) -> None:
        there.stranger.write(struct.pack(">I", 4 << 20) + bytes(2 << 20))
        trickle = asyncio.ensure_future(trickle_on(there.stranger))
        since = asyncio.get_running_loop().time()
        assert (await there.stranger.until("GOAWAY"))[1] == "overdue"
        assert 60 <= asyncio.get_running_loop().time() - since < 90
        trickle.cancel()

    play(script)


async def trickle_on(stranger: Stranger) -> None:
    while True:
        await asyncio.sleep(1)
        stranger.write(b"\0")


def test_of_those_who_make_the_node_hold_too_much_the_largest_goes_with_what_it_sent() -> None:
    @in_virtual_time
    async def run() -> None:
        async with scene() as there:
            Slow.gate.clear()
            node = there.node
            await node.bus.started(node.spawn(Slow))
            memory = connection_of(node)._holding._memory
            memory.limit = 24 << 20
            await there.stranger.until("OPEN")
            index = 2  # opened after the two of the beginning
            payload = b"\x81\xa5items\xdd" + struct.pack(">I", 60_000) + b"\x90" * 60_000
            for _ in range(9):
                there.stranger.send("TELL", index, [[1, 0, payload]])
            assert (await there.stranger.until("GOAWAY"))[1] == "peer_memory"
            await eventually(lambda: STRANGER.node_id not in node.peers)
            await eventually(lambda: memory.total < 6 << 20)
            slow_cell = node.bus.cell("slow")
            assert slow_cell is not None
            assert slow_cell.mailbox.queued == 0
            assert there.friend.node_id in node.peers
            Slow.gate.set()

    run()


@pytest.mark.pure("an object of the core has no weak references")
def test_answers_that_a_peer_never_read_go_with_it_and_wait_for_no_collector() -> None:
    @in_virtual_time
    async def run() -> None:
        async with scene() as there:
            await there.node.bus.started(there.node.spawn(Wordy))
            await there.stranger.until("OPEN")
            for rid in range(1, 20):
                there.stranger.send("ASK", 2, [[rid, 60_000, 1, 0, msgpack.packb({"number": 1})]])
            await eventually(lambda: connection_of(there.node)._receive.answers.backlog > 8 << 20)
            left = weakref.ref(connection_of(there.node)._receive)
            gc.disable()
            try:
                there.stranger.send("GOAWAY", "bye", "")
                await there.close()
                await eventually(lambda: STRANGER.node_id not in there.node.peers)
                await eventually(lambda: left() is None)
            finally:
                gc.enable()

    run()


def connection_of(node: Node) -> PeerConnection:
    """The actor of the stranger's connection."""
    prefix = f"peer-{STRANGER.node_id[:8]}"
    (connection,) = (cell.actor for name, cell in node.bus.actors.by_name.items() if name.startswith(prefix))
    assert isinstance(connection, PeerConnection)
    return connection
