"""What stands in a file is read as what comes from a stranger is."""

from __future__ import annotations

import ipaddress
import math

import pytest

from peerbus.discovery.book.book import AddressEntry, PeerEntry, Pin
from peerbus.discovery.book.rows import (
    address_of,
    address_rows,
    ban_of,
    ban_row,
    number_of,
    peer_of,
    peer_row,
    pin_of,
    sequence_of,
    text_of,
)
from peerbus.discovery.facts.bans import Ban
from peerbus.discovery.facts.scores import ScoreReason
from peerbus.transports.streams.endpoint import Endpoint

ONE = "1" * 64
HERE = Endpoint("tcp", host="10.0.0.1", port=7000)


def test_what_is_written_is_read_again() -> None:
    address = AddressEntry(endpoint=HERE, sources=("pex",), last_success=1.0, failures=3)
    peer = PeerEntry(node_id=ONE, seen=5.0, addresses=(address,), connected_for=12.5)
    assert peer_of(peer_row(peer), (address,)) == peer
    assert [address_of(row) for row in address_rows(peer)] == [address]
    for ban in (Ban(ONE, math.inf, "operator"), Ban(ipaddress.ip_network("10.0.0.0/8"), 9.0, "x", 1.0, True)):
        assert ban_of(ban_row(ban)) == ban
    assert pin_of((str(HERE), ONE)) == Pin(HERE, ONE)


def test_of_a_peer_what_a_later_version_has_written_is_left_out() -> None:
    row = list(peer_row(PeerEntry(node_id=ONE, seen=5.0, addresses=(), points=((ScoreReason.USEFUL, 2.0),))))
    row[4] = '{"useful": 2.0, "later": 7.0}'
    row[7], row[8] = '["archive", "Of a later grammar: [1]"]', '["index", "a{b"]'
    found = peer_of(tuple(row), ())
    assert (found.points, found.roles, found.offers) == (((ScoreReason.USEFUL, 2.0),), ("archive",), ("index",))


@pytest.mark.parametrize("row", [(1, ONE), (str(HERE), "1"), ("nowhere", ONE), (str(HERE), None)])
def test_a_pin_of_nobody_or_nowhere_is_refused(row: tuple[object, ...]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # of the endpoint, of the id
        pin_of(row)


@pytest.mark.parametrize("value", [math.nan, math.inf, "1", None])
def test_a_number_is_finite(value: object) -> None:
    with pytest.raises(ValueError, match="is no number"):
        number_of(value)


def test_texts_and_the_numbers_of_records_have_bounds() -> None:
    with pytest.raises(ValueError, match="is no text"):
        text_of("x" * 70_000)
    with pytest.raises(ValueError, match="is no number of a record"):
        sequence_of(2**53)
