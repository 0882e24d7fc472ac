"""Peers that lie, break the rules or hang: their connection ends with a reason that both sides know, and nothing else.

Every case runs over a memory network on virtual time, and over TCP with TLS.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import msgpack
import pytest
from certificates import foreign_context
from clusters import Cluster
from stranger import PREFACE, Stranger, channel_map, hello_map
from virtual_time import eventually, in_real_time, in_virtual_time, log_of_the_loop

from peerbus.actors import Address, Channel, Peer, Reactor, RemoteError, StreamBroken, handles
from peerbus.node import Node
from peerbus.transports.connection import connection
from peerbus.transports.receiving import receive_side, served_asks
from peerbus.transports.streams import memory_stream, receive_buffer
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.memory import MemoryNetwork

STRANGER = Identity.from_seed(b"s" * 32)


@dataclass(frozen=True)
class Note:
    number: int


@dataclass(frozen=True)
class Anything:
    value: Any = None
    items: list[Any] = field(default_factory=list)


class Desk(Reactor):
    """Notes wait while the gate is shut."""

    channel = Channel("desk", messages=(Note, Anything), window=8, window_bytes=64 << 10, max_message=64 << 10)

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()

    @handles(Note)
    async def note(self, message: Note) -> Note:
        await self.gate.wait()
        if message.number == 13:
            raise RemoteError("unlucky", "no thirteen")
        return Note(message.number + 1)

    @handles(Anything)
    def anything(self, message: Anything) -> int:
        return len(message.items)


class Back(Reactor):
    """Asks the stranger before it answers."""

    channel = Channel("back", messages=(Note,))

    @handles(Note)
    async def note(self, message: Note) -> Note:
        return await self.ask(Peer(STRANGER.node_id) / Desk, message, reply=Note, timeout=600)


class Big1(Reactor):
    channel = Channel("big1", messages=(Anything,), max_message=16 << 20)

    @handles(Anything)
    def never(self, _: Anything) -> None: ...


class Big2(Reactor):
    channel = Channel("big2", messages=(Anything,), max_message=16 << 20)

    @handles(Anything)
    def never(self, _: Anything) -> None: ...


class Big3(Reactor):
    channel = Channel("big3", messages=(Anything,), max_message=16 << 20)

    @handles(Anything)
    def never(self, _: Anything) -> None: ...


@dataclass
class Scene:
    """A node, a good peer of it, and a way for strangers."""

    node: Node
    friend: Node
    dial: Callable[..., Awaitable[Stranger]]

    async def is_well(self) -> None:
        """The node lives, its other peer notices nothing, and the stranger's connection is gone."""
        assert await self.friend.ask(Peer(self.node.node_id) / Desk, Note(1)) == Note(2)
        assert self.node.peers == (self.friend.node_id,)
        await eventually(lambda: len(self.node.snapshot().connections) == 1)


@contextlib.asynccontextmanager
async def by_memory() -> AsyncIterator[Scene]:
    network = MemoryNetwork()
    cluster = Cluster(network=network)
    node = cluster.node("node", reactors=[Desk, Big1, Big2, Big3, Back])
    friend = cluster.node("friend", peers=("node",), channels=[Desk.channel])
    streams = []

    async def dial(identity: Identity = STRANGER) -> Stranger:
        stream = await network.transport(identity.node_id).dial(Endpoint.parse("memory://node"), expect=None, timeout=5)
        streams.append(stream)

        async def read() -> bytes:
            try:
                return await stream.read()
            except StreamBroken:
                return b""

        def write(data: bytes) -> None:
            with contextlib.suppress(StreamBroken):
                stream.write(data)

        return Stranger(read, write)

    async with cluster.running(node, friend):
        try:
            yield Scene(node, friend, dial)
        finally:
            for stream in streams:
                await stream.aclose()


