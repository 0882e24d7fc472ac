"""Messages to a peer that fail: each is counted once, and its sender, or dead letters, hear why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ...actors.base import NoSuchReactor, PeerGone, RemoteError, SendError, printable
from ...actors.mailbox import Side, Waiter
from ...actors.messages import Address, Local, Peer
from ...actors.sends import AskFuture, FailedOutcome
from ..lanes import Outgoing, OutLane, RemoteAsk, not_allowed, too_late
from ..wire import Error
from .open_asks import OpenAsks
from .out_lanes import OutLanes
from .peer_errors import error_of
from .sending_host import LedgerHost

__all__ = ["Losses"]


class Losses:
    """Those of one connection, on the loop's thread."""

    __slots__ = ("_asks", "_bus", "_lanes", "_where")

    def __init__(self, bus: LedgerHost, lanes: OutLanes, asks: OpenAsks, where: Local | Peer) -> None:
        self._bus = bus
        self._lanes = lanes
        self._asks = asks
        self._where = where

    def address_of(self, reactor: str) -> Address[object]:
        """The peer's reactor of that name."""
        return Address(self._where, reactor)

    def said_of(self, lane: OutLane, frame: Error) -> SendError | RemoteError:
        """What the peer says of a message."""
        return error_of(frame, f"{self.address_of(lane.info.name)}: {printable(frame.text)}")

    def _said_of_tell(self, lane: OutLane, frame: Error) -> SendError:
        error = self.said_of(lane, frame)
        return error if isinstance(error, SendError) else SendError(str(error))

    # A send that fails before it is accepted.

    def fail(self, reactor: str, sender: Address[object] | None, message: object, error: SendError) -> FailedOutcome:
        """A send to that reactor fails at once."""
        error.message = message
        error.never_sent = True
        error.__traceback__ = None  # it would keep the outcome, and the sender's frames
        self.count(reactor, error)
        self._letter(message, error, reactor, sender)
        return FailedOutcome(error)

    def refuse(
        self, reactor: str, sender: Address[object] | None, message: object, error: SendError, *, letter: bool
    ) -> None:
        """As `Link.refuse_send`."""
        if letter:
            self.fail(reactor, sender, message, error)
        else:
            self.count(reactor, error)

    def count(self, reactor: str, error: SendError) -> None:
        """A send to that reactor failed, and nobody else is to hear of it."""
        lane = self._lanes.by_name.get(reactor)
        if lane is not None:
            lane.refuse(error)
        else:
            self._bus.books.tally(Side.ASTRAY, reactor).refused(error.reason)

    def undelivered(self, lane: OutLane, envelope: object, error: SendError) -> None:
        """A send that waited for credit has failed, which the lane has counted."""
        assert isinstance(envelope, Outgoing)
        self._letter(envelope.message, error, lane.info.name, envelope.sender)

    def refused_by_peer(self, lane: OutLane, frame: Error, now: float) -> bool:
        """Tells failed at the peer. False for some that cannot have."""
        found = lane.refused_by_peer(frame.sequence, frame.count, self._said_of_tell(lane, frame).reason)
        for message in found:
            error = self._said_of_tell(lane, frame)
            error.message = message
            self._letter(message, error, lane.info.name, None)
        if found:
            lane.latency.failed(0.0, now)  # else who fails at once looked like one who has little to do
        return bool(found)

    def unheard(self, ask: AskFuture[Any], error: BaseException) -> None:
        """An ask failed, and nobody looked at its outcome: let dead letters know."""
        letter = error if isinstance(error, SendError) else None
        if letter is not None and letter.in_dead_letters:
            return
        lane = ask.lane if isinstance(ask, RemoteAsk) else None
        where: object = self._where if lane is None else self.address_of(lane.info.name)
        self._bus.dead_letter(ask.message, "unheard", to=where, sender=None, error=letter)

    # A lane that ends.

    def refuse_waiting(self, lane: OutLane, make: Callable[[str], SendError], why: str) -> None:
        """Nobody waits for credit any more."""
        for waiter in lane.refuse_waiting(lambda: make(why)):
            error = make(why)
            error.never_sent = True
            lane.lost(error)
            waiter.refused(error)

    def stopped(self, lane: OutLane) -> None:
        """The peer's reactor is gone."""
        why = f"the peer's reactor {lane.info.name!r} has stopped"
        self.refuse_waiting(lane, NoSuchReactor, why)
        self.lose_queued(lane, NoSuchReactor, why)

    def let(self, refused: Iterable[tuple[int, int]], peer: str) -> bool:
        """As `PeerLink.let`: whoever waits to send what is refused now waits no longer."""
        bits = {self._lanes.at(index).index: each for index, each in refused}
        changed = [lane for lane in self._lanes.by_index if bits.get(lane.index, 0) != lane.rights.refused]
        for lane in changed:
            lane.let(bits.get(lane.index, 0))
            self.shut_out(lane, peer)
        return bool(changed)

    def shut_out(self, lane: OutLane, peer: str) -> None:
        """Senders that wait there and may not send wait no longer."""
        for waiter in lane.rights.shut_out(lane.waiters):
            lane.sent -= 1  # it counts once more
            self.turn_away(lane, waiter, peer)

    def turn_away(self, lane: OutLane, waiter: Waiter, peer: str) -> None:
        """A send that waited there may not be made."""
        envelope = waiter.envelope
        error = not_allowed(peer, lane.info.name, envelope.message, ask=envelope.reply is not None)
        error.never_sent = True
        waiter.refused(lane.refuse(error))

    def lose_queued(self, lane: OutLane, make: Callable[[str], SendError], why: str) -> None:
        """What was not written never will be. Asks that nobody waits for any more have ended before that."""
        for outgoing in lane.drop_queued():
            if outgoing.reply is not None and outgoing.reply.done():
                self._asks.not_written(lane, outgoing, too_late(outgoing))
            else:
                self._lose(lane, outgoing, make(why), never_sent=True)

    def lose_all(self, lane: OutLane, why: str) -> None:
        """The connection has ended: nothing of the lane arrives or is confirmed any more."""
        self.refuse_waiting(lane, PeerGone, why)
        for outgoing in lane.drop_unconfirmed():
            if outgoing.reply is not None and outgoing.reply.done():
                lane.delivered += 1  # it was answered
            else:
                self._lose(lane, outgoing, PeerGone(f"{why} (it may have arrived)"))
        self.lose_queued(lane, PeerGone, f"{why} (it was not sent)")

    def _lose(self, lane: OutLane, outgoing: Outgoing, error: SendError, *, never_sent: bool = False) -> None:
        """A message that was accepted goes down: its sender hears of it, or dead letters do."""
        error.message = outgoing.message
        error.never_sent = never_sent
        lane.lost(error)
        ask = outgoing.reply
        if isinstance(ask, RemoteAsk):
            self._asks.forget(ask)
            ask.fail(error)
        else:
            self._letter(outgoing.message, error, lane.info.name, outgoing.sender)

    def _letter(self, message: object, error: SendError, reactor: str, sender: Address[object] | None) -> None:
        self._bus.dead_letter(message, error.reason, to=self.address_of(reactor), sender=sender, error=error)
