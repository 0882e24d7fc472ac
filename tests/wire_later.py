"""Vectors of what later versions may send, as far as this one takes it, and of peer records."""

from __future__ import annotations

from typing import Any

import msgspec
from wire_examples import BOB

from peerbus.actors.base import ProtocolError
from peerbus.discovery.records.record import DOMAIN, PeerRecord, RecordRefused, read_record
from peerbus.transports.streams import Identity
from peerbus.transports.wire.frame_decoder import FrameDecoder, decode_body
from peerbus.transports.wire.frames import FRAME_LIMIT, ArrivedFrame, GoAway, HelloFrame, Reject
from peerbus.transports.wire.greeting_reader import GreetingReader
from peerbus.transports.wire.hello import ChannelInfo

__all__ = ["bad_later", "greetings", "later", "read_greeting", "records"]

NOW = 1_767_225_600
NETWORK = "demo"
OWNER = Identity.from_seed(b"a" * 32)
PLACE = "tcp://10.0.0.7:7400"


def _pack(value: object) -> bytes:
    return msgspec.msgpack.encode(value)


#: As in the examples of W3C Trace Context.
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def _read(body: bytes) -> list[object]:
    return list(FrameDecoder(FRAME_LIMIT).feed(len(body).to_bytes(4, "big") + body))


def later() -> list[dict[str, Any]]:
    """Bodies that a reader of this version takes. `frame`: the name of what it reads, null where it leaves all out."""
    hello = msgspec.to_builtins(BOB, builtin_types=(bytes,))
    words = ["schemas", "later", "a.b_c-2"]
    bodies: list[tuple[str, str | None, object]] = [
        ("HELLO with features, of which nobody knows the last two", "HELLO", [0, {**hello, "features": words}]),
        ("HELLO without features", "HELLO", [0, {key: value for key, value in hello.items() if key != "features"}]),
        ("HELLO with a clock", "HELLO", [0, {**hello, "clock": 1_893_456_000_000}]),
        (
            "HELLO with an endpoint of another scheme",
            "HELLO",
            [0, {**hello, "listen": ["quic://10.0.0.7:7400", PLACE]}],
        ),
        ("HELLO with a key more, a channel with one, and a field behind", "HELLO", _grown(hello)),
        ("WELCOME with a field more", "WELCOME", [1, "later"]),
        ("PING with fields more", "PING", [9, 258, 1.5, {"later": [None]}]),
        ("GOAWAY without its last field", "GOAWAY", [14, "shutting_down", ""]),
        ("HELLO with what may not be done on a channel", "HELLO", _refusing(hello)),
        ("UPDATE without its last fields", "UPDATE", [13, ["archive"]]),
        ("UPDATE with bits of later versions", "UPDATE", [13, [], b"", [[0, 3], [1, 128]]]),
        ("ERROR without a count", "ERROR", [6, 0, 0, 7, "not_allowed", "no"]),
        ("ERROR of many messages", "ERROR", [6, 0, 0, 7, "not_allowed", "no", 1000]),
        ("TELL with traces", "TELL", [3, 0, [[1, 0, b"\xc0"], [1, 0, b"\xc0"]], {1: [TRACEPARENT, "vendor=1"]}]),
        ("ASK with traces", "ASK", [4, 0, [[1, 2000, 1, 0, b"\xc0"]], {0: [TRACEPARENT, ""]}]),
        ("TELL with something else than traces", "TELL", [3, 0, [[1, 0, b"\xc0"]], {"0": 1.5}]),
        *((f"kind {kind}", None, [kind, 1.5, {"later": b"x"}]) for kind in (128, 200, 255)),
        ("kind 255 with nothing in it", None, [255]),
    ]
    for why, frame, body in bodies:
        read = [(type(each).__doc__ or "").split()[0] for each in _read(_pack(body))]
        assert read == ([] if frame is None else [frame]), why
    (first,) = _read(_pack(bodies[0][2]))
    assert isinstance(first, HelloFrame)
    assert list(first.hello.features) == words
    return [{"why": why, "frame": frame, "body": _pack(body).hex()} for why, frame, body in bodies]


