from __future__ import annotations

from peerbus.actors import Overflow
from peerbus.actors.mailbox import Envelope, Sum, Tally
from peerbus.actors.pools.pool_mailbox import PoolMailbox
from peerbus.actors.pools.stream_room import StreamRoom


class Nobody:
    """A pool without members."""

    def target_of(self, message: object) -> None:
        """Any."""

    def member_for(self, target: object) -> None:
        """None."""

    def hand_stream(self, member: object, envelope: Envelope) -> None:
        """Never."""

    def go_on(self) -> None:
        """Nothing."""


class Reply:
    """Of a stream."""

    opened = False

    def __init__(self) -> None:
        self.on_end = int

    def wait_for_place(self) -> None:
        """It does."""

    def done(self) -> bool:
        return False


class Waits:
    """A sender."""

    def __init__(self) -> None:
        self.envelope = Envelope("stream", None, Reply())  # type: ignore[arg-type]  # all that is asked of one
        self.withdrawn = ""
        self.error: Exception | None = None

    def admitted(self) -> bool:
        return True

    def refused(self, error: Exception) -> None:
        self.error = error


def test_streams_that_wait_are_in_its_account_and_its_end_is_theirs() -> None:
    room = StreamRoom(Nobody(), 1)
    mailbox = PoolMailbox(4, 1000, Overflow.WAIT, room)
    mailbox.offer(Envelope("message"))
    waits = Waits()
    assert not room.offer(waits.envelope)
    room.wait(waits)
    total = Sum()
    mailbox.add_to(total)
    assert (total.sent, total.delivered, total.pending) == (2, 1, 1)
    mailbox.close("the pool has stopped")
    assert "the pool has stopped" in str(waits.error)
    tally = Tally()
    mailbox.settle(tally)
    account = tally.account
    assert (account.sent, account.delivered, account.failed, account.pending) == (2, 1, {"actor_stopped": 1}, 0)
