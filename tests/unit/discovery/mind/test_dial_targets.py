"""No place is flooded with dials by what others say of it."""

from __future__ import annotations

from peerbus.discovery.mind.dial_targets import A_PLACE, MOST_TARGETS, DialTargets
from peerbus.discovery.peer.addresses import PeerAddress
from peerbus.transports.streams.endpoint import Endpoint

AN_ADDRESS = 32


def at(port: int, host: str = "10.0.0.1") -> PeerAddress:
    return PeerAddress(Endpoint("tcp", host=host, port=port), {"pex"})


def dialed(targets: DialTargets, *addresses: PeerAddress, now: float = 0.0, ids: int = 1000) -> int:
    """How many of these may be dialed one after the other, for that many nodes in turn."""
    count = 0
    for number, address in enumerate(addresses):
        node_id = str(number % ids)
        if targets.free_at(address, node_id, now) <= now:
            targets.take(address, node_id, now)
            count += 1
    return count


def test_one_place_is_dialed_a_few_times_a_minute() -> None:
    targets = DialTargets(AN_ADDRESS)
    assert dialed(targets, *[at(6379)] * 100) == A_PLACE
    wait = 60.0 / A_PLACE
    assert targets.free_at(at(6379), "another", 0.0) == wait
    assert dialed(targets, *[at(6379)] * 100, now=wait) == 1


def test_all_places_at_one_address_share_so_many() -> None:
    targets = DialTargets(AN_ADDRESS)
    assert dialed(targets, *map(at, range(1, 100))) == AN_ADDRESS
    assert dialed(targets, at(1, "10.0.0.2")) == 1


def test_where_a_node_answers_nothing_is_counted() -> None:
    targets = DialTargets(AN_ADDRESS)
    for port in range(1, 200):
        assert dialed(targets, at(port)) == 1
        targets.reached(at(port).endpoint, 0.0)
    worked = at(7)
    worked.last_success = 1.0
    assert dialed(targets, *[worked] * 100) == 100


def test_a_node_that_did_not_answer_waits_as_its_own_failures_say_and_the_operators_word_is_not_counted() -> None:
    targets = DialTargets(AN_ADDRESS)
    failed, said = at(7), PeerAddress(at(8).endpoint, {"pex", "config"})
    failed.last_failure = 1.0
    assert dialed(targets, *[failed] * 100, ids=1) == 100
    assert dialed(targets, *[said] * 100) == 100


def test_what_many_names_lead_to_is_one_place() -> None:
    targets, place = DialTargets(AN_ADDRESS), at(6379).endpoint
    count = 0
    for number in range(100):
        name, node_id = at(6379, f"n{number}.example"), str(number)
        assert targets.free_at(name, node_id, 0.0) == 0.0
        targets.take(name, node_id, 0.0)
        if targets.free_at(name, node_id, 0.0, place) <= 0.0:
            targets.take(name, node_id, 0.0, place)
            count += 1
    assert count == A_PLACE
    targets.reached(place, 0.0)
    assert targets.free_at(at(6379, "another.example"), "another", 0.0, place) == 0.0


def test_where_several_are_said_to_be_and_none_answers_every_dial_counts() -> None:
    targets = DialTargets(AN_ADDRESS)
    failed = at(7)
    failed.last_failure = 1.0
    assert dialed(targets, *[failed] * 100, ids=5) == A_PLACE + 1  # of the first one nothing was counted


def test_what_is_remembered_is_bounded_and_what_is_no_address_is_not_counted() -> None:
    targets = DialTargets(AN_ADDRESS)
    for number in range(2 * MOST_TARGETS):
        dialed(targets, at(7, f"10.1.{number // 250}.{number % 250}"))
    assert len(targets._buckets) == MOST_TARGETS
    memory = PeerAddress(Endpoint("memory", path="a"), {"pex"})
    assert dialed(targets, *[memory] * 100) == 100
