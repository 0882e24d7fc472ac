"""What docs/ shows of the wire in bytes, made by the code that runs: vectors, grammar, and blocks of docs/wire.md."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from entry_vectors import entries
from wire_cddl import grammar
from wire_compression import compression, compression_block
from wire_credit import credit, streams, streams_block
from wire_examples import ALICE, BLOCK, BOB, CREDIT, EXAMPLES, REPLY, Block, GetBlock
from wire_later import bad_later, greetings, later, read_greeting, records
from wire_verdicts import verdicts

from peerbus.actors import Address, Message, Peer, Role
from peerbus.actors.base import ProtocolError
from peerbus.actors.messages import Channel
from peerbus.actors.messages.answer_encoding import marked
from peerbus.discovery.pex.exchange import PeerExchange
from peerbus.transports.schema import describe
from peerbus.transports.streams import Identity
from peerbus.transports.streams.authority import Authority
from peerbus.transports.wire.frame_decoder import decode_body
from peerbus.transports.wire.frame_encoder import FrameEncoder
from peerbus.transports.wire.frames import FRAME_LIMIT, PART_SIZE, Ask, Frame, GoAway, Part, Tell, Welcome
from peerbus.transports.wire.handshake import Handshake
from peerbus.transports.wire.parts import Cutter, Reassembler, ask_lane
from peerbus.transports.wire.payload import ChannelCodec

__all__ = ["GENERATED", "Generated"]

DOCS = Path(__file__).resolve().parents[1] / "docs"


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    LOW = 1


class Item(Message):
    number: int
    tags: list[str] = msgspec.field(default_factory=list)


class Add(Message, tag="add"):
    number: int


class Drop(Message, tag="drop"):
    number: int


#: Declared type as the page says it, the type, values with what is special of them.
PAYLOADS: list[tuple[str, Any, list[tuple[object, str]]]] = [
    ("int", int, [(7, ""), (-33, ""), (2**32, "above 32 bits"), (2**64 - 1, "BigInt"), (-(2**63), "BigInt")]),
    ("float", float, [(0.5, ""), (7, "an integer stands for it")]),
    ("bool", bool, [(True, "")]),
    ("str", str, [("Grüße", "")]),
    ("bytes", bytes, [(b"\0\1", "")]),
    ("int | None", int | None, [(None, "written, not left out")]),
    (
        "datetime",
        datetime,
        [(datetime(2026, 1, 1, tzinfo=UTC), "with a zone"), (datetime.fromisoformat("2026-01-01T12:00"), "without")],
    ),
    ("date", date, [(date(2026, 1, 1), "")]),
    ("time", time, [(time(12, 30), "")]),
    ("timedelta", timedelta, [(timedelta(seconds=90), "")]),
    ("Decimal", Decimal, [(Decimal("1.10"), "")]),
    ("UUID", UUID, [(UUID(int=7), "")]),
    ("Colour", Colour, [(Colour.RED, "an enumeration of texts")]),
    ("Level", Level, [(Level.LOW, "an enumeration of integers")]),
    ("list[int]", list[int], [([1, 2], "")]),
    ("set[int]", set[int], [({3}, "")]),
    ("tuple[int, str]", tuple[int, str], [((1, "a"), "")]),
    ("dict[int, str]", dict[int, str], [({1: "a"}, "keys stay integers")]),
    ("Address", Address[Any], [(Peer("ab" * 32) / "inbox", ""), (Role("archive") / "blocks", "whoever offers it")]),
    ("Item", Item, [(Item(1, ["a"]), "a message in a message")]),
    ("list[Item]", list[Item], [([Item(1)], "")]),
    ("Add | Drop", Add | Drop, [(Drop(2), "told apart by the tag")]),
]
#: What a reader makes of bytes that peerbus does not write: declared type, MessagePack, what it is.
READ: list[tuple[str, Any, object, str]] = [
    ("Item", Item, {"number": 7}, "the default stands for what is left out"),
    ("Item", Item, {"number": 7, "later": [1]}, "an unknown field is skipped"),
]
REFUSED: list[tuple[str, Any, object, str]] = [
    ("int", int, 7.0, "a float is no int"),
    ("int", int, True, "a boolean is no int"),
    ("int", int, None, "nil, where None is not allowed"),
    ("str", str, b"a", "bin is no text"),
    ("bytes", bytes, "a", "text is no bin"),
    ("Item", Item, {"tags": []}, "a required field is missing"),
    ("Add | Drop", Add | Drop, {"type": "other", "number": 1}, "an unknown tag"),
    ("Colour", Colour, "green", "no member"),
    ("Any", Any, datetime(2026, 1, 1, tzinfo=UTC), "an extension, where no type is declared"),
    ("dict[str, list[Any]]", dict[str, list[Any]], {"a": [msgspec.msgpack.Ext(5, b"x")]}, "another one, inside"),
    ("Any", Any, {(1, 2): 3}, "a key that is an array, where no type is declared"),
    ("datetime", datetime, "0001-01-01T00:00:00+14:00", "an instant without a year in UTC"),
    ("Decimal", Decimal, "sNaN", "a signaling NaN"),
    ("Address", Address[Any], "bus://local/inbox", "the reader's own"),
    ("Address", Address[Any], "bus://all/inbox", "several receivers"),
    ("Address", Address[Any], "inbox", "no address"),
]


def _message_of(kind: Any) -> type:
    return msgspec.defstruct("Value", [("value", kind)], bases=(Message,), frozen=True)


def _codec(kind: Any) -> ChannelCodec:
    return ChannelCodec(Channel("vectors", messages=(_message_of(kind),)))


def _pack(value: object) -> bytes:
    return msgspec.msgpack.encode(value)


def payloads() -> list[dict[str, object]]:
    """Messages with one field, `value`, of each type; each is read back by the code that makes them."""
    found: list[dict[str, object]] = []
    for name, kind, values in PAYLOADS:
        codec = _codec(kind)
        for value, note in values:
            number, data = codec.encode(codec.messages[0](value), 1 << 20)
            codec.decode(number, data)
            found.append(
                {
                    "type": name,
                    "value": str(value) if isinstance(value, Address) else repr(value),
                    "note": note,
                    "hex": data.hex(),
                }
            )
    return found


def read_payloads() -> dict[str, list[dict[str, str]]]:
    """The same from bytes that peerbus itself would not write: what is taken, what is refused."""
    for _, kind, raw, _ in READ:
        _codec(kind).decode(1, _pack({"value": raw}))
    for name, kind, raw, _ in REFUSED:
        try:
            _codec(kind).decode(1, _pack({"value": raw}))
        except TypeError:
            continue
        raise AssertionError(f"{raw!r} is taken as {name}")
    return {
        key: [{"type": name, "note": note, "hex": _pack({"value": raw}).hex()} for name, _, raw, note in table]
        for key, table in (("taken", READ), ("refused", REFUSED))
    }


def bad_frames() -> list[dict[str, str]]:
    """Bodies that end a connection, with the word."""
    hello = msgspec.to_builtins(BOB, builtin_types=(bytes,))
    bodies = {
        "no array": _pack({}),
        "an empty array": _pack([]),
        "a kind that is no integer": _pack(["x"]),
        "no MessagePack": b"\xc1",
        "cut short": _pack([9, 258])[:-1],
        "a kind that is not there": _pack([99]),
        "a field is missing": _pack([2, "busy"]),
        "rid 0": _pack([7, 0]),
        "a float for an integer": _pack([9, 1.0]),
        "a negative integer": _pack([9, -1]),
        "a boolean for an integer": _pack([9, True]),
        "text for bin": _pack([3, 0, [[1, 0, "x"]]]),
        "bin for text": _pack([12, 1, b"stopped"]),
        "no messages": _pack([3, 0, []]),
        "channel 256": _pack([3, 256, [[1, 0, b""]]]),
        "an item with a field more": _pack([3, 0, [[1, 0, b"", 0]]]),
        "an empty part": _pack([15, 0, 0, b""]),
        "DESCRIBE of nothing": _pack([17, []]),
        "DESCRIBE of 17 channels": _pack([17, [*range(17)]]),
        "a description that is text": _pack([18, 0, "x"]),
        "a part of 16,385 bytes": _pack([15, 0, 0, bytes(PART_SIZE + 1)]),
        "lane 512": _pack([15, 512, 0, b"x"]),
        "HELLO without a nonce": _pack([0, {key: value for key, value in hello.items() if key != "nonce"}]),
        "HELLO with a node id in upper case": _pack([0, {**hello, "node_id": "B" * 64}]),
    }
    found = []
    for why, body in bodies.items():
        try:
            read_greeting(body)
        except ProtocolError as error:
            found.append({"why": why, "word": error.reason, "body": body.hex()})
        else:
            raise AssertionError(f"{why}: a reader takes it")
    return found


def certificates() -> list[dict[str, str]]:
    """Keys of known seeds, what follows from them, and the certificate of an open network."""
    authority = Authority(hashlib.sha256(b"peerbus published authority: NOT a secret").digest())
    found = []
    # The id of the third begins with a zero byte, which no integer of DER has in front.
    for seed in (b"a" * 32, b"b" * 32, b"\x40".rjust(32, b"\0")):
        identity = Identity.from_seed(seed)
        issued = authority.issue(identity.public_key_der)
        certificate, by = (x509.load_pem_x509_certificate(pem) for pem in (issued.certificate, issued.authority))
        found.append(
            {
                "seed": seed.hex(),
                "public_key": identity.public_key_der.hex(),
                "node_id": identity.node_id,
                "certificate": certificate.public_bytes(Encoding.DER).hex(),
                "authority": by.public_bytes(Encoding.DER).hex(),
                "signed": b"peerbus signature v1\0data".hex(),
                "signature": identity.sign(b"data").hex(),
            }
        )
    return found


def parts() -> dict[str, object]:
    """The body of a TELL of 40,000 bytes, cut; named by a hash, as it is long."""
    body = FrameEncoder().encode(Tell(1, [(1, 0, _pack({"data": bytes(range(250)) * 160}))]))[4:]
    cut = [Part(lane, left, bytes(data)) for lane, left, data in Cutter(body, ask_lane(1))]
    reader = Reassembler(lambda _: len(body))
    assert [reader.add(part) for part in cut][-1] == decode_body(body)
    return {
        "body_bytes": len(body),
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "payload": "the map of data to the bytes 0 to 249, 160 times",
        "parts": [{"lane": part.lane, "left": part.left, "bytes": len(part.data)} for part in cut],
    }


def conversation() -> dict[str, str]:
    """Both sides of the one in docs/wire.md."""
    encode = FrameEncoder().encode
    dialer, acceptor = Handshake(ALICE, dialer=True), Handshake(BOB, dialer=False)
    ask = Ask(0, [(1, 2000, 1, 0, _pack({"height": 7}))])
    asked: list[Frame] = [Welcome(), ask, GoAway("shutting_down", "")]
    answered: list[Frame] = [Welcome(), REPLY, CREDIT]
    return {
        "dialer": (dialer.start() + b"".join(map(encode, asked))).hex(),
        "acceptor": (acceptor.start() + b"".join(map(encode, answered))).hex(),
    }


def schemas() -> list[dict[str, object]]:
    """Descriptions of channels and their hashes."""
    found: list[dict[str, object]] = []
    for title, channel in (
        ("blocks of a conversation", Channel("blocks", messages=(GetBlock, Block))),
        ("peerbus.pex", PeerExchange.channel),
        ("of all kinds", Channel("kinds", messages=(_message_of(_every_kind()), GetBlock, Add))),
    ):
        described = describe(channel)
        content = msgspec.msgpack.decode(described.data)
        found.append(
            {"title": title, "content": content, "hex": described.data.hex(), "schema": described.schema.hex()}
        )
    return found


def _every_kind() -> Any:
    """A type that has in it what descriptions tell apart."""
    fields = [(f"field{number}", kind) for number, (_, kind, _) in enumerate(PAYLOADS)]
    return msgspec.defstruct("Kinds", fields, bases=(Message,), frozen=True)


def schema_block() -> str:
    """The table of descriptions in docs/wire.md."""
    rows = ["| description | `schema` |", "| --- | --- |"]
    for each in schemas()[:2]:
        content = json.dumps(each["content"], ensure_ascii=False)
        rows.append(f"| `{content}` | `{' '.join(re.findall('..', str(each['schema'])))}` |")
    return "\n".join(rows) + "\n"


def vectors() -> str:
    """docs/wire-vectors.json."""
    encode = FrameEncoder().encode
    frames = [{"name": (type(each).__doc__ or "").split()[0], "frame": encode(each).hex()} for each in EXAMPLES]
    content = {
        "about": "Test vectors of docs/wire.md, by scripts/wire-vectors from the code that runs. Bytes are hex.",
        "limits": {"frame": FRAME_LIMIT, "part": PART_SIZE},
        "identities": certificates(),
        "entries": entries(),
        "schemas": schemas(),
        "verdicts": verdicts(),
        "payloads": payloads(),
        "payloads_read": read_payloads(),
        "marked_answer": {"value": {"number": 1}, "hex": marked(_pack({"number": 1})).hex()},
        "frames": frames,
        "bad_frames": bad_frames() + bad_later(),
        "later": later(),
        "greetings": greetings(),
        "records": records(),
        "credit": credit(),
        "streams": streams(),
        "compression": compression(),
        "parts": parts(),
        "conversation": conversation(),
        "block": BLOCK.hex(),
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def certificate_block() -> str:
    """The DER of Alice's certificate, as docs/wire.md shows it."""
    data = certificates()[0]["certificate"]
    lines = [" ".join(re.findall("..", data[at : at + 96])) for at in range(0, len(data), 96)]
    return "```text\n" + "\n".join(lines) + "\n```\n"


