"""This node's own record: its numbers grow, it is renewed in time, and it always fits."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors import Capability, ConfigError
from peerbus.discovery.records.interfaces import LocalAddress, local_addresses
from peerbus.discovery.records.own_endpoints import own_endpoints
from peerbus.discovery.records.own_record import (
    LIFETIME,
    MAX_OFFERS,
    MAX_OFFERS_BYTES,
    OwnRecord,
    check_offers_fit,
)
from peerbus.discovery.records.record import PeerRecord, read_record
from peerbus.transports import Endpoint, Identity

ALICE = Identity.from_seed(b"a" * 32)
NOW = 1_800_000_000.0
HERE = Endpoint.parse("tcp://10.0.0.1:7400")


def own(**options: object) -> OwnRecord:
    return OwnRecord(ALICE, "demo", Random(1), **options)  # type: ignore[arg-type]  # options by name


@given(st.lists(st.floats(-10.0, 10.0), max_size=20))
def test_the_number_grows_whatever_the_clock_does(steps: list[float]) -> None:
    mine, now, last = own(), NOW, -1
    for step in steps:
        now += step
        signed = mine.sign([HERE], [], now)
        assert signed.sequence > last
        last = signed.sequence


def test_the_number_grows_over_a_restart() -> None:
    first, second = own(), own()
    before = [first.sign([HERE], [], NOW + part / 1000).sequence for part in range(3)]
    assert second.sign([HERE], [], NOW + 1).sequence > max(before)


def test_a_clock_that_was_set_back_does_not_matter_where_the_last_number_is_known() -> None:
    before = own().sign([HERE], [], NOW).sequence
    assert own(last_sequence=before).sign([HERE], [], NOW - 86_400).sequence > before


def test_it_is_renewed_long_before_it_expires() -> None:
    mine = own()
    assert mine.record is None
    assert mine.data == b""
    signed = mine.sign([HERE], [Capability("archive")], NOW)
    assert NOW + 600 < mine.renew_at < NOW + LIFETIME / 2
    assert signed.expires == NOW + LIFETIME
    assert mine.data == signed.data


def test_a_private_node_says_so() -> None:
    assert own(private=True).sign([HERE], [], NOW).private


def test_what_is_no_place_for_others_is_left_out() -> None:
    places = [Endpoint.parse(text) for text in ("tcp://0.0.0.0:7400", "tcp://[::]:7400", "tcp://10.0.0.1:0")]
    assert own().sign([*places, HERE, HERE.with_peer(ALICE.node_id)], [], NOW).endpoints == (HERE,)


def test_a_record_fits_with_all_that_a_node_may_offer_and_listen_at() -> None:
    offers = [Capability(f"{number:02d}" + "x" * 14) for number in range(MAX_OFFERS)]
    check_offers_fit(offers)
    endpoints = [Endpoint("tcp", f"{'h' * 60}{number}.example", 7400) for number in range(20)]
    mine = OwnRecord(ALICE, "网" * 64, Random(1))
    signed = mine.sign(endpoints, offers, NOW)
    assert isinstance(read_record(signed.data, network="网" * 64, now=NOW), PeerRecord)
    assert 0 < len(signed.endpoints) < 8


@pytest.mark.parametrize(
    "offers",
    [
        [Capability(f"r{number}") for number in range(MAX_OFFERS + 1)],
        [Capability(f"r{number}", {"a": "x" * 100}) for number in range(MAX_OFFERS_BYTES // 100)],
    ],
    ids=["too many", "too long"],
)
def test_more_than_peers_can_be_told_is_refused_where_it_is_offered(offers: list[Capability]) -> None:
    with pytest.raises(ConfigError, match="offer fewer roles"):
        check_offers_fit(offers)


def test_a_listener_on_every_address_stands_for_those_of_the_machine() -> None:
    listening = [HERE.with_peer(ALICE.node_id), Endpoint.parse("tcp://0.0.0.0:7401")]
    found = own_endpoints(listening, (LocalAddress(HERE.host, 8, "eth0"), *local_addresses()))
    assert found[0] == HERE
    assert {endpoint.port for endpoint in found[1:]} <= {7401}
    assert all(endpoint.host not in ("0.0.0.0", "::") for endpoint in found)  # noqa: S104  # looked for, not bound


def test_what_the_operator_advertises_replaces_what_is_listened_at() -> None:
    outside = Endpoint.parse("tcp://alice.example:7400")
    assert own_endpoints([HERE], (), [outside]) == (outside,)
