"""The addresses of one peer."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from peerbus.discovery.peer.addresses import CONFIGURED, MAX_ADDRESSES, AddressList
from peerbus.discovery.peer.backoff import RetryPolicy
from peerbus.transports.streams.endpoint import Endpoint

POLICY = RetryPolicy(1.0, 10.0, 0.0)


def place(number: int) -> Endpoint:
    return Endpoint("tcp", host="10.0.0.1", port=number)


def ports(addresses: AddressList) -> list[int]:
    return [address.endpoint.port for address in addresses]


def fail(addresses: AddressList, number: int, times: int = 1) -> None:
    address = addresses.find(place(number))
    assert address is not None
    for _ in range(times):
        address.backoff.failed(0.0, random.Random(0), POLICY)


def test_the_best_comes_first_last_success_then_fewest_failures_then_the_order_of_learning() -> None:
    addresses = AddressList()
    addresses.replace([place(n) for n in (1, 2, 3, 4)], "mdns")
    fail(addresses, 1)
    fail(addresses, 4)
    worked = addresses.find(place(4))
    assert worked is not None
    worked.last_success = 1.0
    assert ports(addresses) == [4, 2, 3, 1]


def test_the_id_in_an_endpoint_makes_no_other_address_of_it() -> None:
    addresses = AddressList()
    assert addresses.add(place(1).with_peer("a" * 64), "mdns")
    assert not addresses.add(place(1), "pex")
    assert len(addresses) == 1


def test_an_address_lives_as_long_as_one_source_vouches_for_it() -> None:
    addresses = AddressList()
    addresses.replace([place(1), place(2)], "mdns")
    addresses.replace([place(2)], "pex")
    assert addresses.replace([place(3)], "mdns")
    assert ports(addresses) == [2, 3]
    addresses.withdraw(place(2), "pex")
    addresses.withdraw(place(9), "pex")
    assert ports(addresses) == [3]


def test_a_full_list_gives_up_the_worst_failure_and_otherwise_ignores_the_new_one() -> None:
    addresses = AddressList()
    addresses.replace([place(n) for n in range(1, MAX_ADDRESSES + 1)], "mdns")
    assert not addresses.add(place(99), "pex")
    fail(addresses, 3, times=2)
    fail(addresses, 5)
    assert addresses.add(place(99), "pex")
    assert 3 not in ports(addresses)
    assert {5, 99} <= set(ports(addresses))


def test_what_the_operator_wrote_always_gets_in_and_never_goes() -> None:
    addresses = AddressList()
    addresses.replace([place(n) for n in range(1, MAX_ADDRESSES + 1)], "mdns")
    assert addresses.configure(place(99))
    assert not addresses.configure(place(99))
    assert addresses.configured
    assert len(addresses) == MAX_ADDRESSES
    fail(addresses, 99, times=9)
    for number in range(200, 220):
        addresses.add(place(number), "pex")
    assert 99 in ports(addresses)


def test_a_peer_that_proved_stable_starts_without_failures() -> None:
    addresses = AddressList()
    addresses.add(place(1), "mdns")
    assert not addresses.configured
    fail(addresses, 1, times=3)
    addresses.proved_stable()
    assert [address.backoff.failures for address in addresses] == [0]


@given(
    st.lists(
        st.tuples(st.sampled_from(["mdns", "pex", CONFIGURED]), st.lists(st.integers(1, 40), max_size=30)),
        max_size=20,
    )
)
def test_no_sequence_of_claims_makes_the_list_longer_than_its_bound(claims: list[tuple[str, list[int]]]) -> None:
    addresses = AddressList()
    for source, numbers in claims:
        addresses.replace([place(n) for n in numbers], source)
        assert len(addresses) <= MAX_ADDRESSES