@contextlib.asynccontextmanager
async def by_tls() -> AsyncIterator[Scene]:
    strangers = []
    node = Node("node", reactors=[Desk, Big1, Big2, Big3, Back], listen=["tcp://127.0.0.1:0"])
    async with node:
        friend = Node("friend", peers=node.endpoints, channels=[Desk.channel])
        port = Endpoint.parse(node.endpoints[0]).port

        async def dial(identity: Identity | None = None) -> Stranger:
            stranger = await Stranger.by_tls(port, identity or STRANGER)
            strangers.append(stranger)
            return stranger

        async with friend:
            await eventually(lambda: node.peers and friend.peers)
            try:
                yield Scene(node, friend, dial)
            finally:
                for stranger in strangers:
                    stranger.close()


#: A test takes a scene; it runs in both.
SCENES = {"memory": (by_memory, in_virtual_time), "tls": (by_tls, in_real_time)}
BOTH = pytest.mark.parametrize("kind", sorted(SCENES))


def play(kind: str, script: Callable[[Scene], Awaitable[None]]) -> None:
    """Run a script in a scene of that kind."""
    scene_of, on_loop = SCENES[kind]

    async def run() -> None:
        async with scene_of() as scene:
            await script(scene)

    on_loop(run)()


def charged(node: Node) -> int:
    """How often somebody was charged for a fault on the wire."""
    return node.snapshot().peers.reported.get("protocol", 0)


# Before the connection is open.


def frame(*fields: Any) -> bytes:
    body = msgpack.packb(list(fields))
    return struct.pack(">I", len(body)) + body


FIRST_BYTES: dict[str, tuple[Callable[[str], bytes], str | None]] = {
    "magic": (lambda me: b"GET / HTTP/1.1\r\nHost: here\r\n\r\n", None),
    "version": (lambda me: b"peerbus\0" + struct.pack(">HH", 7, 9), "version"),
    "network": (lambda me: PREFACE + frame(0, hello_map(me, network="other")), "network"),
    "node_id": (lambda me: PREFACE + frame(0, hello_map("f" * 64)), "node_id"),
    "no_name": (lambda me: PREFACE + frame(0, hello_map(me, name=None)), "bad_field"),
    "bad_name": (lambda me: PREFACE + frame(0, hello_map(me, name="\x1b[31m")), "bad_field"),
    "bad_offer": (lambda me: PREFACE + frame(0, hello_map(me, offers=["{{"])), "bad_field"),
    "garbage": (lambda me: PREFACE + b"\0\0\0\4\xc1\xc1\xc1\xc1", "bad_frame"),
    "too_large": (lambda me: PREFACE + b"\0\1\0\1", "frame_too_large"),
    "too_early": (lambda me: PREFACE + frame(9, 1), "unexpected_frame"),
    "two_hellos": (lambda me: PREFACE + 2 * frame(0, hello_map(me)), "unexpected_frame"),
}


@BOTH
@pytest.mark.parametrize("case", FIRST_BYTES)
def test_a_peer_whose_first_bytes_are_wrong_is_refused_with_the_reason(case: str, kind: str) -> None:
    make, reason = FIRST_BYTES[case]

    async def script(scene: Scene) -> None:
        stranger = await scene.dial()
        stranger.write(make(STRANGER.node_id))
        if reason is None:
            await stranger.preface()
            heard = await stranger.until("REJECT", "GOAWAY")
            assert heard == ["END"]
        else:
            await stranger.preface()
            heard = await stranger.until("REJECT", "GOAWAY")
            assert heard[1] == reason
            assert await stranger.until("REJECT") == ["END"]
        await eventually(lambda: (reason or "magic") in log_of_the_loop().reasons("connection refused"))
        await scene.is_well()

    play(kind, script)


#: Of the first bytes of a peer that has proven who it is, those that break the protocol, or lie.
FAULTS = ("magic", "node_id", "no_name", "bad_name", "bad_offer", "garbage", "too_large", "too_early", "two_hellos")


