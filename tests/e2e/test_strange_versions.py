"""A client that knows the page of the wire alone, and other messages than the node: over TCP with TLS."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgpack
import pytest
from stranger import Stranger, channel_map
from virtual_time import eventually, in_real_time, outcome_of

from peerbus.actors import Channel, Message, Peer, Reactor, Request, Role, SchemaMismatch, handles
from peerbus.node import Node
from peerbus.transports.streams import Identity

STRANGER = Identity.from_seed(b"m" * 32)


class Answer(Message):
    number: int
    note: str = "none"


class Note(Message, Request[Answer]):
    number: int


class Other(Message):
    number: int


class Desk(Reactor):
    channel = Channel("desk", messages=(Note, Other))

    @handles(Note)
    def note(self, note: Note) -> Answer:
        return Answer(note.number)

    @handles(Other)
    def other(self, other: Other) -> None: ...


#: As the page says it: a `Note` that is the third message, of a field more that may be missing, and is answered by a
#: declared `Answer` that has one less; `Other` is not there.
THEIRS: list[Any] = [
    1,
    [
        ["map", "First", None, False, []],
        ["map", "Answer", None, False, [["number", 0, "int"]]],
        ["map", "Note", None, False, [["number", 0, "float"], ["more", 2, "str"]]],
    ],
    [["First", 0, None], ["Answer", 1, None], ["Note", 2, 1]],
]
DESCRIPTION = msgpack.packb(THEIRS)
SCHEMA = hashlib.sha256(DESCRIPTION).digest()[:16]


@asynccontextmanager
async def met(*features: str) -> AsyncIterator[tuple[Node, Stranger]]:
    """A node, and a stranger that has shaken hands with it."""
    async with Node("desk", listen=["tcp://127.0.0.1:0"], reactors=[Desk], mdns=False, pex=False) as node:
        (endpoint,) = node.endpoints
        stranger = await Stranger.by_tls(int(endpoint.rpartition(":")[2]), STRANGER)
        theirs = channel_map("desk", types=["First", "Answer", "Note"], schema=SCHEMA)
        await stranger.shake_hands(STRANGER.node_id, channels=[theirs], features=list(features))
        try:
            yield node, stranger
        finally:
            stranger.close()


@in_real_time
async def test_a_client_that_describes_itself_is_asked_once_and_sent_what_it_reads() -> None:
    async with met("schemas") as (node, stranger):
        assert await stranger.until("DESCRIBE") == ["DESCRIBE", [0]]
        assert STRANGER.node_id not in node.peers  # it is announced when it is known what can be sent
        stranger.send("DESCRIPTION", 0, DESCRIPTION)
        await eventually(lambda: STRANGER.node_id in node.peers)
        to = Peer(STRANGER.node_id) / "desk"
        asking = asyncio.ensure_future(outcome_of(node.ask(to, Note(7))))
        _, channel, ((rid, _, number, _, payload),) = await stranger.until("ASK")
        assert (channel, number, msgpack.unpackb(payload)) == (0, 3, {"number": 7})
        stranger.send("REPLY", 0, [[rid, 2, msgpack.packb({"number": 8})]])
        assert await asking == Answer(8)
        with pytest.raises(SchemaMismatch, match="an Other cannot be sent to the peer: the peer does not declare it"):
            await node.tell(to, Other(1))
        with pytest.raises(SchemaMismatch, match="Other"):
            await node.tell(Role("stranger") / "desk", Other(1))


@in_real_time
async def test_a_client_of_before_is_left_alone_on_that_channel_and_may_ask_all_the_same() -> None:
    async with met() as (node, stranger):
        await eventually(lambda: STRANGER.node_id in node.peers)
        with pytest.raises(SchemaMismatch, match="it cannot describe them, so they have to be the same"):
            await node.tell(Peer(STRANGER.node_id) / "desk", Note(1))
        (connection,) = node.snapshot().connections.values()
        assert set(connection.lanes["desk"].unsent) == {"*"}
        stranger.send("ASK", stranger.index("desk"), [[1, 5000, 1, 0, msgpack.packb({"number": 3})]])
        assert await stranger.until("DESCRIBE", "REPLY", "ERROR") == [
            "REPLY",
            0,
            [[1, 0, msgpack.packb(msgpack.ExtType(1, msgpack.packb({"number": 3, "note": "none"})))]],
        ]


@in_real_time
async def test_one_that_sends_before_it_has_described_itself_is_announced_then() -> None:
    async with met("schemas") as (node, stranger):
        stranger.send("ASK", stranger.index("desk"), [[1, 5000, 1, 0, msgpack.packb({"number": 3})]])
        assert (await stranger.until("REPLY", "ERROR"))[0] == "REPLY"
        await eventually(lambda: STRANGER.node_id in node.peers)
        stranger.send("DESCRIPTION", 0, DESCRIPTION)
        to = Peer(STRANGER.node_id) / "desk"
        await node.tell(to, Note(1), wait_for_peer=True)
        assert (await stranger.until("TELL"))[:2] == ["TELL", 0]


@pytest.mark.parametrize(
    "lie",
    [
        ("DESCRIPTION", 0, DESCRIPTION + b"\xc0"),
        ("DESCRIPTION", 1, DESCRIPTION),
        ("DESCRIBE", [0, 0]),
        ("DESCRIBE", [200]),
        ("DESCRIBE", []),
    ],
    ids=["another hash", "not asked for", "twice", "no channel", "nothing"],
)
@in_real_time
async def test_a_lie_ends_the_connection(lie: tuple[Any, ...]) -> None:
    async with met("schemas") as (node, stranger):
        assert await stranger.until("DESCRIBE") == ["DESCRIBE", [0]]
        stranger.send(*lie)
        _, word, _, *_ = await stranger.until("GOAWAY")
        assert word in {"bad_field", "unknown_channel"}
        assert (await stranger.until())[0] == "END"
        await eventually(lambda: not node.snapshot().connections)


@in_real_time
async def test_the_node_describes_itself_to_who_asks() -> None:
    async with met("schemas") as (_, stranger):
        desk = stranger.index("desk")
        stranger.send("DESCRIBE", [desk])
        _, index, data = await stranger.until("DESCRIPTION")
        assert index == desk
        assert hashlib.sha256(data).digest()[:16] == stranger.peer["channels"][desk]["schema"]
        assert msgpack.unpackb(data) == [
            1,
            [
                ["map", "Note", None, False, [["number", 0, "int"]]],
                ["map", "Answer", None, False, [["number", 0, "int"], ["note", 1, "str"]]],
                ["map", "Other", None, False, [["number", 0, "int"]]],
            ],
            [["Note", 0, 1, "once"], ["Other", 2, None]],
        ]
