"""Addresses that one owner can have in any number are one crowd."""

from __future__ import annotations

from peerbus.discovery.mind.crowds import crowd_of, network_of


def test_one_address_is_a_crowd_and_of_ipv6_a_64() -> None:
    assert crowd_of("10.0.0.1") == crowd_of("::ffff:10.0.0.1") != crowd_of("10.0.0.2")
    assert crowd_of("2001:db8:1:2::1") == crowd_of("2001:db8:1:2::2%eth0") != crowd_of("2001:db8:1:3::1")


def test_a_stream_within_the_process_comes_from_no_address_and_a_name_stands_for_itself() -> None:
    assert (crowd_of(None), crowd_of(""), crowd_of("example.org")) == ("", "", "example.org")


def test_a_network_is_a_16_of_ipv4_and_a_32_of_ipv6_but_for_this_machine() -> None:
    assert network_of("10.1.2.3") == "10.1.0.0/16"
    assert network_of("2001:db8:1::1") == "2001:db8::/32"
    assert [network_of(host) for host in ("127.0.0.1", "::1", None, "name")] == [None] * 4
