"""Others are told where this node can be reached from where they are, and of no address that is not listened at."""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from peerbus.discovery.records.address_filter import AddressFilter
from peerbus.discovery.records.interfaces import LocalAddress
from peerbus.discovery.records.own_endpoints import EVERYBODY, Hearers, nearest_first, own_endpoints
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.scope import Scope

NODE = "a" * 64
LOOPBACK = [LocalAddress("127.0.0.1", 8, "lo"), LocalAddress("::1", 128, "lo")]
LAN = LocalAddress("192.168.1.7", 24, "eth0")
GLOBAL6 = LocalAddress("2001:db9::7", 64, "eth0")
LINK6 = LocalAddress("fe80::7", 64, "eth0")
WIFI, WIFI6 = LocalAddress("10.1.0.7", 16, "wlan0"), LocalAddress("fe80::8", 64, "wlan0")
BRIDGES = [LocalAddress(f"172.{17 + n}.0.1", 16, f"br-{n:012x}") for n in range(9)]
ALL4, ALL6 = "tcp://0.0.0.0:7400", "tcp://[::]:7400"


def place(text: str) -> Endpoint:
    return Endpoint.parse(text)


def told(
    *listening: str,
    here: list[LocalAddress],
    advertise: tuple[str, ...] = (),
    hearers: Hearers = EVERYBODY,
) -> list[str]:
    said = [place(one) if "://" in one else AddressFilter(one) for one in advertise]
    return [str(one) for one in own_endpoints(map(place, listening), here, said, hearers)]


def test_what_the_operator_says_stands_in_place_of_what_is_listened_at() -> None:
    said = "tcp://node.example:7400"
    assert told("tcp://192.168.1.7:1", here=[LAN], advertise=(said,)) == [said]
    assert told(ALL4, here=[LAN], advertise=(said,), hearers=Hearers.on([LAN])) == [said]


def test_an_address_that_is_listened_at_is_told_without_the_id_and_also_where_no_addresses_are_known() -> None:
    assert told(f"tcp://{NODE}@10.0.0.1:7400", here=[]) == ["tcp://10.0.0.1:7400"]
    assert told(ALL4, here=[]) == []


def test_a_listener_on_every_address_of_a_version_stands_for_those_of_that_version() -> None:
    here = [*LOOPBACK, LAN, GLOBAL6]
    assert told(ALL4, here=here) == ["tcp://192.168.1.7:7400"]
    assert told(ALL6, here=here) == ["tcp://[2001:db9::7]:7400"]
    assert sorted(told(ALL4, ALL6, here=here)) == ["tcp://192.168.1.7:7400", "tcp://[2001:db9::7]:7400"]


def test_each_listener_keeps_its_own_port() -> None:
    here = [*LOOPBACK, LAN, WIFI]
    assert told("tcp://192.168.1.7:1", "tcp://10.1.0.7:2", here=here) == ["tcp://192.168.1.7:1", "tcp://10.1.0.7:2"]


def test_a_loopback_listener_is_told_to_this_machine_only() -> None:
    here = [*LOOPBACK, LAN]
    assert told("tcp://127.0.0.1:1", here=here, hearers=Hearers.on([LAN])) == []
    assert told("tcp://127.0.0.1:1", ALL4, here=here, hearers=Hearers.on([LAN])) == ["tcp://192.168.1.7:7400"]
    assert told("tcp://127.0.0.1:1", here=here, hearers=Hearers.on(LOOPBACK)) == ["tcp://127.0.0.1:1"]
    assert told("tcp://127.0.0.1:1", ALL4, here=here) == ["tcp://192.168.1.7:7400", "tcp://127.0.0.1:1"]
    assert told(ALL4, here=LOOPBACK, hearers=Hearers.on(LOOPBACK)) == ["tcp://127.0.0.1:7400"]


def test_bridges_of_containers_never_push_the_lan_out() -> None:
    assert told(ALL4, here=[*LOOPBACK, *BRIDGES, LAN])[0] == "tcp://192.168.1.7:7400"
    in_a_container = Hearers.at(place("tcp://172.20.0.5:50000"), [*BRIDGES, LAN])
    assert told(ALL4, here=[*BRIDGES, LAN], hearers=in_a_container)[0] == "tcp://172.20.0.1:7400"


