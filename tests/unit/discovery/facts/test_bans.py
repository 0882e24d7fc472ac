"""Bans by node and by network."""

from __future__ import annotations

import ipaddress
import math

import pytest

from peerbus.discovery.facts.bans import MAX_BANS, Ban, Bans, ban_target

NODE = "a" * 64


def test_a_ban_of_a_node_holds_until_its_end() -> None:
    bans = Bans()
    bans.add(Ban(NODE, 10.0, "operator"), 0.0)
    assert bans.of(NODE, None, 9.9) == Ban(NODE, 10.0, "operator")
    assert bans.of(NODE, "10.0.0.1", 10.0) is None
    assert bans.of("b" * 64, "10.0.0.1", 0.0) is None
    assert bans.of(None, None, 0.0) is None


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("10.1.0.0/16", "10.1.200.3", "10.2.0.1"),
        ("192.168.1.7", "192.168.1.7", "192.168.1.8"),
        ("2001:db8::/32", "2001:db8:1::5", "2001:db9::5"),
        ("10.1.0.0/16", "::ffff:10.1.0.9", "::ffff:10.9.0.9"),
        ("fe80::/10", "fe80::1%eth0", "::1"),
        ("fe80::1%eth0", "fe80::1%eth0", "fe80::2%eth0"),
        ("::ffff:10.1.0.0/112", "10.1.200.3", "10.2.0.1"),
        ("::ffff:192.168.1.7", "192.168.1.7", "192.168.1.8"),
    ],
)
def test_a_ban_of_a_network_holds_for_every_address_in_it(network: str, inside: str, outside: str) -> None:
    bans = Bans()
    bans.add(Ban(ban_target(network), math.inf, "operator"), 0.0)
    assert bans.of(NODE, inside, 1e9) is not None
    assert bans.of(NODE, outside, 0.0) is None
    assert bans.of(NODE, "a.name", 0.0) is None


def test_a_second_ban_of_the_same_target_takes_the_place_of_the_first_and_can_be_lifted_once() -> None:
    bans = Bans()
    target = ban_target("10.0.0.0/8")
    bans.add(Ban(target, 10.0, "first"), 0.0)
    bans.add(Ban(target, 20.0, "second"), 0.0)
    assert [ban.reason for ban in bans] == ["second"]
    assert bans.lift(target)
    assert not bans.lift(target)
    assert bans.of(None, "10.0.0.1", 0.0) is None


def test_what_has_ended_is_dropped_and_named() -> None:
    bans = Bans()
    bans.add(Ban(NODE, 10.0, "a"), 0.0)
    bans.add(Ban(ban_target("10.0.0.0/8"), 20.0, "b"), 0.0)
    assert bans.next_end() == 10.0
    assert bans.expire(15.0) == (NODE,)
    assert len(bans) == 1
    assert bans.next_end() == 20.0


def test_a_full_list_of_automatic_bans_gives_up_the_one_that_ends_first() -> None:
    bans = Bans()
    for number in range(MAX_BANS):
        bans.add(Ban(f"{number:064x}", 1000.0 + number, "forged_record", automatic=True), 0.0)
    made_room = bans.add(Ban(NODE, 5000.0, "forged_record", automatic=True), 0.0)
    assert made_room == (f"{0:064x}",)
    assert len(bans) == MAX_BANS


def test_no_number_of_automatic_bans_pushes_out_one_of_the_operators() -> None:
    bans = Bans()
    bans.add(Ban(NODE, 10.0, "operator"), 0.0)
    for number in range(MAX_BANS + 10):
        bans.add(Ban(f"{number:064x}", 1e6, "forged_record", automatic=True), 0.0)
    assert bans.of(NODE, None, 1.0) == Ban(NODE, 10.0, "operator")
    assert bans.has(NODE)
    assert not bans.has(f"{20:064x}")


def test_no_number_of_the_operators_bans_pushes_out_an_automatic_one_and_there_is_an_end_of_them() -> None:
    bans = Bans()
    bans.add(Ban(NODE, 10.0, "forged_record", automatic=True), 0.0)
    for number in range(MAX_BANS):
        bans.add(Ban(ipaddress.ip_network(number), math.inf, "operator"), 0.0)
    assert bans.is_full
    assert bans.of(NODE, None, 1.0) is not None
    with pytest.raises(ValueError, match="stand already"):
        bans.add(Ban(NODE, math.inf, "operator"), 0.0)


def test_a_target_has_one_ban_and_the_operators_word_counts() -> None:
    bans = Bans()
    bans.add(Ban(NODE, 10.0, "forged_record", automatic=True), 0.0)
    bans.add(Ban(NODE, 20.0, "operator"), 0.0)
    bans.add(Ban(NODE, 99.0, "forged_record", automatic=True), 0.0)
    assert [*bans] == [Ban(NODE, 20.0, "operator")]
    assert bans.lift(NODE)
    assert len(bans) == 0


@pytest.mark.parametrize("text", ["", "A" * 64, "a" * 63, "10.0.0.256", "example.org", "10.0.0.0/33"])
def test_a_target_that_is_neither_node_nor_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no node id"):
        ban_target(text)
