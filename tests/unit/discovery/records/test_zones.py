"""A link-local address that others tell is dialed on the link where it was heard, or not at all."""

from __future__ import annotations

from peerbus.discovery.records.zones import can_reach, heard_at, share_a_place, zone_of
from peerbus.transports.streams.endpoint import Endpoint


def place(text: str) -> Endpoint:
    return Endpoint.parse(text)


LINK, LAN = place("tcp://[fe80::7]:7400"), place("tcp://192.168.1.7:7400")


def test_a_link_local_address_gets_the_zone_that_it_was_heard_on() -> None:
    assert heard_at([LAN, LINK], "eth0") == (LAN, place("tcp://[fe80::7%eth0]:7400"))


def test_without_a_zone_it_is_left_out() -> None:
    assert heard_at([LINK, LAN], "") == (LAN,)


def test_a_zone_that_another_machine_says_is_its_own() -> None:
    theirs = place("tcp://[fe80::7%enp9s0]:7400")
    assert heard_at([theirs], "eth0") == (place("tcp://[fe80::7%eth0]:7400"),)
    assert heard_at([theirs], "") == ()
    assert heard_at([place("tcp://[2001:db9::1%enp9s0]:1")], "eth0") == (place("tcp://[2001:db9::1]:1"),)


def test_other_places_are_as_they_are() -> None:
    others = (place("unix:///run/a.sock"), place("tcp://node.example:1"), place("memory://a"))
    assert heard_at(others, "eth0") == others


def test_one_link_is_not_another_though_its_addresses_look_alike() -> None:
    asker, reached = place("tcp://[fe80::c%eth1]:40000"), place("tcp://[fe80::7%eth0]:7400")
    assert not can_reach(asker, [LINK], [reached])
    assert not can_reach(asker, [LINK], ["fe80::7", None, ""])
    assert can_reach(asker, [LINK], [reached, "fe80::7%eth1"])
    assert can_reach(asker, [LINK, LAN], [reached])
    assert not can_reach(place("tcp://192.168.1.9:40000"), [LINK], [reached])
    assert not can_reach(place("tcp://127.0.0.1:40000"), [LINK], [reached])


def test_a_place_is_one_with_and_without_its_zone() -> None:
    zoned = place("tcp://[fe80::7%eth0]:7400")
    assert (zone_of(zoned), zone_of(LINK), zone_of(LAN)) == ("eth0", "", "")
    assert share_a_place([LAN, LINK], [zoned])
    assert share_a_place([LAN], [LAN.with_peer("a" * 64)])
    assert not share_a_place([LINK], [place("tcp://[fe80::7%eth0]:7401")])
    assert not share_a_place([LAN], [zoned])