def test_many_addresses_of_one_interface_do_not_push_out_another() -> None:
    many = [LocalAddress(f"2001:db9::{n}", 64, "eth0") for n in range(1, 12)]
    first = told(ALL4, ALL6, here=[*many, WIFI])[:2]
    assert sorted(first) == ["tcp://10.1.0.7:7400", "tcp://[2001:db9::1]:7400"]


def test_whoever_is_in_a_subnet_of_this_machine_hears_of_that_first() -> None:
    here = [LAN, WIFI]
    hearer = Hearers.at(place("tcp://10.1.9.9:50000"), here)
    assert told(ALL4, here=here, hearers=hearer) == ["tcp://10.1.0.7:7400", "tcp://192.168.1.7:7400"]


def test_whoever_is_outside_hears_of_nothing_inside() -> None:
    hearer = Hearers.at(place("tcp://203.0.114.5:50000"), [LAN])
    assert told(ALL4, ALL6, here=[LAN, GLOBAL6], hearers=hearer) == ["tcp://[2001:db9::7]:7400"]


def test_link_local_addresses_are_told_without_a_zone_where_the_link_is_known_or_nothing_else_is_there() -> None:
    assert told(ALL6, here=[*LOOPBACK, LINK6]) == ["tcp://[fe80::7]:7400"]
    assert told(ALL6, here=[LINK6, GLOBAL6]) == ["tcp://[2001:db9::7]:7400"]
    assert told("tcp://[fe80::7%eth0]:1", here=[LINK6]) == ["tcp://[fe80::7]:1"]
    here = [LINK6, GLOBAL6, WIFI6]
    over_the_link = Hearers.at(place("tcp://[fe80::99%wlan0]:50000"), here)
    assert "tcp://[fe80::8]:7400" in told(ALL6, here=here, hearers=over_the_link)
    assert "tcp://[fe80::7]:7400" not in told(ALL6, here=here, hearers=over_the_link)
    assert told(ALL6, here=here, hearers=Hearers.on([LINK6, GLOBAL6])) == [
        "tcp://[2001:db9::7]:7400",
        "tcp://[fe80::7]:7400",
    ]


def test_an_address_that_the_machine_has_no_more_is_not_told() -> None:
    assert told("tcp://192.168.1.7:7400", here=[*LOOPBACK, WIFI]) == []
    assert told("tcp://127.0.0.2:7400", here=LOOPBACK) == ["tcp://127.0.0.2:7400"]


def test_filters_choose_among_the_addresses_beside_what_is_written() -> None:
    here = [*LOOPBACK, LAN, WIFI, *BRIDGES]
    assert told(ALL4, here=here, advertise=("eth*",)) == ["tcp://192.168.1.7:7400"]
    assert told(ALL4, here=here, advertise=("10.0.0.0/8",)) == ["tcp://10.1.0.7:7400"]
    assert told(ALL4, here=here, advertise=("!br-*", "!wlan0")) == ["tcp://192.168.1.7:7400"]
    said = "tcp://node.example:443"
    assert told(ALL4, here=here, advertise=(said, "eth0")) == [said, "tcp://192.168.1.7:7400"]


def test_of_what_others_tell_the_own_subnet_is_first() -> None:
    far, near = place("tcp://172.17.0.1:1"), place("tcp://192.168.1.9:1")
    assert nearest_first([far, near], [LAN]) == (near, far)


HOSTS = st.sampled_from([*LOOPBACK, LAN, GLOBAL6, LINK6, WIFI, WIFI6, *BRIDGES])
PLACES = st.sampled_from([ALL4, ALL6, "tcp://127.0.0.1:1", "tcp://192.168.1.7:2", "tcp://10.1.0.7:3", "unix:///run/a"])


@given(st.lists(PLACES, unique=True), st.lists(HOSTS, unique=True), st.sampled_from([None, *Scope]))
def test_told_is_only_what_listens_and_what_can_be_reached_from_there(
    listening: list[str], here: list[LocalAddress], scope: Scope | None
) -> None:
    found = own_endpoints(map(place, listening), here, (), Hearers(scope))
    assert len(set(found)) == len(found)
    for one in found:
        assert scope is None or one.usable(scope)
        assert "%" not in one.host
        if one.scheme == "unix" or str(one) in listening:
            continue
        every = ALL4 if ipaddress.ip_address(one.host).version == 4 else ALL6
        assert every in listening
        assert one.port == place(every).port
        assert one.host in {address.host for address in here}
