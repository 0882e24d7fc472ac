"""What becomes of a message that is to enter a mailbox, by its policy."""

from __future__ import annotations

import itertools

import pytest

from peerbus.actors import Overflow
from peerbus.actors.mailbox.overflow import WHEN_FULL, Verdict, decide


@pytest.mark.parametrize("policy", Overflow)
def test_nothing_enters_what_has_closed(policy: Overflow) -> None:
    for room, older in itertools.product((True, False), repeat=2):
        assert decide(policy, closed=True, room=room, older=older) is Verdict.CLOSED


@pytest.mark.parametrize("policy", Overflow)
def test_what_has_room_enters(policy: Overflow) -> None:
    assert decide(policy, closed=False, room=True, older=False) is Verdict.ENTERS


def test_each_policy_says_what_becomes_of_a_message_without_room() -> None:
    assert {policy: decide(policy, closed=False, room=False, older=False) for policy in Overflow} == WHEN_FULL


@pytest.mark.parametrize("room", [True, False])
def test_only_the_latest_of_a_sender_and_type_is_kept_by_the_policy_of_that_name(room: bool) -> None:
    verdicts = {policy: decide(policy, closed=False, room=room, older=True) for policy in Overflow}
    assert verdicts.pop(Overflow.LATEST) is Verdict.REPLACES
    assert Verdict.REPLACES not in verdicts.values()
