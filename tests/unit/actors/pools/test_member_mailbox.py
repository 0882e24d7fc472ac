"""The mailbox of a member says when its owner has nothing to do."""

from __future__ import annotations

from threading import get_ident

from peerbus.actors.base import SendError
from peerbus.actors.mailbox import Envelope
from peerbus.actors.mailbox.envelope import Replies
from peerbus.actors.messages import Overflow
from peerbus.actors.pools.member_mailbox import MemberMailbox


class Waiter:
    """A sender that waits."""

    def __init__(self, envelope: Envelope) -> None:
        self.envelope, self.withdrawn, self.heard = envelope, "", ""

    def admitted(self) -> bool:
        self.heard = "admitted"
        return True

    def refused(self, error: SendError) -> None:
        self.heard = error.reason


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


def test_an_ask_that_goes_elsewhere_leaves_its_place_to_whoever_waits_and_is_counted_there() -> None:
    mailbox = MemberMailbox(2, 1024, Overflow.WAIT)
    mailbox.owner = get_ident()
    replies = [Replies(), Replies()]
    for reply in replies:
        mailbox.offer(Envelope("ask", None, reply, size=10))
    waiter = Waiter(Envelope("waits", size=4))
    mailbox.wait(waiter)
    assert mailbox.ask_for(Replies()) is None
    found = mailbox.ask_for(replies[1])
    assert found is not None
    assert found.reply is replies[1]
    mailbox.give_back(found)
    assert waiter.heard == "admitted"
    assert (mailbox.delivered, mailbox.sent, mailbox.bytes, len(mailbox)) == (2, 2, 14, 2)
    assert [taken.message for taken in (mailbox.take(), mailbox.take()) if taken is not None] == ["ask", "waits"]
