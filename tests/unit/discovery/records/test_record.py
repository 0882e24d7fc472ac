"""Signed peer records: what is read from them, and every way in which one is refused."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors import Capability
from peerbus.discovery.records.record import (
    DOMAIN,
    MAX_LIFETIME,
    MAX_SEQUENCE,
    MAX_SKEW,
    RECORD_LIMIT,
    PeerRecord,
    RecordRefused,
    read_record,
    sign_record,
)
from peerbus.transports import Endpoint, Identity

ALICE, MALLORY = Identity.from_seed(b"a" * 32), Identity.from_seed(b"m" * 32)
NOW = 1_800_000_000
HOUR = 3600


def record(identity: Identity = ALICE, **changes: object) -> PeerRecord:
    fields: dict[str, object] = {
        "network": "demo",
        "sequence": 7,
        "expires": NOW + HOUR,
        "endpoints": (Endpoint.parse("tcp://192.168.1.7:7400"), Endpoint.parse("tcp://[fd99::1]:7400")),
        "offers": (Capability.parse("index"), Capability.parse("archive{from=1000}")),
    }
    return sign_record(identity, **{**fields, **changes})  # type: ignore[arg-type]  # fields by name


def sealed(body: object, identity: Identity = ALICE, domain: bytes = DOMAIN) -> bytes:
    """A record with any body, rightly signed."""
    encoded = body if isinstance(body, bytes) else msgspec.msgpack.encode(body)
    return msgspec.msgpack.encode([identity.public_key_der, encoded, identity.sign(domain + encoded)])


def body(**changes: object) -> list[object]:
    fields: dict[str, object] = {
        "network": "demo",
        "sequence": 7,
        "expires": NOW + HOUR,
        "private": False,
        "endpoints": ["tcp://192.168.1.7:7400"],
        "offers": ["archive"],
    }
    return list({**fields, **changes}.values())


def refused(data: bytes, *, now: float = NOW, known: PeerRecord | None = None) -> str:
    read = read_record(data, network="demo", now=now, known=lambda _: known)
    assert isinstance(read, RecordRefused), read
    return read.reason


def test_a_record_is_read_as_it_was_signed() -> None:
    signed = record(private=True)
    read = read_record(signed.data, network="demo", now=NOW)
    assert read == signed
    assert signed.node_id == ALICE.node_id
    assert signed.private
    assert signed.roles == ("archive", "index")
    assert [str(endpoint) for endpoint in signed.endpoints] == ["tcp://192.168.1.7:7400", "tcp://[fd99::1]:7400"]


def test_the_helper_of_these_tests_makes_what_is_accepted() -> None:
    assert isinstance(read_record(sealed(body()), network="demo", now=NOW), PeerRecord)


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=64),
    st.integers(0, MAX_SEQUENCE),
    st.booleans(),
    st.lists(st.integers(1, 65_535), max_size=8, unique=True),
    st.sets(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,7}", fullmatch=True), max_size=8),
)
def test_whatever_a_node_may_say_travels(
    network: str, sequence: int, private: bool, ports: list[int], roles: set[str]
) -> None:
    signed = sign_record(
        ALICE,
        network=network,
        sequence=sequence,
        expires=NOW,
        private=private,
        endpoints=[Endpoint("tcp", "10.0.0.1", port) for port in ports],
        offers=[Capability(role) for role in roles],
    )
    assert read_record(signed.data, network=network, now=NOW) == signed


@given(st.binary(max_size=RECORD_LIMIT + 64))
def test_bytes_of_strangers_raise_nothing(data: bytes) -> None:
    assert isinstance(read_record(data, network="demo", now=NOW), RecordRefused)


@given(st.data())
def test_no_record_survives_the_change_of_a_single_bit(data: st.DataObject) -> None:
    original = record().data
    at = data.draw(st.integers(0, len(original) * 8 - 1))
    changed = bytearray(original)
    changed[at // 8] ^= 1 << at % 8
    assert isinstance(read_record(bytes(changed), network="demo", now=NOW), RecordRefused)


@given(st.data())
def test_no_record_survives_being_cut(data: st.DataObject) -> None:
    original = record().data
    assert refused(original[: data.draw(st.integers(0, len(original) - 1))]) == "malformed"


def test_a_record_signed_by_another_key_is_forged() -> None:
    key, content, _ = msgspec.msgpack.decode(record().data)
    assert refused(msgspec.msgpack.encode([key, content, MALLORY.sign(DOMAIN + content)])) == "forged"


def test_a_signature_made_for_something_else_is_forged() -> None:
    assert refused(sealed(body(), domain=b"")) == "forged"
    assert refused(sealed(body(), domain=b"peerbus other thing v1\0")) == "forged"


def test_another_key_makes_another_node_of_the_same_words() -> None:
    mine = record(MALLORY)
    assert mine.node_id == MALLORY.node_id != record().node_id


def test_a_key_that_is_not_ed25519_is_forged() -> None:
    content = msgspec.msgpack.encode(body())
    assert refused(msgspec.msgpack.encode([bytes(44), content, bytes(64)])) == "forged"


@pytest.mark.parametrize("extra", [1, RECORD_LIMIT])
def test_a_record_that_is_too_large_is_refused_before_it_is_read(extra: int) -> None:
    assert refused(bytes(RECORD_LIMIT + extra)) == "too_large"


def test_a_record_of_another_network_is_refused() -> None:
    assert refused(record(network="other").data) == "foreign_network"


def test_a_record_expires_and_clocks_may_differ_a_little() -> None:
    data = record(expires=NOW).data
    assert isinstance(read_record(data, network="demo", now=NOW + MAX_SKEW), PeerRecord)
    assert refused(data, now=NOW + MAX_SKEW + 1) == "expired"


def test_a_record_may_not_be_good_for_ages() -> None:
    data = record(expires=int(NOW + MAX_LIFETIME + MAX_SKEW)).data
    assert isinstance(read_record(data, network="demo", now=NOW), PeerRecord)
    assert refused(data, now=NOW - 1) == "too_far"


def test_only_a_newer_record_replaces_one() -> None:
    known = record(sequence=7)
    assert refused(record(sequence=6).data, known=known) == "stale"
    assert refused(known.data, known=known) == "known"
    assert refused(record(sequence=7, private=True).data, known=known) == "conflict"
    assert isinstance(read_record(record(sequence=8).data, network="demo", now=NOW, known=lambda _: known), PeerRecord)


def test_whom_a_refused_record_claims_to_be_of_is_told() -> None:
    read = read_record(record(network="other").data, network="demo", now=NOW)
    assert isinstance(read, RecordRefused)
    assert read.node_id == ALICE.node_id


@pytest.mark.parametrize(
    "changes",
    [
        {"network": ""},
        {"sequence": -1},
        {"sequence": 1.5},
        {"sequence": True},
        {"expires": "soon"},
        {"private": 1},
        {"endpoints": ["tcp://10.0.0.1"]},
        {"endpoints": ["10.0.0.1:1"]},
        {"endpoints": ["HTTP://10.0.0.1:1"]},
        {"endpoints": ["http://"]},
        {"endpoints": ["http://10.0.0.1 1"]},
        {"endpoints": ["http://10.0.0.1\n"]},
        {"endpoints": [f"{'h' * 33}://10.0.0.1:1"]},
        {"endpoints": ["TCP://10.0.0.1:1"]},
        {"endpoints": [f"tcp://{'a' * 64}@10.0.0.1:1"]},
        {"endpoints": ["tcp://010.0.0.1:1"]},
        {"offers": ["Archive"]},
        {"offers": ["index", "archive"]},
        {"offers": ["archive", "archive"]},
        {"offers": ["archive{b=1,a=2}"]},
        {"offers": ["archive{}"]},
    ],
    ids=repr,
)
def test_a_body_that_breaks_a_rule_is_malformed_however_well_it_is_signed(changes: dict[str, object]) -> None:
    assert refused(sealed(body(**changes))) == "malformed"


@pytest.mark.parametrize(
    "changes",
    [
        {"sequence": MAX_SEQUENCE + 1},
        {"expires": MAX_SEQUENCE + 1},
        {"endpoints": [f"tcp://10.0.0.1:{port}" for port in range(1, 10)]},
        {"endpoints": ["x" * 256]},
        {"offers": [f"role{number}" for number in range(65)]},
        {"offers": ["x" * 256]},
        {"later": 1},
        {"later": 1, "offers": ["of a later grammar"]},
    ],
    ids=repr,
)
def test_what_says_more_than_this_version_reads_is_of_a_later_one_where_its_owner_has_signed_it(
    changes: dict[str, object],
) -> None:
    data = sealed(body(**changes))
    read = read_record(data, network="demo", now=NOW)
    assert isinstance(read, RecordRefused)
    assert (read.reason, read.node_id) == ("later", ALICE.node_id)
    assert refused(sealed(body(**changes), domain=b"")) == "forged"
    assert refused(sealed(body(**{**changes, "network": "n" * 65}))) == "foreign_network"
    assert refused(sealed(body(**{**changes, "private": 1}))) == "malformed"


def test_a_record_has_one_form_only() -> None:
    content = msgspec.msgpack.encode(body())
    longer = content.replace(b"\x07", b"\xcd\x00\x07", 1)  # the sequence number 7 in three bytes
    assert msgspec.msgpack.decode(longer) == body()
    assert refused(sealed(longer)) == "malformed"
    assert refused(sealed(content + b"\xc0")) == "malformed"
    assert refused(sealed(body()) + b"\xc0") == "malformed"
    assert refused(msgspec.msgpack.encode([*msgspec.msgpack.decode(sealed(body())), 1])) == "malformed"


@pytest.mark.parametrize(
    "changes", [{"network": ""}, {"sequence": -1}, {"offers": [Capability("a"), Capability("a")]}], ids=repr
)
def test_a_record_that_nobody_would_take_is_not_signed(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a peer record"):
        record(ALICE, **changes)


def test_an_endpoint_of_an_unknown_scheme_is_kept_as_text_and_passed_on() -> None:
    texts = ["quic://10.0.0.1:7400", "tcp://10.0.0.1:7400", "nats+tls://hub.example/demo?x=1"]
    data = sealed(body(endpoints=texts))
    read = read_record(data, network="demo", now=NOW)
    assert isinstance(read, PeerRecord)
    assert read.endpoints == (Endpoint.parse("tcp://10.0.0.1:7400"),)
    assert read.foreign == ("quic://10.0.0.1:7400", "nats+tls://hub.example/demo?x=1")
    assert read.data == data


def test_a_record_names_the_machine_that_a_connection_came_from_by_any_scheme() -> None:
    read = read_record(sealed(body(endpoints=["tcp://10.0.0.1:7400", "quic://[fd99::1]:1"])), network="demo", now=NOW)
    assert isinstance(read, PeerRecord)
    for place in ("tcp://10.0.0.1:40000", "tcp://[fd99::1]:40000", "unix:///run/bus"):
        assert read.names(Endpoint.parse(place))
    assert not read.names(Endpoint.parse("tcp://10.0.0.2:7400"))