def _grown(hello: dict[str, Any]) -> list[object]:
    channels = [{**channel, "later": 1} for channel in hello["channels"]]
    return [0, {**hello, "channels": channels, "later": {"a": 1}}, "later"]


def _refusing(hello: dict[str, Any]) -> list[object]:
    return [0, {**hello, "channels": [{**channel, "refused": 3} for channel in hello["channels"]]}]


def read_greeting(body: bytes) -> ArrivedFrame:
    """Read a body as it is read in a handshake. Raises ProtocolError."""
    return decode_body(body, GreetingReader().decoders)


def greetings() -> list[dict[str, Any]]:
    """Bodies of a handshake that are above the bounds of this version, and their fields as it reads them.

    Of HELLO those only that are named; bin is hex, and so it is in channels.
    """
    hello = msgspec.to_builtins(BOB, builtin_types=(bytes,))
    (channel,) = hello["channels"]
    roles, words = [f"role{number}" for number in range(70)], [f"f{number}" for number in range(40)]
    places = [f"tcp://10.0.0.7:{port}" for port in range(7400, 7410)]
    larger = {"messages": 2**32, "bytes": 2**40, "max_message": 2**25, "max_elements": 2**21, "priority": 256}
    unusable = [{**channel, "name": "n" * 65}, {**channel, "name": "hash", "schema": bytes(32)}, channel]
    many = [{**channel, "name": f"channel{number}", "types": []} for number in range(260)]
    said: list[tuple[str, dict[str, object]]] = [
        ("a name of 65 characters, an agent of 100", {"name": "n" * 65, "agent": "a" * 100}),
        ("10 endpoints, of which one is too long", {"listen": ["tcp://" + "x" * 250, *places[1:]]}),
        ("70 roles", {"offers": roles}),
        ("roles of another grammar, and one twice", {"offers": ["Archive", "a[1]", "a{b=1}", "a{b=2}", "c"]}),
        ("40 features, of which the last one is known", {"features": [*words, "schemas"]}),
        ("features of another form, and one twice", {"features": ["Later", "a b", "x" * 33, "later", "later"]}),
        ("a record of 2,049 bytes", {"record": bytes(2049)}),
        ("a clock beyond 2^53", {"clock": 2**53}),
        ("a channel with larger numbers", {"channels": [{**channel, **larger, "refused": 257, "compress": "A b"}]}),
        ("a channel with 65 messages", {"channels": [{**channel, "types": [f"T{number}" for number in range(65)]}]}),
        ("channels that cannot be used, before one that can", {"channels": [channel, *unusable, many[0]]}),
        ("260 channels", {"channels": many}),
    ]
    found: list[dict[str, Any]] = []
    for why, changes in said:
        body = _pack([0, {**hello, **changes}])
        frame = read_greeting(body)
        assert isinstance(frame, HelloFrame), why
        read = {name: _shown(getattr(frame.hello, name)) for name in changes}
        found.append({"why": f"HELLO with {why}", "frame": "HELLO", "read": read, "body": body.hex()})
    frames: list[tuple[str, list[object]]] = [
        ("REJECT with long texts and 10 records", [2, "w" * 65, "t" * 1025, [bytes(2049), *([b"r"] * 9)]]),
        ("GOAWAY with long texts, for long", [14, "w" * 65, "t" * 1025, 2**32]),
    ]
    for why, fields in frames:
        frame = read_greeting(_pack(fields))
        assert isinstance(frame, Reject | GoAway), why
        shown = [_shown(each) for each in msgspec.structs.astuple(frame)]
        found.append({"why": why, "frame": why.split()[0], "read": shown, "body": _pack(fields).hex()})
    return found


