"""Another connection to the same peer takes the place of this one: what was sent first arrives first.

Law 1. A link that is replaced sends nothing new; what it accepted, it writes.
Law 2. What its successor accepts for a reactor is written when the peer has read all that the one before has accepted,
       if anything for that reactor was on its way. So each sender's messages to one reactor stay in their order.
Law 3. Senders that waited for credit there, or begin to, wait at the successor.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ...actors.mailbox import Waiter
from ..lanes import LaneTurn, Outbox, OutLane, Writer
from .out_lanes import OutLanes

__all__ = ["Succession"]


class Succession:
    """One link's part in it, as the older or the newer one."""

    __slots__ = ("_arrived", "_lanes", "_writer", "outbox")

    def __init__(self, lanes: OutLanes, outbox: Outbox, writer: Writer) -> None:
        self._lanes = lanes
        self._writer = writer
        #: What takes the turns of lanes.
        self.outbox = outbox
        #: Told when the peer has read all that was written, or nothing of it arrives any more.
        self._arrived: list[Callable[[], None]] = []

    # Of the older one.

    def suspend(self) -> None:
        """Nobody is admitted any more."""
        for lane in self._lanes.by_index:
            lane.suspended = True

    @property
    def awaits_arrival(self) -> bool:
        """A successor holds messages back until the peer has read all of this link's, and all of it was accepted."""
        return bool(self._arrived) and not self._lanes.holding

    def arrived(self) -> None:
        """The peer has read all that was written here, or will read nothing of it any more."""
        told, self._arrived = self._arrived, []
        for tell in told:
            tell()

    # Of the newer one.

    def hold_behind(self, before: Succession) -> None:
        """Law 2. Not for a peer that has restarted: it has read nothing."""
        olds = before._lanes.by_name
        turns = [
            self._lanes.turns[lane.index]
            for lane in self._lanes.by_name.values()
            if (old := olds.get(lane.info.name)) is not None and not old.clear
        ]
        if turns:
            for turn in turns:
                turn.held = True
            self.outbox.order.held = turns
            before._arrived.append(partial(self._release, turns))
            before._writer.schedule()

    def adopt_waiting(
        self,
        before: Succession,
        adopt: Callable[[OutLane, Waiter], None],
        anew: Callable[[OutLane, Waiter], None] | None = None,
    ) -> None:
        """Law 3. `adopt(lane, waiter)` has it wait at that lane, where both carry the same messages.

        `anew`: the same where they do not, for one whose message is to be written anew; None: it stays.
        """
        for old in before._lanes.by_name.values():
            lane = self._lanes.by_name.get(old.info.name)
            if lane is None:
                continue
            same = lane.codec is old.codec and lane.info.max_message == old.info.max_message
            take = adopt if same or old.codec is None else anew  # what waits to be described is no bytes yet
            if take is not None:
                old.successor = partial(take, lane)
                for waiter in old.leave():
                    take(lane, waiter)

    def _release(self, turns: list[LaneTurn]) -> None:
        self.outbox.order.held = []
        for turn in turns:
            turn.held = False
            if turn.busy:
                self.outbox.wake(turn)
        self._writer.schedule()
