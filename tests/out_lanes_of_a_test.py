"""A lane to a peer's reactor, and senders that wait for its credit."""

from __future__ import annotations

from peerbus.actors.base.errors import SendError
from peerbus.actors.mailbox.envelope import NEVER, Envelope
from peerbus.transports.lanes.batch import Outgoing
from peerbus.transports.lanes.out_lane import OutLane
from peerbus.transports.wire.hello import ChannelInfo


class Sender:
    """One that waits."""

    withdrawn = ""

    def __init__(self, envelope: Envelope) -> None:
        self.envelope = envelope
        self.gone = False
        self.result: object = None

    def admitted(self) -> bool:
        if self.gone:
            return False
        self.result = True
        return True

    def refused(self, error: SendError) -> None:
        self.result = error


def message(size: int) -> Outgoing:
    return Outgoing(size, None, None, NEVER, None, size, None, NEVER, 1, 0, bytes(size))


def offer(lane: OutLane, outgoing: Outgoing) -> bool:
    """Send it, if there is credit."""
    if outgoing.reply is not None:
        return lane.offer_ask(outgoing) > 0
    return lane.accept(outgoing.number, outgoing.origin, outgoing.payload, outgoing.message, None) is not None


class Scene:
    """A lane with a window of 4 messages and 100 bytes; what it writes is written at once."""

    def __init__(self) -> None:
        info = ChannelInfo(
            name="c", types=("Note",), schema=bytes(16), messages=4, bytes=100, max_message=1000, priority=5
        )
        self.woken = 0
        self.lane = OutLane(0, info, None, self._wake)

    def _wake(self, lane: OutLane) -> None:
        self.woken += 1

    def write(self) -> None:
        while self.lane.queue:
            self.lane.wrote(self.lane.pop())

    def wait(self, size: int) -> Sender:
        sender = Sender(message(size))
        assert not offer(self.lane, message(size))
        self.lane.wait(sender)
        return sender

    def check(self) -> None:
        each = self.lane.statistics()
        accounted = each.delivered + sum(each.failed.values()) + each.waiting + each.queued + each.unconfirmed
        assert each.sent == accounted, each