def payload_block() -> str:
    """The table of payloads in docs/wire.md."""
    rows = ["| declared | value of the field `value` | payload | |", "| --- | --- | --- | --- |"]
    for each in payloads():
        name, value = (str(each[key]).replace("|", "\\|") for key in ("type", "value"))
        data = " ".join(re.findall("..", str(each["hex"])))
        rows.append(f"| `{name}` | `{value}` | `{data}` | {each['note']} |".replace(" |  |", " | |"))
    return "\n".join(rows) + "\n"


@dataclass(frozen=True)
class Generated:
    """A file of docs/, or with `name` a block of docs/wire.md."""

    name: str
    make: Callable[[], str]
    file: str = "wire.md"

    @property
    def text(self) -> str:
        """What it should be."""
        return self.make()

    def written(self) -> str:
        """What it is."""
        text = (DOCS / self.file).read_text(encoding="utf-8")
        if self.file != "wire.md":
            return text
        found = re.search(self._place, text, re.DOTALL)
        return "" if found is None else found[2]

    def write(self) -> None:
        """Put it there."""
        path, text = DOCS / self.file, self.text
        if self.file == "wire.md":
            text = re.sub(
                self._place,
                lambda found: found[1] + self.text + found[3],
                path.read_text(encoding="utf-8"),
                flags=re.DOTALL,
            )
        path.write_text(text, encoding="utf-8")

    @property
    def _place(self) -> str:
        return rf"(<!-- vectors: {self.name} -->\n)(.*?)(<!-- end -->)"


GENERATED = (
    Generated("vectors", vectors, "wire-vectors.json"),
    Generated("grammar", grammar, "wire.cddl"),
    Generated("certificate", certificate_block),
    Generated("payloads", payload_block),
    Generated("schemas", schema_block),
    Generated("streams", streams_block),
    Generated("compression", compression_block),
)
