"""What a later version may say in a handshake: read within the bounds of this one, and refused where none says it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from some_frames import SAMPLES, hellos

from peerbus.actors.base import HandshakeFailed
from peerbus.transports.wire.frame_decoder import WIRE_DECODER
from peerbus.transports.wire.frame_encoder import FrameEncoder
from peerbus.transports.wire.frames import ArrivedFrame, GoAway, HelloFrame, Reject
from peerbus.transports.wire.greeting_reader import GreetingReader
from peerbus.transports.wire.hello import MAX_CHANNELS, ChannelInfo, Hello, check

BOB = "b" * 64
CHANNEL: dict[str, Any] = {
    "name": "blocks",
    "types": ["GetBlock", "Block"],
    "schema": bytes(16),
    "messages": 1024,
    "bytes": 1048576,
    "max_message": 4096,
    "priority": 5,
}
HELLO: dict[str, Any] = {
    "node_id": BOB,
    "network": "demo",
    "name": "bob",
    "incarnation": 1,
    "listen": ["tcp://127.0.0.1:7400"],
    "offers": ["archive{from=1000}", "index"],
    "channels": [CHANNEL],
    "agent": "peerbus/0.1.0",
    "nonce": bytes(16),
}
body = FrameEncoder().body


def frame_of(value: object) -> ArrivedFrame:
    return GreetingReader().read(msgspec.msgpack.encode(value))


def read(**changes: object) -> tuple[Hello, tuple[str, ...]]:
    """A HELLO with some fields changed, as it is read, and what was not taken whole."""
    reader = GreetingReader()
    frame = reader.read(msgspec.msgpack.encode([0, {**HELLO, **changes}]))
    assert isinstance(frame, HelloFrame)
    return frame.hello, reader.left_out


def as_usual() -> Hello:
    return read()[0]


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_within_the_bounds_is_read_as_anywhere_else(name: str) -> None:
    reader = GreetingReader()
    assert reader.read(body(SAMPLES[name])) == SAMPLES[name]
    assert reader.left_out == ()


OFFERS = [f"role{number}" for number in range(70)]
PLACES = [f"tcp://127.0.0.1:{port}" for port in range(1, 12)]
WORDS = [f"f{number}" for number in range(40)]


@pytest.mark.parametrize(
    ("field", "said", "taken"),
    [
        ("name", "n" * 65, "n" * 64),
        ("name", "two\nlines", "two\\nlines"),
        ("agent", "a" * 300, "a" * 64),
        ("agent", "\x07", "\\x07"),
        ("listen", PLACES, tuple(PLACES[:8])),
        ("listen", ["", "x" * 256, "tcp://\x00", PLACES[0]], (PLACES[0],)),
        ("offers", OFFERS, tuple(OFFERS[:64])),
        ("offers", ["Archive", "archive{", "x" * 201, "of a later grammar: [1, 2]", "index"], ("index",)),
        ("offers", ["archive{from=1}", "archive{from=2}", "index"], ("archive{from=1}", "index")),
        ("features", ["Later", "a b", "", "x" * 33, "later"], ("later",)),
        ("features", ["twice", "twice"], ("twice",)),
        ("features", [*WORDS, "schemas"], ("schemas", *WORDS[:31])),
        ("record", bytes(2049), b""),
        ("clock", 2**53, 0),
    ],
)
def test_what_is_above_a_bound_is_cut_or_left_out_and_the_rest_counts(field: str, said: object, taken: object) -> None:
    hello, left_out = read(**{field: said})
    assert getattr(hello, field) == taken
    assert left_out == (field,)
    assert msgspec.structs.replace(hello, **{field: getattr(as_usual(), field)}) == as_usual()


@pytest.mark.parametrize(
    ("field", "said", "taken"),
    [
        ("types", [f"T{i}" for i in range(70)], tuple(f"T{i}" for i in range(64))),
        ("types", ["Block", "T" * 129, "Other"], ("Block",)),
        ("types", ["Block", "", "Other"], ("Block",)),
        ("types", ["Block", "Block", "Other"], ("Block",)),
        ("types", ["Bl\nock"], ()),
        ("messages", 2**32, 2**32 - 1),
        ("bytes", 2**40, 2**32 - 1),
        ("max_message", 2**24 + 1, 2**24),
        ("priority", 1000, 255),
        ("max_elements", 2**20 + 1, 2**20),
        ("compress", "Zlib 2", ""),
        ("refused", 256 + 3, 3),
    ],
)
def test_the_same_holds_for_each_channel(field: str, said: object, taken: object) -> None:
    other = {**CHANNEL, "name": "other"}
    hello, left_out = read(channels=[{**CHANNEL, field: said}, other])
    assert getattr(hello.channels[0], field) == taken
    assert [each.name for each in hello.channels] == ["blocks", "other"]
    assert left_out == ("channels",)


@pytest.mark.parametrize(
    "changes", [{"name": "n" * 65}, {"name": "a\tb"}, {"schema": bytes(32)}, {"name": "last"}, {"name": "[2]"}], ids=str
)
def test_a_channel_that_cannot_be_used_keeps_its_number(changes: dict[str, object]) -> None:
    said = [{**CHANNEL, "name": "last"}, {**CHANNEL, **changes}, {**CHANNEL, "name": "third", "schema": b""}]
    hello, _ = read(channels=[*said, CHANNEL])
    assert [each.name for each in hello.channels] == ["last", "[1]", "[2]", "blocks"]
    assert hello.channels[3] == as_usual().channels[0]


def test_channels_beyond_those_that_frames_can_number_are_left_out() -> None:
    hello, left_out = read(channels=[{**CHANNEL, "name": f"c{i}"} for i in range(MAX_CHANNELS + 50)])
    assert [each.name for each in hello.channels] == [f"c{i}" for i in range(MAX_CHANNELS)]
    assert left_out == ("channels",)


@pytest.mark.parametrize("network", ["n" * 65, "demo\n"])
def test_another_network_is_that_however_long_its_name_is(network: str) -> None:
    hello, _ = read(network=network)
    for own in (network[:64], "demo"):
        with pytest.raises(HandshakeFailed) as caught:
            check(hello, network=own, self_id="a" * 64, incarnation=1, authenticated_id=BOB, expected_id=BOB)
        assert caught.value.reason == "network"
        assert len(caught.value.text) < 200


def test_why_a_peer_of_a_later_version_refuses_is_read_as_far_as_it_fits() -> None:
    records = [b"r", bytes(3000), *(bytes([number]) for number in range(20))]
    kept = (b"r", *(bytes([number]) for number in range(7)))
    assert frame_of([2, "w" * 100, "t" * 5000, records]) == Reject("w" * 64, "t" * 1024, kept)
    assert frame_of([14, "w" * 100, "t" * 5000, 2**40]) == GoAway("w" * 64, "t" * 1024, 2**32 - 1)


@pytest.mark.parametrize(
    "value",
    [
        *([0, {key: value for key, value in HELLO.items() if key != field}] for field in HELLO),
        *([0, {**HELLO, field: value}] for field in HELLO for value in (None, 1.5, True, {"a": 1})),
        *([0, {**HELLO, "name": "n" * 65, "channels": [{**CHANNEL, field: None}]}] for field in CHANNEL),
        *([0, {**HELLO, "channels": [{**CHANNEL, field: 0}]}] for field in ("messages", "bytes", "priority")),
        [0, {**HELLO, "node_id": "B" * 64}],
        [0, {**HELLO, "nonce": bytes(17)}],
        [0, {**HELLO, "network": ""}],
        [0, {**HELLO, "name": ""}],
        [0, {**HELLO, "incarnation": -1}],
        [0, {**HELLO, "clock": -1}],
        [0, {**HELLO, "offers": [1]}],
        [2, 7, ""],
        [13, OFFERS],
        [11, 0, {**CHANNEL, "priority": 256}],
        [19, 0, 2**32, 1],
    ],
    ids=lambda value: repr(value)[:60],
)
def test_what_no_version_says_is_refused_as_it_is_elsewhere(value: object) -> None:
    data = msgspec.msgpack.encode(value)
    with pytest.raises(msgspec.ValidationError) as strict:
        WIRE_DECODER.decode(data)
    with pytest.raises(msgspec.ValidationError) as caught:
        GreetingReader().read(data)
    assert str(caught.value) == str(strict.value)


#: What a field of that type may be in a later version: longer, more, larger.
more_texts = st.text(max_size=400)
more_channels = st.fixed_dictionaries(
    {
        "name": st.text(min_size=1, max_size=80),
        "types": st.lists(more_texts, max_size=70),
        "schema": st.binary(max_size=40),
        **{name: st.integers(1, 2**64 - 1) for name in ("messages", "bytes", "max_message", "priority")},
    },
    optional={"max_elements": st.integers(1, 2**64 - 1), "compress": more_texts, "refused": st.integers(0, 2**64 - 1)},
)
more = st.fixed_dictionaries(
    {
        "name": st.text(min_size=1, max_size=100),
        "listen": st.lists(more_texts, max_size=12),
        "offers": st.lists(more_texts | st.sampled_from(OFFERS), max_size=80),
        "channels": st.lists(more_channels, max_size=8),
        "agent": more_texts,
        "record": st.binary(max_size=2100),
        "features": st.lists(more_texts | st.sampled_from(WORDS), max_size=50),
        "clock": st.integers(0, 2**64 - 1),
    }
)


@settings(max_examples=150, deadline=None)
@given(hellos, more)
def test_whatever_is_said_above_the_bounds_makes_a_hello_that_this_version_could_say(
    usual: Hello, changes: dict[str, Any]
) -> None:
    said = msgspec.to_builtins(usual, builtin_types=(bytes,)) | changes
    frame = frame_of([0, said])
    assert isinstance(frame, HelloFrame)
    assert WIRE_DECODER.decode(body(frame)) == frame
    assert len(frame.hello.channels) == len(said["channels"])
    assert all(isinstance(each, ChannelInfo) for each in frame.hello.channels)
