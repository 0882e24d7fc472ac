"""A node's mDNS record: what goes out, and what of strangers' records is believed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.discovery.facts.events import Candidate
from peerbus.discovery.mdns.service_record import MAX_TXT, Ignored, RawRecord, instance_name, read_record, text_of
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.scope import Scope

SELF, PEER = "5" * 64, "a1" * 32


def raw(**changes: object) -> RawRecord:
    fields: dict[str, object] = {
        "name": instance_name(PEER),
        "port": 7400,
        "addresses": ["10.0.0.7"],
        "txt": _bytes(text_of(PEER, "test", ["archive"])),
        "txt_size": 100,
    }
    return RawRecord(**(fields | changes))  # type: ignore[arg-type]  # built field by field


def with_text(**changes: str) -> RawRecord:
    return raw(txt=_bytes(text_of(PEER, "test", ["archive"]) | changes))


def read(record: RawRecord, *, loopback: bool = False) -> Candidate | Ignored:
    return read_record(record, self_id=SELF, network="test", loopback=loopback)


def _bytes(text: Mapping[str, str]) -> dict[bytes, bytes | None]:
    return {key.encode(): value.encode() for key, value in text.items()}


def test_what_one_node_writes_another_reads() -> None:
    at = Endpoint("tcp", host="10.0.0.7", port=7400, peer_id=PEER)
    assert read(raw()) == Candidate(PEER, (at,), ("archive",), "mdns", way=Scope.LINK)


def test_the_strings_are_those_of_the_documentation() -> None:
    assert text_of(PEER, "test", ["b", "a", "b"]) == {"v": "1", "id": PEER, "net": "test", "roles": "a,b"}
    assert "roles" not in text_of(PEER, "test", [])
    assert instance_name(PEER) == "a1a1a1a1a1a1a1a1a1a1._peerbus._tcp.local."


@given(
    st.sets(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,62}", fullmatch=True), max_size=60), st.text(min_size=1, max_size=16)
)
def test_roles_that_fit_arrive_and_a_record_keeps_its_limits(roles: set[str], network: str) -> None:
    text = text_of(PEER, network, roles)
    assert all(len(f"{key}={value}".encode()) <= 255 for key, value in text.items())
    size = sum(1 + len(f"{key}={value}".encode()) for key, value in text.items())
    assert size <= MAX_TXT
    record = raw(txt=_bytes(text), txt_size=size)
    candidate = read_record(record, self_id=SELF, network=network, loopback=False)
    assert isinstance(candidate, Candidate)
    arrived = set(candidate.roles)
    assert arrived <= roles
    assert ("roles-cut" in text) == (arrived != roles)


def test_roles_that_do_not_fit_are_left_out_and_the_record_says_so() -> None:
    roles = [f"role-{number:03}-{'x' * 50}" for number in range(40)]
    text = text_of(PEER, "test", roles)
    assert text["roles-cut"] == "1"
    assert {"roles", "roles2", "roles3", "roles4"} <= set(text)
    candidate = read(raw(txt=_bytes(text)))
    assert isinstance(candidate, Candidate)
    assert list(candidate.roles) == roles[: len(candidate.roles)]
    assert len(candidate.roles) >= 18


@pytest.mark.parametrize(
    ("node_id", "network", "roles"),
    [("A" * 64, "test", []), (PEER, "", []), (PEER, "n" * 65, []), (PEER, "test", ["No Role"])],
)
def test_what_cannot_be_written_is_refused(node_id: str, network: str, roles: list[str]) -> None:
    with pytest.raises(ValueError, match=r"node id|network name|role name"):
        text_of(node_id, network, roles)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (raw(txt_size=1301), "size"),
        (with_text(v="2"), "version"),
        (raw(txt={}), "version"),
        (raw(txt={b"v": b"1"}), "id"),
        (with_text(id="A1" * 32), "id"),
        (with_text(id=PEER[:-1]), "id"),
        (with_text(id="\N{FULLWIDTH DIGIT ONE}" * 64), "id"),
        (with_text(id="b" * 64), "name"),
        (raw(name="printer._peerbus._tcp.local."), "name"),
        (with_text(net="other"), "network"),
        (with_text(net=""), "network"),
        (raw(name=instance_name(SELF), txt=_bytes(text_of(SELF, "test", []))), "self"),
        (raw(port=None), "port"),
        (raw(port=0), "port"),
        (raw(port=65536), "port"),
        (raw(addresses=[]), "addresses"),
        (raw(addresses=["0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "nonsense"]), "addresses"),  # noqa: S104
        (raw(addresses=["127.0.0.1"]), "addresses"),
    ],
)
def test_a_record_that_lies_in_one_field_nominates_nobody(record: RawRecord, reason: str) -> None:
    assert read(record) == Ignored(reason)


@pytest.mark.parametrize(
    ("said", "roles"),
    [
        ("Archive", ()),
        ("archive,", ("archive",)),
        ("archive,of a later grammar[1],archive{a=b,index", ("archive", "index")),
        (",".join(f"r{n}" for n in range(300)), tuple(f"r{n}" for n in range(256))),
    ],
)
def test_roles_that_cannot_be_read_are_left_out_and_the_node_is_found(said: str, roles: tuple[str, ...]) -> None:
    found = read(with_text(roles=said))
    assert isinstance(found, Candidate)
    assert found.roles == roles


def test_of_many_addresses_the_first_count() -> None:
    hosts = [f"10.0.0.{n}" for n in range(1, 20)]
    at = {"at": ",".join(f"{host}:7400" for host in hosts)}
    for record in (raw(addresses=hosts), raw(txt=_bytes(text_of(PEER, "test", []) | at))):
        found = read(record)
        assert isinstance(found, Candidate)
        assert [endpoint.host for endpoint in found.endpoints] == hosts[:8]


def test_loopback_addresses_count_only_for_a_node_that_is_on_loopback_itself() -> None:
    both = raw(addresses=["127.0.0.1", "10.0.0.7"])
    outside, here = read(both), read(both, loopback=True)
    assert isinstance(outside, Candidate)
    assert isinstance(here, Candidate)
    assert [e.host for e in outside.endpoints] == ["10.0.0.7"]
    assert [e.host for e in here.endpoints] == ["127.0.0.1", "10.0.0.7"]


@pytest.mark.parametrize(
    ("heard_from", "hosts"),
    [
        ("", ["127.0.0.1", "10.0.0.7"]),
        ("127.0.0.1", ["127.0.0.1", "10.0.0.7"]),
        ("192.168.1.5", ["10.0.0.7"]),
        ("fe80::/64", ["10.0.0.7"]),
    ],
)
def test_who_is_on_the_lan_names_no_place_of_this_machine(heard_from: str, hosts: list[str]) -> None:
    for record in (
        raw(addresses=["127.0.0.1", "10.0.0.7"], heard_from=heard_from),
        raw(txt=_bytes(text_of(PEER, "test", []) | {"at": "127.0.0.1:6379,10.0.0.7:7400"}), heard_from=heard_from),
    ):
        found = read(record, loopback=True)
        assert isinstance(found, Candidate)
        assert [endpoint.host for endpoint in found.endpoints] == hosts


def test_keys_have_no_case_and_unknown_ones_are_ignored() -> None:
    text = {key.upper(): value for key, value in text_of(PEER, "test", ["a"]).items()}
    assert isinstance(read(raw(txt=_bytes(text | {"future": "thing"}))), Candidate)


@given(
    st.dictionaries(
        st.sampled_from([b"v", b"id", b"net", b"roles", b"roles2"]) | st.binary(max_size=8),
        st.none() | st.sampled_from([b"1", PEER.encode(), b"test"]) | st.binary(max_size=80),
    ),
    st.text(max_size=60),
    st.lists(st.text(max_size=40) | st.ip_addresses().map(str), max_size=10),
)
def test_no_record_from_the_network_raises(txt: dict[bytes, bytes | None], name: str, addresses: list[str]) -> None:
    for instance in (name, instance_name(PEER)):
        read(raw(name=instance, txt=txt, addresses=addresses), loopback=True)
    read(raw(addresses=addresses), loopback=True)
