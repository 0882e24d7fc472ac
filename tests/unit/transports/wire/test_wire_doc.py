"""docs/wire.md says what the code does: its bytes, tables, words and drawing are read and compared."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import msgpack
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from peerbus.actors.base import errors
from peerbus.actors.messages.answer_encoding import marked
from peerbus.transports.wire import frames as wire
from peerbus.transports.wire import parts, texts
from peerbus.transports.wire.frame_decoder import FrameDecoder
from peerbus.transports.wire.frame_encoder import FrameEncoder
from peerbus.transports.wire.frames import Frame
from peerbus.transports.wire.handshake import Handshake, PeerHello, Welcomed
from peerbus.transports.wire.hello import MAX_CHANNELS, MESSAGE_LIMIT, ChannelInfo, Hello

ROOT = Path(__file__).parents[4]
DOC = (ROOT / "docs" / "wire.md").read_text(encoding="utf-8")

GET_BLOCK = msgpack.packb({"height": 7})
BLOCK = msgpack.packb({"height": 7, "data": b"hi"})
BLOCKS = ChannelInfo(
    name="blocks",
    types=("GetBlock", "Block"),
    schema=bytes(range(16)),
    messages=1024,
    bytes=1048576,
    max_message=65536,
    priority=5,
)
LOG = ChannelInfo(name="log", types=(), schema=bytes(16), messages=4, bytes=256, max_message=64, priority=1)


def hello_of(name: str, incarnation: int, **fields: tuple[str, ...] | tuple[ChannelInfo, ...]) -> Hello:
    return Hello(
        node_id=name[0] * 64,
        network="demo",
        name=name,
        incarnation=incarnation,
        listen=fields.get("listen", ()),  # type: ignore[arg-type]  # one of the two kinds of tuple
        offers=fields.get("offers", ()),  # type: ignore[arg-type]  # as above
        channels=fields.get("channels", ()),  # type: ignore[arg-type]  # as above
        agent="peerbus/0.1.0",
        nonce=bytes(range(16)),
    )


ALICE = hello_of("alice", 1)
BOB = hello_of("bob", 2, listen=("tcp://127.0.0.1:7400",), offers=("archive",), channels=(BLOCKS,))
ASK = wire.Ask(0, [(1, 2000, 1, 0, GET_BLOCK)])
REPLY = wire.Reply(0, [(1, 2, BLOCK)])
EXAMPLES: list[Frame] = [
    wire.HelloFrame(BOB),
    wire.Welcome(),
    wire.Reject("busy", "64 peers are enough"),
    wire.Tell(0, [(1, 3, GET_BLOCK), (0, 0, msgpack.packb("hi"))]),
    ASK,
    REPLY,
    wire.Error(1, 0, 0, "not_found", "no block 7"),
    wire.Cancel(1),
    wire.Credit([(0, 512, 0), (3, 2, 70000)]),
    wire.Ping(258),
    wire.Pong(258),
    wire.Open(1, LOG),
    wire.Close(1, "stopped"),
    wire.Update(("archive{from=1000}", "index")),
    wire.GoAway("shutting_down", "", 5000),
    wire.Part(0, 3, b"abcd"),
    wire.ProbeFrame(1, 0, 7, [f"bus://{'a' * 64}/blocks"]),
]


def section(title: str) -> str:
    """The text under a heading, up to the next heading of the same depth or above."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,3}} |\Z)", DOC, re.MULTILINE | re.DOTALL)
    assert found, f"docs/wire.md has no section {title!r}"
    return found[2]