@in_virtual_time
async def test_who_has_proven_an_id_is_charged_for_every_fault_of_its_handshake() -> None:
    async with by_memory() as scene:
        stranger = await scene.dial()
        await stranger.shake_hands(STRANGER.node_id)
        await eventually(lambda: STRANGER.node_id in scene.node.peers)
        for times, case in enumerate(FAULTS, 1):
            stranger = await scene.dial()
            stranger.write(FIRST_BYTES[case][0](STRANGER.node_id))
            await eventually(lambda times=times: charged(scene.node) == times)  # type: ignore[misc]  # of this round
        (ban,) = scene.node.snapshot().peers.bans
        assert (ban.target, ban.reason) == (STRANGER.node_id, "protocol")
        for case in FIRST_BYTES.keys() - FAULTS:
            stranger = await scene.dial()
            stranger.write(FIRST_BYTES[case][0](STRANGER.node_id))
            await stranger.until("REJECT")
        assert charged(scene.node) == len(FAULTS)
        await scene.is_well()


@BOTH
def test_a_node_that_reaches_itself_is_refused(kind: str) -> None:
    async def script(scene: Scene) -> None:
        stranger = await scene.dial(scene.node.identity)
        stranger.write(PREFACE)
        stranger.send("HELLO", hello_map(scene.node.node_id))
        await stranger.preface()
        assert (await stranger.until("REJECT"))[1] == "self_dial"
        await eventually(lambda: "self_dial" in log_of_the_loop().reasons("connection refused"))
        await scene.is_well()

    play(kind, script)


@in_virtual_time
async def test_a_handshake_that_hangs_is_given_up_after_five_seconds() -> None:
    async with by_memory() as scene:
        loop = asyncio.get_running_loop()
        for first in (b"", PREFACE, PREFACE + frame(0, hello_map(STRANGER.node_id))):
            since = loop.time()
            stranger = await scene.dial()
            stranger.write(first)
            await stranger.preface()
            assert (await stranger.until("REJECT", "GOAWAY"))[1] == "timeout"
            assert 5 <= loop.time() - since < 5.1
        assert log_of_the_loop().reasons("connection refused") == ["timeout"] * 3
        await scene.is_well()


@pytest.mark.parametrize("certificate", ["none", "foreign"])
@in_real_time
async def test_a_peer_without_a_good_certificate_is_refused(certificate: str) -> None:
    async with by_tls() as scene:
        port = Endpoint.parse(scene.node.endpoints[0]).port
        if certificate == "none":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        else:
            context = foreign_context(STRANGER)
        heard = b""
        with contextlib.suppress(ssl.SSLError, ConnectionError):
            stranger = await Stranger.by_tls(port, STRANGER, context)
            heard = await stranger.preface()
            stranger.close()
        assert heard == b""
        await eventually(lambda: "certificate" in log_of_the_loop().reasons("connection refused"))
        await scene.is_well()


# After it: what ends the connection.


async def ask_twice(stranger: Stranger) -> None:
    note = msgpack.packb({"number": 1})
    stranger.send("ASK", stranger.index("desk"), [[5, 60_000, 1, 0, note], [5, 60_000, 1, 0, note]])


async def overrun(stranger: Stranger) -> None:
    note = msgpack.packb({"number": 1})
    stranger.send("TELL", stranger.index("desk"), [[1, 0, note]] * 4)
    stranger.send("TELL", stranger.index("desk"), [[1, 0, note]] * 10)


async def overrun_bytes(stranger: Stranger) -> None:
    big = msgpack.packb({"value": bytes(40_000)})
    stranger.send("TELL", stranger.index("desk"), [[2, 0, big], [2, 0, big]])


async def large_bodies(stranger: Stranger) -> None:
    for name in ("big1", "big2", "big3"):
        stranger.send("PART", 2 * stranger.index(name), (15 << 20), bytes(16384))


async def mismatch(stranger: Stranger) -> None:
    body = msgpack.packb([9, 1])
    stranger.send("PART", 2 * stranger.index("desk"), 0, body)


async def wrong_lane(stranger: Stranger) -> None:
    body = msgpack.packb([3, stranger.index("big1"), [[1, 0, b"x"]]])
    stranger.send("PART", 2 * stranger.index("desk"), 0, body)


