"""HELLO: what makes one well formed, and who may talk to whom."""

from __future__ import annotations

from typing import cast

import msgspec
import pytest

from peerbus.actors.base.errors import HandshakeFailed
from peerbus.transports.wire.hello import (
    MAX_CHANNELS,
    RECORD_LIMIT,
    ChannelInfo,
    Hello,
    IdentityInUse,
    check,
    check_offers,
)

ALICE, BOB, CAROL = "a" * 64, "b" * 64, "c" * 64

CHANNEL: dict[str, object] = {
    "name": "blocks",
    "types": ["GetBlock", "Block"],
    "schema": bytes(16),
    "messages": 1024,
    "bytes": 1048576,
    "max_message": 4096,
    "priority": 5,
}
HELLO: dict[str, object] = {
    "node_id": BOB,
    "network": "demo",
    "name": "bob",
    "incarnation": 2**64 - 1,
    "listen": ["tcp://127.0.0.1:7400"],
    "offers": ["archive{from=1000}", "index"],
    "channels": [CHANNEL],
    "agent": "peerbus/0.1.0",
    "nonce": bytes(16),
}


def read(**changes: object) -> Hello:
    """Decode a HELLO map with some fields changed, as it would come from a peer."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode({**HELLO, **changes}), type=Hello)


def read_channel(**changes: object) -> ChannelInfo:
    return read(channels=[{**CHANNEL, **changes}]).channels[0]


def test_a_hello_is_read_as_it_was_written() -> None:
    hello = read()
    assert hello.node_id == BOB
    assert hello.offers == ("archive{from=1000}", "index")
    assert hello.channels[0].types == ("GetBlock", "Block")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(hello), type=Hello) == hello


def test_unknown_fields_are_ignored_so_that_later_versions_may_add_some() -> None:
    assert read(colour="red", nested={"a": [1, {"b": 2}]}) == read()


@pytest.mark.parametrize("field", sorted(HELLO))
def test_a_missing_field_is_refused_by_its_name(field: str) -> None:
    fields = {name: value for name, value in HELLO.items() if name != field}
    with pytest.raises(msgspec.ValidationError, match=f"`{field}`"):
        msgspec.msgpack.decode(msgspec.msgpack.encode(fields), type=Hello)


@pytest.mark.parametrize("field", sorted(HELLO))
@pytest.mark.parametrize("value", [None, 1.5, {"a": 1}, True], ids=repr)
def test_a_field_of_another_type_is_refused_by_its_name(field: str, value: object) -> None:
    with pytest.raises(msgspec.ValidationError, match=field):
        read(**{field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("node_id", ""),
        ("node_id", "A" * 64),
        ("node_id", "a" * 63),
        ("node_id", "a" * 64 + "\n"),
        ("network", ""),
        ("network", "n" * 65),
        ("network", "de\x1bmo"),
        ("name", ""),
        ("name", "n" * 65),
        ("name", "two\nlines"),
        ("incarnation", -1),
        ("listen", [f"tcp://127.0.0.1:{port}" for port in range(1, 10)]),
        ("listen", [""]),
        ("listen", ["x" * 256]),
        ("listen", ["tcp://\x00"]),
        ("offers", [f"role{i}" for i in range(65)]),
        ("agent", "a" * 65),
        ("agent", "\x07"),
        ("nonce", bytes(15)),
        ("nonce", bytes(17)),
        ("channels", [{**CHANNEL, "name": f"c{i}"} for i in range(MAX_CHANNELS + 1)]),
        ("channels", [CHANNEL, CHANNEL]),
    ],
)
def test_a_field_out_of_bounds_is_refused_by_its_name(field: str, value: object) -> None:
    with pytest.raises(msgspec.ValidationError, match=field):
        read(**{field: value})


@pytest.mark.parametrize("offers", [["Archive"], ["archive{"], ["a", "a{x=1}"], ["x" * 201]])
def test_offers_that_are_no_capabilities_are_refused(offers: list[str]) -> None:
    with pytest.raises(msgspec.ValidationError):
        read(offers=offers)
    with pytest.raises(ValueError, match=r"."):
        check_offers(offers)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "n" * 65),
        ("name", "a\tb"),
        ("types", [f"T{i}" for i in range(65)]),
        ("types", [""]),
        ("types", ["T" * 129]),
        ("types", ["Block", "Block"]),
        ("types", ["Bl\nock"]),
        ("schema", bytes(15)),
        ("messages", 0),
        ("messages", 2**32),
        ("bytes", 0),
        ("bytes", -5),
        ("max_message", 0),
        ("max_message", 16 * 1024 * 1024 + 1),
        ("priority", 0),
        ("priority", 256),
    ],
)
def test_a_channel_out_of_bounds_is_refused_by_its_field(field: str, value: object) -> None:
    with pytest.raises(msgspec.ValidationError, match=field):
        read_channel(**{field: value})


@pytest.mark.parametrize("field", sorted(CHANNEL))
def test_a_channel_without_a_field_is_refused_by_its_name(field: str) -> None:
    channel = {name: value for name, value in CHANNEL.items() if name != field}
    with pytest.raises(msgspec.ValidationError, match=f"`{field}`"):
        read(channels=[channel])


def test_our_own_hello_is_checked_when_it_is_made() -> None:
    fields = {**HELLO, "channels": (), "listen": (), "offers": ("Not A Role",)}
    with pytest.raises(ValueError, match="Not A Role"):
        Hello(**cast("dict[str, str]", fields))  # type: ignore[arg-type]  # the wrong value is the point


@pytest.mark.parametrize("authenticated", [BOB, None])
@pytest.mark.parametrize("expected", [BOB, None])
def test_a_peer_of_the_same_network_is_welcome(authenticated: str | None, expected: str | None) -> None:
    check(read(), network="demo", self_id=ALICE, incarnation=1, authenticated_id=authenticated, expected_id=expected)


@pytest.mark.parametrize(
    ("reason", "network", "self_id", "authenticated", "expected"),
    [
        ("network", "other", ALICE, BOB, BOB),
        ("self_dial", "demo", BOB, BOB, None),
        ("self_dial", "demo", BOB, None, CAROL),
        ("node_id", "demo", ALICE, CAROL, None),
        ("node_id", "demo", ALICE, BOB, CAROL),
        ("node_id", "demo", ALICE, None, CAROL),
        ("node_id", "demo", BOB, CAROL, None),
        ("node_id", "other", ALICE, CAROL, None),
    ],
)
def test_a_peer_that_does_not_fit_is_refused_with_a_reason(
    reason: str, network: str, self_id: str, authenticated: str | None, expected: str | None
) -> None:
    with pytest.raises(HandshakeFailed) as caught:
        check(
            read(),
            network=network,
            self_id=self_id,
            incarnation=1,
            authenticated_id=authenticated,
            expected_id=expected,
        )
    assert caught.value.reason == reason
    assert not caught.value.by_peer


def test_a_node_that_reaches_itself_is_told_from_another_process_with_its_identity() -> None:
    for proven, incarnation, failure in (
        (BOB, read().incarnation, HandshakeFailed),
        (None, read().incarnation + 1, HandshakeFailed),
        (BOB, read().incarnation + 1, IdentityInUse),
    ):
        with pytest.raises(HandshakeFailed) as caught:
            check(
                read(),
                network="demo",
                self_id=BOB,
                incarnation=incarnation,
                authenticated_id=proven,
                expected_id=None,
            )
        assert type(caught.value) is failure
        assert caught.value.reason == "self_dial"
        assert ("peerbus keygen" in str(caught.value)) is (failure is IdentityInUse)


def test_a_record_may_be_left_out_and_is_bounded() -> None:
    assert read().record == b""
    assert b"record" not in msgspec.msgpack.encode(read())
    assert read(record=bytes(RECORD_LIMIT)).record == bytes(RECORD_LIMIT)
    for wrong in (bytes(RECORD_LIMIT + 1), "text", None):
        with pytest.raises(msgspec.ValidationError, match="record"):
            read(record=wrong)


def test_features_are_words_that_may_be_left_out() -> None:
    assert read().features == ()
    assert read(features=["later", "other.2"]).features == ("later", "other.2")


@pytest.mark.parametrize(
    "value",
    [None, "later", [1], [""], ["Later"], ["a b"], ["x" * 33], ["twice", "twice"], [f"f{i}" for i in range(33)]],
    ids=repr,
)
def test_features_out_of_bounds_are_refused(value: object) -> None:
    with pytest.raises(msgspec.ValidationError, match="features"):
        read(features=value)