def dumps(text: str) -> list[bytes]:
    """The bytes of each hex block in the text, without the comments."""
    blocks = re.findall(r"^```hex[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [bytes.fromhex("".join(line.split(";")[0] for line in block.splitlines())) for block in blocks]


def rows(text: str) -> list[list[str]]:
    """The cells of every table row in the text, headings and rules left out."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    return [row for number, row in enumerate(cells) if set(row[0]) != {"-"} and not _is_heading(cells, number)]


def _is_heading(cells: list[list[str]], number: int) -> bool:
    return number + 1 < len(cells) and set(cells[number + 1][0]) == {"-"}


def words(title: str, heading: str) -> set[str]:
    """The words in the first column of the table of `title` that is headed so."""
    table = section(title).split(f"| {heading} | when |")[1].split("\n\n")[0]
    return {row[0].strip("`") for row in rows(table)}


@pytest.mark.parametrize("kind", range(wire.LAST_KIND + 1))
def test_every_kind_is_shown_byte_by_byte(kind: int) -> None:
    name = rows(section("Frames"))[kind][1]
    (dump,) = dumps(section(f"{kind} {name}"))
    assert dump == FrameEncoder().encode(EXAMPLES[kind])
    assert list(FrameDecoder(wire.FRAME_LIMIT).feed(dump)) == [EXAMPLES[kind]]


def test_the_mark_of_an_answer_is_as_it_is_written() -> None:
    found = re.search(r"of a message or a dataclass is `([0-9a-f ]+)`", section("5 REPLY"))
    assert found is not None
    assert bytes.fromhex(found[1]) == marked(msgspec.msgpack.encode({"number": 1}))


def test_the_table_of_frames_says_what_the_code_says() -> None:
    table = rows(section("Frames"))
    assert [int(row[0]) for row in table] == list(range(wire.LAST_KIND + 1))
    for (_, name, body), frame in zip(table, EXAMPLES, strict=True):
        assert (type(frame).__doc__ or "").startswith(f"{name} {body}: ")


def test_the_tables_of_fields_name_every_field_in_its_order() -> None:
    fields = [row[0].strip("`") for row in rows(section("0 HELLO"))]
    assert tuple(fields) == Hello.__struct_fields__ + ChannelInfo.__struct_fields__


def test_the_whole_conversation_happens_as_it_is_written() -> None:
    from_alice, from_bob = dumps(section("A whole conversation"))
    dialer = Handshake(ALICE, dialer=True, expected_id=BOB.node_id, authenticated_id=BOB.node_id)
    acceptor = Handshake(BOB, dialer=False, authenticated_id=ALICE.node_id)
    said_by_alice, said_by_bob = dialer.start(), acceptor.start()
    assert from_alice.startswith(said_by_alice)
    assert from_bob.startswith(said_by_bob)
    assert dialer.receive(said_by_bob) == [PeerHello(BOB, 1)]
    assert acceptor.receive(said_by_alice) == [PeerHello(ALICE, 1)]
    assert from_alice.removeprefix(said_by_alice).startswith(dialer.accept())
    assert from_bob.removeprefix(said_by_bob).startswith(acceptor.accept())
    (to_alice,) = dialer.receive(from_bob.removeprefix(said_by_bob))
    (to_bob,) = acceptor.receive(from_alice.removeprefix(said_by_alice))
    assert to_alice == to_bob == Welcomed()
    assert list(FrameDecoder(wire.FRAME_LIMIT).feed(dialer.leftover())) == [REPLY]
    assert list(FrameDecoder(wire.FRAME_LIMIT).feed(acceptor.leftover())) == [ASK, wire.GoAway("shutting_down", "")]


@pytest.mark.parametrize(
    ("title", "number"),
    [
        ("Frames", wire.HANDSHAKE_FRAME_LIMIT),
        ("Frames", wire.FRAME_LIMIT),
        ("Frames", texts.TEXT_LIMIT),
        ("Frames", texts.WORD_LIMIT),
        ("Frames", wire.BATCH_LIMIT),
        ("0 HELLO", MAX_CHANNELS),
        ("0 HELLO", MESSAGE_LIMIT),
        ("15 PART", wire.PART_SIZE),
        ("Parts", wire.PART_SIZE),
        ("Parts", parts.BATCH_BODY),
        ("Parts", parts.BODY_OVERHEAD),
        ("Parts", parts.REASSEMBLY_BUDGET),
    ],
)
def test_the_limits_are_those_of_the_code(title: str, number: int) -> None:
    assert re.search(rf"(?<![\d,]){number:,}(?!,?\d)", section(title))


def test_the_published_authority_has_the_name_that_is_written() -> None:
    seed = hashlib.sha256(b"peerbus published authority: NOT a secret").digest()
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert f"CN=peerbus authority {hashlib.sha256(der).hexdigest()[:32]}`" in section("Stream")


def raised_words() -> Iterator[tuple[str, str]]:
    """Every reason that a call of ProtocolError or HandshakeFailed gives literally, with its file."""
    for path in sorted((ROOT / "transports").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in {"ProtocolError", "HandshakeFailed"}
                and node.args
            ):
                given = node.args[0]
                options = [given.body, given.orelse] if isinstance(given, ast.IfExp) else [given]
                for option in options:
                    if isinstance(option, ast.Constant):
                        yield path.name, str(option.value)


def test_every_reason_that_ends_a_connection_is_explained() -> None:
    explained = words("Words", "reason")
    raised = set(raised_words())
    assert len(raised) > 15
    assert [(path, word) for path, word in sorted(raised) if word not in explained] == []


def test_every_code_that_is_explained_is_a_reason_of_our_errors() -> None:
    reasons = {
        error.reason
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, errors.SendError) and isinstance(error.reason, str)
    }
    assert words("Words", "code") - reasons == {"deadline_mailbox"}
    assert errors.DeadlineExceeded("", phase="mailbox").reason == "deadline_mailbox"


def test_words_stand_in_order() -> None:
    for heading in ("reason", "code"):
        table = section("Words").split(f"| {heading} | when |")[1].split("\n\n")[0]
        column = [row[0] for row in rows(table)]
        assert column == sorted(column)
