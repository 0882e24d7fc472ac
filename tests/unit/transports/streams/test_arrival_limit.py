"""An address may open a limited number of connections a second."""

from __future__ import annotations

import pytest

from peerbus.transports.streams.arrival_limit import ArrivalLimit


def test_each_address_has_its_own_second() -> None:
    limit = ArrivalLimit(2)
    assert [limit.admit("10.0.0.1", 0.0) for _ in range(3)] == [True, True, False]
    assert limit.admit("10.0.0.2", 0.5)
    assert not limit.admit("10.0.0.1", 0.999)
    assert limit.admit("10.0.0.1", 1.0)


def test_the_addresses_of_one_ipv6_network_count_as_one() -> None:
    limit = ArrivalLimit(1)
    assert limit.admit("2001:db8::1", 0.0)
    assert not limit.admit("2001:db8::ffff:2", 0.0)
    assert limit.admit("2001:db8:0:1::1", 0.0)
    assert limit.admit("fe80::1%eth0", 0.0)
    assert not limit.admit("fe80::2%eth1", 0.0)


def test_a_limit_of_none_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        ArrivalLimit(0)