async def out_of_order(stranger: Stranger) -> None:
    lane = 2 * stranger.index("desk")
    stranger.send("PART", lane, 1000, bytes(1000))
    stranger.send("PART", lane, 700, bytes(200))


def sending(*frames: tuple[Any, ...]) -> Callable[[Stranger], Awaitable[None]]:
    async def send(stranger: Stranger) -> None:
        for each in frames:
            kind, *fields = each
            stranger.send(kind, *fields)

    return send


def writing(data: bytes) -> Callable[[Stranger], Awaitable[None]]:
    async def write(stranger: Stranger) -> None:
        stranger.write(data)

    return write


VIOLATIONS: dict[str, tuple[Callable[[Stranger], Awaitable[None]], str]] = {
    "garbage": (writing(b"\0\0\0\3\xc1\xc1\xc1"), "bad_frame"),
    "empty frame": (writing(b"\0\0\0\0"), "bad_frame"),
    "no array": (writing(b"\0\0\0\1\x05"), "bad_frame"),
    "deeply nested": (writing(struct.pack(">I", 100_000) + b"\x91" * 100_000), "bad_frame"),
    "too large": (writing(struct.pack(">I", (4 << 20) + 1)), "frame_too_large"),
    "unknown kind": (sending((99, 1)), "unknown_kind"),
    "late HELLO": (sending(("WELCOME",)), "unexpected_frame"),
    "late REJECT": (sending(("REJECT", "x", "y")), "unexpected_frame"),
    "unknown channel": (sending(("TELL", 77, [[1, 0, b"x"]])), "unknown_channel"),
    "unknown channel in ASK": (sending(("ASK", 77, [[1, 1000, 1, 0, b"x"]])), "unknown_channel"),
    "unknown channel in REPLY": (sending(("REPLY", 77, [[1, 1, b"x"]])), "unknown_channel"),
    "unknown channel in ERROR": (sending(("ERROR", 1, 77, 0, "x", "y")), "unknown_channel"),
    "unknown channel in CREDIT": (sending(("CREDIT", [[77, 1, 1]])), "unknown_channel"),
    "unknown channel in PROBE": (sending(("PROBE", 0, 77, 1, ["bus://x/y"])), "unknown_channel"),
    "PROBE from nobody": (sending(("PROBE", 0, 0, 1, [])), "bad_field"),
    "PROBE from too many": (sending(("PROBE", 0, 0, 1, ["bus://x/y"] * 65)), "bad_field"),
    "unknown channel in CLOSE": (sending(("CLOSE", 77, "x")), "unknown_channel"),
    "text for a payload": (sending(("TELL", 0, [[1, 0, "text"]])), "bad_field"),
    "no items": (sending(("TELL", 0, [])), "bad_field"),
    "request 0": (sending(("ASK", 0, [[0, 1000, 1, 0, b"x"]])), "bad_field"),
    "source that is not there": (sending(("TELL", 1, [[1, 2, msgpack.packb({"number": 1})]])), "bad_field"),
    "credit out of nothing": (sending(("CREDIT", [[0, 1, 1]])), "credit_overflow"),
    "much credit": (sending(("CREDIT", [[0, 2**32 - 1, 2**32 - 1]])), "credit_overflow"),
    "OPEN of another number": (sending(("OPEN", 5, channel_map("five"))), "unknown_channel"),
    "OPEN of a channel that is open": (sending(("OPEN", 1, channel_map("mine"))), "bad_field"),
    "the same role twice": (sending(("UPDATE", ["x", "x{a=b}"])), "bad_field"),
    "a number twice": (ask_twice, "bad_field"),
    "window": (overrun, "window_overrun"),
    "window in bytes": (overrun_bytes, "window_overrun"),
    "unknown lane": (sending(("PART", 300, 0, b"x")), "unknown_lane"),
    "unknown lane of answers": (sending(("PART", 301, 0, b"x")), "unknown_lane"),
    "part too large": (sending(("PART", 2, 1 << 30, b"x")), "part_too_large"),
    "part too long": (sending(("PART", 2, 0, bytes(16385))), "bad_field"),
    "too many large bodies": (large_bodies, "part_budget"),
    "parts of something else": (mismatch, "part_mismatch"),
    "parts on a wrong lane": (wrong_lane, "part_mismatch"),
    "parts out of order": (out_of_order, "part_out_of_order"),
}


