"""Counting slots."""

from __future__ import annotations

import pytest

from peerbus.discovery.facts.scores import Score
from peerbus.discovery.mind.slots import Slots
from peerbus.discovery.peer.known_peer import KnownPeer
from peerbus.discovery.peer.lifecycle import PeerStep
from peerbus.discovery.peer.options import PeerOptions
from peerbus.transports.streams.endpoint import Endpoint

OPTIONS = PeerOptions(max_connected=4, max_connected_upgrade=0, max_outgoing=2)


def peer(number: int, *steps: PeerStep, persistent: bool = False) -> KnownPeer:
    one = KnownPeer(f"{number:064}", seen=0.0, score=Score(3600.0))
    if persistent:
        one.addresses.configure(Endpoint("tcp", host="10.0.0.1", port=number))
    for step in steps:
        one.step(step)
    return one


def test_peers_are_counted_by_what_they_hold() -> None:
    everyone = [
        peer(1),
        peer(2, PeerStep.CLAIM),
        peer(3, PeerStep.ADMIT),
        peer(4, PeerStep.ADMIT, PeerStep.READY),
        peer(5, PeerStep.ADMIT, PeerStep.EVICT, persistent=True),
        peer(6, PeerStep.CLAIM, persistent=True),
        peer(7, persistent=True),
    ]
    slots = Slots.count(everyone, OPTIONS)
    assert (slots.reserved, slots.linked, slots.linked_ordinary) == (3, 3, 2)
    assert (slots.dialing, slots.dialing_ordinary) == (2, 1)


@pytest.mark.parametrize(
    ("slots", "ordinary", "persistent"),
    [
        (Slots(OPTIONS, linked=3, linked_ordinary=3), True, True),
        (Slots(OPTIONS, linked=4, linked_ordinary=4), False, False),
        (Slots(OPTIONS, reserved=1, linked=3, linked_ordinary=3), False, True),
        (Slots(OPTIONS, reserved=2, linked=2, linked_ordinary=1), True, True),
        (Slots(OPTIONS, reserved=1, linked=4, linked_ordinary=3), False, False),
        (Slots(OPTIONS, linked=3, linked_ordinary=3, dialing=9, dialing_ordinary=9), True, True),
    ],
)
def test_accepting_asks_for_a_free_slot_that_is_not_kept_for_another(
    slots: Slots, ordinary: bool, persistent: bool
) -> None:
    assert slots.may_accept(kept=False) is ordinary
    assert slots.may_accept(kept=True) is persistent


@pytest.mark.parametrize(
    ("slots", "ordinary", "persistent"),
    [
        (Slots(OPTIONS, linked=2, linked_ordinary=2, dialing=1, dialing_ordinary=1), True, True),
        (Slots(OPTIONS, linked=2, linked_ordinary=2, dialing=2, dialing_ordinary=2), False, False),
        (Slots(OPTIONS, reserved=1, linked=2, linked_ordinary=2, dialing=1, dialing_ordinary=1), False, True),
        (Slots(OPTIONS, outgoing_ordinary=1), True, True),
        (Slots(OPTIONS, outgoing_ordinary=2), False, True),
    ],
)
def test_dialing_counts_dials_that_are_out_and_outgoing_connections(
    slots: Slots, ordinary: bool, persistent: bool
) -> None:
    assert slots.may_dial(kept=False) is ordinary
    assert slots.may_dial(kept=True) is persistent


def test_a_claim_counts_at_once() -> None:
    slots = Slots(OPTIONS, reserved=2)
    slots.claim(kept=False)
    slots.claim(kept=True)
    assert (slots.dialing, slots.dialing_ordinary, slots.outgoing_ordinary) == (2, 1, 1)


def test_no_outgoing_connections_are_none_and_not_any_number() -> None:
    none = Slots(PeerOptions(max_outgoing=0))
    assert not none.may_dial(kept=False)
    assert none.may_dial(kept=True)
    assert none.outgoing_full
    assert Slots(PeerOptions(max_outgoing=None)).may_dial(kept=False)
