"""docs/wire.md says what the code does: its bytes, tables, words and drawing are read and compared."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from wire_examples import ALICE, ASK, BOB, CREDIT, EXAMPLES, REPLY
from wire_vectors import GENERATED, Generated

from peerbus.actors.base import errors
from peerbus.actors.messages.answer_encoding import marked
from peerbus.transports.lanes.remote_reply import BUS_CODES
from peerbus.transports.sending.peer_errors import error_of
from peerbus.transports.wire import frames as wire
from peerbus.transports.wire import parts, texts
from peerbus.transports.wire.frame_decoder import FrameDecoder
from peerbus.transports.wire.frame_encoder import FrameEncoder
from peerbus.transports.wire.handshake import Handshake, PeerHello, Welcomed
from peerbus.transports.wire.hello import MAX_CHANNELS, MESSAGE_LIMIT, ChannelInfo, Hello

ROOT = Path(__file__).parents[4]
DOC = (ROOT / "docs" / "wire.md").read_text(encoding="utf-8")


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
    assert list(FrameDecoder(wire.FRAME_LIMIT).feed(dialer.leftover())) == [REPLY, CREDIT]
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


#: Calls whose argument of that place or name is a word that ends a connection, or refuses one.
WORD_OF = {
    "ClosePeer": (1, "reason"),
    "CloseConnection": (2, "reason"),
    "Cut": (0, "reason"),
    "Disconnect": (0, "reason"),
    "GoAway": (0, "reason"),
    "HandshakeFailed": (0, "reason"),
    "IdentityInUse": (0, "reason"),
    "ProtocolError": (0, "reason"),
    "Refuse": (0, "reason"),
    "Reject": (0, "reason"),
    "_cut": (0, "reason"),
    "evict": (1, "reason"),
    "reject": (0, "reason"),
    "shed": (0, "reason"),
    "shed_outgoing": (0, "reason"),
    "why_over": (0, "reason"),
}
#: Levers of the operator are refused with words of their own, to him.
NOT_SENT = {("levers.py", "Refuse")}
#: Where a frame that carries a word is made: a word that comes there by a new road is listed by a new line above.
MAKERS = {
    ("announcements.py", "Close"),
    ("connection.py", "GoAway"),
    ("greeting_reader.py", "GoAway"),  # read as one
    ("greeting_reader.py", "Reject"),  # the same
    ("handshake.py", "GoAway"),
    ("handshake.py", "Reject"),
    ("parting.py", "GoAway"),
    ("served_asks.py", "Error"),
    ("stream_asks.py", "Error"),  # read as one, of an END
}


#: Folders of carriers that speak something else below the bus's own wire.
OTHER_PROTOCOLS = {"libp2p", "nats"}
#: Between processes of one node, by frames that nobody else is sent.
OF_ITS_OWN = "inside_connection.py"


def sources() -> Iterator[tuple[Path, ast.AST]]:
    """Every node of the syntax trees of what runs."""
    for floor in ("transports", "discovery", "node"):
        for path in sorted((ROOT / floor).rglob("*.py")):
            if path.parent.name in OTHER_PROTOCOLS or path.name == OF_ITS_OWN:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                yield path, node


def constants() -> dict[str, str]:
    """Texts that stand under a name of their own, as `SHUTTING_DOWN`."""
    return {
        node.targets[0].id: node.value.value
        for _, module in sources()
        if isinstance(module, ast.Module)
        for node in module.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }


def texts_of(given: ast.expr, names: Mapping[str, str]) -> Iterator[str]:
    """What an expression may be, as far as that is written where it stands."""
    match given:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in names:
            yield names[name]
        case ast.IfExp(body=body, orelse=orelse):
            yield from texts_of(body, names)
            yield from texts_of(orelse, names)
        case ast.BoolOp(values=values):
            for value in values:
                yield from texts_of(value, names)
        case ast.Tuple(elts=[first, _]):
            yield from texts_of(first, names)


def called(node: ast.Call) -> str:
    """The last part of the name of what is called."""
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def sent_words() -> set[tuple[str, str]]:
    """Every word that a call gives, with its file, on whatever road it comes to a frame or to an end."""
    found, names = set(), constants()
    for path, node in sources():
        if isinstance(node, ast.Call) and called(node) in WORD_OF and (path.name, called(node)) not in NOT_SENT:
            place, name = WORD_OF[called(node)]
            given = [each.value for each in node.keywords if each.arg == name] or node.args[place : place + 1]
            found |= {(path.name, text) for each in given for text in texts_of(each, names)}
        elif isinstance(node, ast.FunctionDef) and node.name in {"judge", "authenticated"}:
            found |= {
                (path.name, text)
                for each in ast.walk(node)
                if isinstance(each, ast.Return) and isinstance(each.value, ast.Tuple)
                for text in texts_of(each.value, names)
            }
    return found


def test_every_word_that_ends_a_connection_or_refuses_one_is_explained() -> None:
    explained, sent = words("Words", "reason"), sent_words()
    assert {word for _, word in sent} > {"full", "banned", "draining", "evicting", "stale_dial", "silent", "superseded"}
    assert sorted((path, word) for path, word in sent if word not in explained) == []


def test_no_word_is_explained_that_nothing_says() -> None:
    by_name = {
        "operator",
        "tls",
        "certificate",
        "user",
        "unsaid",
        "expired",
        "revoked",
    }  # a default, or found elsewhere
    assert words("Words", "reason") - {word for _, word in sent_words()} <= by_name


def test_a_frame_with_a_word_is_made_where_its_words_are_known() -> None:
    makers = {
        (path.name, called(node))
        for path, node in sources()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and called(node) in {"Close", "Error", "GoAway", "Reject"}
    }
    kinds = {"GoAway", "Reject"}
    dynamic = {
        (path.name, kind.id)
        for path, node in sources()
        if isinstance(node, ast.IfExp)
        for kind in (node.body, node.orelse)
        if isinstance(kind, ast.Name) and kind.id in kinds
    }
    assert makers | dynamic == MAKERS


def test_every_code_of_error_is_explained_and_says_whether_a_handler_has_run() -> None:
    assert words("Words", "code") == BUS_CODES
    table = section("Words").split("| code | when |")[1].split("\n\n")[0]
    handled = {row[0].strip("`"): row[2] for row in rows(table) if len(row) == 3}
    assert {code for code, said in handled.items() if said == "yes"} == {
        "answer_too_large",
        "answer_type",
        "answer_unread",
        "deadline_handler",
    }
    assert {code for code, said in handled.items() if said == "perhaps"} == {"actor_stopped", "peer_gone"}


def test_every_code_is_one_of_our_errors_for_the_asker() -> None:
    for code in BUS_CODES:
        assert isinstance(error_of(wire.Error(1, 0, 0, code, ""), ""), errors.SendError)


@pytest.mark.parametrize("generated", GENERATED, ids=lambda each: each.name)
def test_what_is_generated_is_what_the_code_makes(generated: Generated) -> None:
    assert generated.written() == generated.text, "run: make generate"


def test_words_stand_in_order() -> None:
    for heading in ("reason", "code"):
        table = section("Words").split(f"| {heading} | when |")[1].split("\n\n")[0]
        column = [row[0] for row in rows(table)]
        assert column == sorted(column)