@BOTH
@pytest.mark.parametrize("case", VIOLATIONS)
def test_a_peer_that_breaks_the_rules_is_told_which_and_loses_its_connection(case: str, kind: str) -> None:
    act, reason = VIOLATIONS[case]

    async def script(scene: Scene) -> None:
        desk = scene.node.bus.cell("desk")
        assert desk is not None
        assert isinstance(desk.actor, Desk)
        stranger = await scene.dial()
        await stranger.shake_hands(STRANGER.node_id)
        await eventually(lambda: STRANGER.node_id in scene.node.peers)
        if reason in ("window_overrun", "bad_field"):
            desk.actor.gate.clear()
        await act(stranger)
        assert (await stranger.until("GOAWAY"))[1] == reason
        assert await stranger.until("GOAWAY") == ["END"]
        assert log_of_the_loop().reasons("peer broke the protocol") == [reason]
        await eventually(lambda: charged(scene.node) == 1)  # whichever rule it was
        desk.actor.gate.set()
        await scene.is_well()

    play(kind, script)


# What does not.


@BOTH
def test_frames_that_nobody_asked_for_are_counted_and_ignored(kind: str) -> None:
    async def script(scene: Scene) -> None:
        stranger = await scene.dial()
        await stranger.shake_hands(STRANGER.node_id)
        for number in range(1, 2001):
            stranger.send("CANCEL", number)
            stranger.send("PONG", 10_000 + number)
            stranger.send("REPLY", 0, [[number, 0, b"\xc0"]])
            stranger.send("ERROR", number, 0, 0, "mailbox_full", "not true")
            stranger.send("ERROR", 0, 0, number, f"made_up_{number}", "not true either")
        stranger.send("CLOSE", 0, "bye")
        stranger.send("CLOSE", 0, "bye again")
        stranger.send("PING", 77)
        assert await stranger.until("PONG") == ["PONG", 77]
        (connection,) = (c for c in scene.node.snapshot().connections.values() if c.peer_id == STRANGER.node_id)
        assert connection.unsolicited == 8000
        stranger.send("GOAWAY", "tired\x1b[31m", "of\r\nit")
        for _ in range(50):
            stranger.send("GOAWAY", "tired", "again")
        stranger.close()
        if kind == "tls":
            await scene.is_well()
            assert log_of_the_loop().reasons("peer says goodbye")[-1:] == [r"tired\x1b[31m"]

    play(kind, script)


