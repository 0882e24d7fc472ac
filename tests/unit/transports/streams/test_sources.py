"""What one owner of addresses can choose is one source."""

from __future__ import annotations

from peerbus.transports.streams.sources import source_of


def test_an_ipv4_address_is_a_source_however_it_is_written() -> None:
    assert source_of("10.0.0.1") == source_of("::ffff:10.0.0.1") != source_of("10.0.0.2")


def test_a_64_of_ipv6_is_one_source() -> None:
    assert source_of("2001:db8:1:2::1") == source_of("2001:db8:1:2:ffff::2") != source_of("2001:db8:1:3::1")
    assert source_of("fe80::1%eth0") == source_of("fe80::2%eth1")


def test_what_is_no_address_stands_for_itself() -> None:
    assert source_of("caller 7") == "caller 7"
    assert source_of("a:b") == "a:b"
