"""The mailbox of a member says when its owner has nothing to do."""

from __future__ import annotations

from peerbus.actors.mailbox import Envelope
from peerbus.actors.messages import Overflow
from peerbus.actors.pools.member_mailbox import MemberMailbox


def test_it_says_when_its_owner_goes_idle_and_not_when_something_came_meanwhile() -> None:
    rests: list[int] = []
    mailbox = MemberMailbox(4, 1024, Overflow.WAIT)
    mailbox.on_rest = lambda: rests.append(1)
    mailbox.offer(Envelope("a"))
    assert mailbox.take() is not None
    mailbox.put_foreign(Envelope("b"))
    assert not mailbox.rest()
    assert rests == []
    assert mailbox.take() is not None
    assert mailbox.rest()
    assert rests == [1]
