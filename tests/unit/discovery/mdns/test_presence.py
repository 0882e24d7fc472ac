"""What a record says of where a node is comes back as those endpoints, whatever they are."""

from __future__ import annotations

import pytest

from peerbus.discovery.facts.events import Candidate
from peerbus.discovery.mdns.presence import Presence, presence_of, spoken_on, where_to_listen
from peerbus.discovery.mdns.service_record import Ignored, RawRecord, instance_name, read_record
from peerbus.discovery.records import LocalAddress
from peerbus.transports.streams import schemes
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.schemes import Scheme

NODE = "a" * 64
LAN, LINK6 = LocalAddress("192.168.1.7", 24, "eth0"), LocalAddress("fe80::7", 64, "eth0")
GLOBAL6, LO6 = LocalAddress("2001:db9::7", 64, "eth0"), LocalAddress("::1", 128, "lo")


def presence(*places: str) -> Presence | None:
    return presence_of(NODE, "test", ["archive"], map(Endpoint.parse, places), [LAN, LINK6])


def heard(said: Presence, zone: str = "eth1") -> Candidate | Ignored:
    addresses = [f"{a}%{zone}" if zone and a.startswith("fe80") else a for a in said.addresses]
    txt = {key.encode(): value.encode() for key, value in said.text.items()}
    raw = RawRecord(instance_name(NODE), said.port, addresses, txt, sum(len(k) + len(v) + 2 for k, v in txt.items()))
    return read_record(raw, self_id="b" * 64, network="test", loopback=False)


@pytest.mark.parametrize(
    "places",
    [
        ["tcp://192.168.1.7:7400"],
        ["tcp://192.168.1.7:7400", "tcp://[2001:db9::7]:7400"],
        ["tcp://192.168.1.7:7400", "tcp://10.1.0.7:7500"],
        ["tcp://node.example:443"],
        ["tcp://node.example:443", "tcp://192.168.1.7:7400"],
        [f"tcp://{'n' * 60}{n}.example:443" for n in range(8)],
    ],
)
def test_endpoints_arrive_as_they_were_told(places: list[str]) -> None:
    said = presence(*places)
    assert said is not None
    assert said.addresses, "without an address nobody finds the service"
    read = heard(said)
    assert isinstance(read, Candidate)
    assert [str(endpoint.without_peer()) for endpoint in read.endpoints] == places
    assert read.roles == ("archive",)


def test_a_link_local_address_is_dialed_on_the_link_where_it_was_heard() -> None:
    for places in (["tcp://[fe80::7]:7400"], ["tcp://[fe80::7]:7400", "tcp://192.168.1.7:7500"]):
        said = presence(*places)
        assert said is not None
        read = heard(said)
        assert isinstance(read, Candidate)
        assert str(read.endpoints[0].without_peer()) == "tcp://[fe80::7%eth1]:7400"
    said = presence("tcp://[fe80::7]:7400")
    assert said is not None
    assert heard(said, zone="") == Ignored("addresses")


@pytest.mark.parametrize("at", ["", "x", "10.0.0.1", "10.0.0.1:99999"])
def test_malformed_places_nominate_nobody(at: str) -> None:
    said = presence("tcp://192.168.1.7:7400")
    assert said is not None
    assert heard(Presence(said.port, said.addresses, {**said.text, "at": at})) == Ignored("addresses")


def test_nothing_to_dial_is_no_presence() -> None:
    assert presence() is None
    assert presence("unix:///run/a.sock") is None


def test_endpoints_of_other_schemes_stand_beside_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    known = dict(schemes._REGISTERED)
    monkeypatch.setattr(schemes, "_REGISTERED", {**known, "quic": Scheme.over_ip("quic")})
    for places in (
        ["quic://10.1.0.7:7500"],
        ["tcp://192.168.1.7:7400", "quic://10.1.0.7:7500", "quic://[2001:db9::7]:7500"],
        ["tcp://node.example:443", "quic://node.example:7500"],
    ):
        said = presence(
            *places, "quic://0.0.0.0:1", "unix:///run/a.sock", f"quic://{'n' * 63}.{'e' * 63}.{'w' * 63}.example:1"
        )
        assert said is not None
        assert said.addresses
        read = heard(said)
        assert isinstance(read, Candidate)
        assert [str(endpoint.without_peer()) for endpoint in read.endpoints] == places
        with monkeypatch.context() as older:
            older.setattr(schemes, "_REGISTERED", known)
            read = heard(said)
            ordinary = [place for place in places if place.startswith("tcp")]
            found = [str(one.without_peer()) for one in read.endpoints] if isinstance(read, Candidate) else []
            assert found == ordinary, "a scheme that is not known is left out, and takes nothing with it"
    said = presence("tcp://192.168.1.7:7400", "tcp://10.1.0.7:7500")
    assert said is not None
    wrong = Presence(said.port, said.addresses, {**said.text, "via": "quic://x y:1,tcp://:0"})
    assert heard(wrong) == Ignored("addresses")
    machine = Presence(said.port, said.addresses, {**said.text, "via": "unix:///run/a.sock,memory://a"})
    read = heard(machine)
    assert isinstance(read, Candidate)
    assert {one.scheme for one in read.endpoints} == {"tcp"}


def test_other_roles_are_offered_at_the_same_place() -> None:
    said = presence("tcp://node.example:443")
    assert said is not None
    again = said.offering(NODE, "test", ["index"])
    assert (again.text["at"], again.text["roles"]) == ("node.example:443", "index")


def test_one_address_of_each_interface_and_version_is_spoken_from_the_link_local_one_of_ipv6() -> None:
    second = LocalAddress("192.168.1.8", 24, "eth0")
    assert spoken_on([LO6, LAN, second, GLOBAL6, LINK6]) == ["192.168.1.7", "fe80::7"]
    assert spoken_on([GLOBAL6]) == ["2001:db9::7"]


@pytest.mark.parametrize(
    ("speaking", "said"),
    [
        ([LINK6, GLOBAL6, LO6], 'this machine has IPv6 addresses only: others dial a node with listen = ["tcp://[::]:'),
        ([LAN, LO6], 'others dial a node with listen = ["tcp://0.0.0.0:7400"]'),
        ([LAN, LINK6], 'others dial a node with listen = ["tcp://0.0.0.0:7400", "tcp://[::]:7400"]'),
        ([LO6], 'others dial a node with listen = ["tcp://0.0.0.0:7400"]'),
    ],
)
def test_a_node_that_only_looks_is_told_what_others_would_dial(speaking: list[LocalAddress], said: str) -> None:
    assert where_to_listen(speaking).startswith(said)