def _shown(value: object) -> object:
    """As JSON has it. A channel that cannot be used: null."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return [_shown(each) for each in value]
    if isinstance(value, ChannelInfo):
        fields = {name: _shown(each) for name, each in msgspec.structs.asdict(value).items()}
        return None if value.name.startswith("[") else fields
    return value


def bad_later() -> list[dict[str, str]]:
    """Bodies that end a connection all the same."""
    hello = msgspec.to_builtins(BOB, builtin_types=(bytes,))
    bodies: dict[str, object] = {
        "kind 127": [127],
        "kind 256": [256],
        "a clock before 1970": [0, {**hello, "clock": -1}],
        "a feature that is no text": [0, {**hello, "features": [1]}],
        "no name": [0, {**hello, "name": ""}],
        "a channel with a window of nothing": [0, {**hello, "channels": [{**hello["channels"][0], "messages": 0}]}],
        "UPDATE with 65 roles": [13, [f"role{number}" for number in range(65)]],
    }
    found = []
    for why, body in bodies.items():
        try:
            read_greeting(_pack(body))
        except ProtocolError as error:
            found.append({"why": why, "word": error.reason, "body": _pack(body).hex()})
        else:
            raise AssertionError(f"{why}: a reader takes it")
    return found


def _sealed(identity: Identity = OWNER, signed_by: Identity = OWNER, **changes: object) -> bytes:
    fields = {
        "network": NETWORK,
        "sequence": 7,
        "expires": NOW + 3600,
        "private": False,
        "endpoints": [PLACE],
        "offers": ["archive{from=1000}"],
        **changes,
    }
    body = _pack(list(fields.values()))
    return _pack([identity.public_key_der, body, signed_by.sign(DOMAIN + body)])


def records() -> dict[str, Any]:
    """Peer records, as they are read at `now` in `network`: what is in them, or the word that refuses them."""
    mallory = Identity.from_seed(b"m" * 32)
    foreign = ["quic://10.0.0.7:7400", "nats+tls://hub.example/demo?x=1"]
    good = {
        "one endpoint": _sealed(),
        "endpoints of other schemes beside it": _sealed(endpoints=[foreign[0], PLACE, foreign[1]]),
        "of other schemes only": _sealed(endpoints=foreign),
        "nothing to dial, nothing to offer, private": _sealed(endpoints=[], offers=[], private=True),
        "of a clock that is 120 seconds behind": _sealed(expires=NOW - 120),
    }
    bad = {
        "another one has signed it": _sealed(signed_by=mallory),
        "an endpoint with a node id": _sealed(endpoints=[f"tcp://{OWNER.node_id}@10.0.0.7:7400"]),
        "an endpoint that is not as this implementation writes it": _sealed(endpoints=["tcp://EXAMPLE:7400"]),
        "an endpoint of another scheme, with a blank": _sealed(endpoints=["quic://a b"]),
        "offers out of order": _sealed(offers=["b", "a"]),
        "a field more, of a later version": _sealed(later=1),
        "9 endpoints, as a later version may allow": _sealed(endpoints=[f"tcp://10.0.0.7:{port}" for port in range(9)]),
        "a field more that another one has signed": _sealed(later=1, signed_by=mallory),
        "another network": _sealed(network="other"),
        "it has expired": _sealed(expires=NOW - 121),
        "it expires in two days": _sealed(expires=NOW + 2 * 86_400),
        "a byte behind it": _sealed() + b"\0",
    }
    taken, refused = [], []
    for why, data in good.items():
        read = read_record(data, network=NETWORK, now=NOW)
        assert isinstance(read, PeerRecord), why
        known, others = [str(each) for each in read.endpoints], list(read.foreign)
        said = {"node_id": read.node_id, "sequence": read.sequence, "private": read.private}
        taken.append({"why": why, **said, "endpoints": known, "foreign": others, "hex": data.hex()})
    for why, data in bad.items():
        answer = read_record(data, network=NETWORK, now=NOW)
        assert isinstance(answer, RecordRefused), why
        refused.append({"why": why, "word": answer.reason, "hex": data.hex()})
    return {"now": NOW, "network": NETWORK, "taken": taken, "refused": refused}