@BOTH
def test_messages_that_are_not_what_the_channel_declares_are_answered_with_an_error(kind: str) -> None:
    async def script(scene: Scene) -> None:
        stranger = await scene.dial()
        await stranger.shake_hands(STRANGER.node_id)
        desk = stranger.index("desk")
        deep = b"\x81\xa5value" + b"\x91" * 20_000 + b"\xc0"
        huge = b"\x81\xa5items\xdd\xff\xff\xff\xff"
        bad = [
            (1, b""),
            (1, b"\xc1"),
            (1, msgpack.packb({})),
            (1, msgpack.packb({"number": "seven"})),
            (1, msgpack.packb({"number": 2**70 // 2**8 * 1.5})),
            (1, msgpack.packb([1])),
            (1, msgpack.packb({"number": 1}) + b"\x00"),
            (2, deep),
            (2, huge),
            (3, msgpack.packb({"number": 1})),
            (0, msgpack.packb(1)),
        ]
        for rid, (number, payload) in enumerate(bad, 1):
            stranger.send("ASK", desk, [[rid, 60_000, number, 0, payload]])
            answer = await stranger.until("ERROR", "GOAWAY", "REPLY")
            assert answer[:5] == ["ERROR", rid, desk, 0, "message_type"], (payload[:20], answer)
        for sequence, (number, payload) in enumerate(bad):
            stranger.send("TELL", desk, [[number, 0, payload]])
            answer = await stranger.until("ERROR", "GOAWAY", "REPLY")
            assert answer[:5] == ["ERROR", 0, desk, sequence, "message_type"], answer
        refused = [line for line in log_of_the_loop().lines if line["event"] == "message refused"]
        assert 1 <= len(refused) <= 10
        stranger.send("ASK", desk, [[99, 60_000, 1, 0, msgpack.packb({"number": 1})]])
        assert await stranger.until("REPLY") == ["REPLY", desk, [[99, 1, msgpack.packb({"number": 2})]]]

    play(kind, script)


@BOTH
def test_a_stranger_with_nothing_but_messagepack_asks_and_is_asked(kind: str) -> None:
    async def script(scene: Scene) -> None:
        stranger = await scene.dial()
        schema = next(info.schema for info in [_desk_info(scene.node)])
        await stranger.shake_hands(
            STRANGER.node_id,
            channels=[channel_map("desk", types=["Note", "Anything"], schema=schema, messages=2)],
        )
        desk = stranger.index("desk")
        note = msgpack.packb({"number": 41})
        stranger.send("ASK", desk, [[1, 2000, 1, 1, note], [2, 2000, 1, 0, msgpack.packb({"number": 13})]])
        answers = [await stranger.until("REPLY", "ERROR"), await stranger.until("REPLY", "ERROR")]
        assert sorted(answers) == [
            ["ERROR", 2, desk, 0, "unlucky", "no thirteen", 1],
            ["REPLY", desk, [[1, 1, msgpack.packb({"number": 42})]]],
        ]
        # The other way, with a window of two.
        await eventually(lambda: STRANGER.node_id in scene.node.peers)
        to: Address[object] = Peer(STRANGER.node_id) / "desk"
        asks = [asyncio.ensure_future(_awaited(scene.node.ask(to, Note(number)))) for number in range(5)]
        seen = 0
        while seen < 5:
            _, channel, items = await stranger.until("ASK")
            assert channel == 0
            for rid, budget, number, source, payload in items:
                assert (number, source) == (1, 0)
                assert 0 < budget <= 5001
                value = msgpack.unpackb(payload)["number"]
                stranger.send("REPLY", 0, [[rid, 1, msgpack.packb({"number": value * 10})]])
                stranger.send("CREDIT", [[0, 1, len(payload)]])
                seen += 1
        assert await asyncio.gather(*asks) == [Note(number * 10) for number in range(5)]
        stranger.send("GOAWAY", "done", "")
        stranger.close()

    play(kind, script)


@BOTH
def test_a_stranger_tells_that_asks_wait_for_each_other_and_only_the_true_token_counts(kind: str) -> None:
    async def script(scene: Scene) -> None:
        stranger = await scene.dial()
        schema = _desk_info(scene.node).schema
        await stranger.shake_hands(
            STRANGER.node_id, channels=[channel_map("desk", types=["Note", "Anything"], schema=schema)]
        )
        await eventually(lambda: STRANGER.node_id in scene.node.peers)
        back = stranger.index("back")
        mine, here = "bus://ffff/desk\x1b[31m", f"bus://{scene.node.node_id}/back"
        stranger.send("ASK", back, [[7, 600_000, 1, 0, msgpack.packb({"number": 1})]])
        _, channel, ((rid, *_),) = await stranger.until("ASK")
        _, about, at, token, path = await stranger.until("PROBE")
        assert (about, at, path) == (rid, channel, [here])
        # Made up tokens, answered asks, a reactor that works on nothing, an actor that is not the first: nothing.
        stranger.send("PROBE", 7, back, token ^ 1, [here, mine])
        stranger.send("PROBE", 8, back, token, [here, mine])
        stranger.send("PROBE", 7, stranger.index("desk"), token, [here, mine])
        stranger.send("PROBE", 0, stranger.index("desk"), token, [here, mine])
        stranger.send("PROBE", 7, back, token, [here, "bus://0000/desk"])
        for number in range(2000):
            stranger.send("PROBE", 7, back, number, ["bus://0000/desk"])
        stranger.send("PING", 77)
        # What the reactor waits for itself is passed on, and not for ever.
        passed = 0
        while (await stranger.until("PROBE", "PONG", "ERROR"))[0] == "PROBE":
            passed += 1
        assert 1 <= passed <= 1001
        await asyncio.sleep(1.5)
        stranger.send("PROBE", 7, back, token, [here, mine])
        assert await stranger.until("CANCEL", "ERROR") == ["CANCEL", rid]
        error = await stranger.until("ERROR")
        assert error[:5] == ["ERROR", 7, back, 0, "Deadlock"]
        assert f"{here} → bus://ffff/desk\\x1b[31m → {here}" in error[5]
        await scene.friend.ask(Peer(scene.node.node_id) / Desk, Note(1))

    play(kind, script)


def _desk_info(node: Node) -> Any:
    codec = node._codecs.get("desk")
    assert codec is not None
    return codec.info


async def _awaited(outcome: Any) -> object:
    return await outcome


@in_virtual_time
async def test_answers_of_another_channel_or_another_peer_are_not_taken() -> None:
    async with by_memory() as scene:
        stranger = await scene.dial()
        info = _desk_info(scene.node)
        desk = channel_map("desk", types=["Note", "Anything"], schema=info.schema)
        await stranger.shake_hands(STRANGER.node_id, channels=[desk, channel_map("mine")])
        await eventually(lambda: STRANGER.node_id in scene.node.peers)
        ask = asyncio.ensure_future(_awaited(scene.node.ask(Peer(STRANGER.node_id) / "desk", Note(1), timeout=60)))
        _, _, [[rid, *_]] = await stranger.until("ASK")
        right, wrong = msgpack.packb({"number": 1}), msgpack.packb({"number": 666})
        stranger.send("REPLY", 1, [[rid, 1, wrong]])
        stranger.send("ERROR", rid, 1, 0, "forged", "")
        stranger.send("REPLY", 0, [[rid + 1, 1, wrong]])
        other = await scene.dial(Identity.from_seed(b"o" * 32))
        await other.shake_hands(Identity.from_seed(b"o" * 32).node_id, channels=[desk])
        other.send("REPLY", 0, [[rid, 1, wrong]])
        other.send("PING", 1)
        await other.until("PONG")
        await asyncio.sleep(1)
        assert not ask.done()
        stranger.send("REPLY", 0, [[rid, 1, right], [rid, 1, wrong]])
        assert await ask == Note(1)
        counts = {c.peer_id: c.unsolicited for c in scene.node.snapshot().connections.values()}
        assert counts[STRANGER.node_id] in (3, 4)
        assert counts[Identity.from_seed(b"o" * 32).node_id] == 1


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
        info = _desk_info(scene.node)
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


@in_virtual_time
async def test_answers_that_a_peer_does_not_read_hold_back_credit_and_are_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(receive_side, "REPLY_BACKLOG", 100_000)
    monkeypatch.setattr(served_asks, "REPLY_LIMIT", 200_000)

    class Wordy(Reactor):
        channel = Channel("wordy", messages=(Note,), window=64)

        @handles(Note)
        def note(self, message: Note) -> bytes:
            return bytes(50_000)

    async with by_memory() as scene:
        await scene.node.bus.started(scene.node.spawn(Wordy))
        stranger = await scene.dial()
        await stranger.shake_hands(STRANGER.node_id)
        await eventually(lambda: STRANGER.node_id in scene.node.peers)
        at = stranger.index("wordy")
        payload = msgpack.packb({"number": 1})
        stranger.send("ASK", at, [[rid, 60_000, 1, 0, payload] for rid in range(1, 65)])
        await asyncio.sleep(1)
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
