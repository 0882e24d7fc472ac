"""When an ask that has credit leaves: alone and at once, with some others at once, or with all of this turn."""

from __future__ import annotations

import asyncio
from typing import Any

from ..lanes import ROOM, LaneTurn, Outbox, Outgoing, OutLane, RemoteAsk, Writer, asks_leave, budget_of
from ..wire import Ask, FrameEncoder
from .open_asks import OpenAsks

__all__ = ["AskSending"]


class AskSending:
    """The asks of one link. `turns` are those of its lanes, by their number."""

    __slots__ = ("_by_rid", "_crowd", "_encode", "_ids", "_loop", "_turns", "_writer", "outbox")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, asks: OpenAsks, turns: list[LaneTurn], outbox: Outbox, writer: Writer
    ) -> None:
        self._loop = loop
        self._by_rid = asks.by_rid
        self._ids = asks.ids
        self._turns = turns
        self._writer = writer
        self._encode = FrameEncoder().encode
        #: What takes those that do not leave alone.
        self.outbox = outbox
        #: Asks have overlapped since nothing was under way.
        self._crowd = False

    def send(self, lane: OutLane, outgoing: Outgoing, ask: RemoteAsk[Any], deadline: float) -> bool:
        """Take credit for an ask, and write it or have it written. False: no credit, and nothing was done."""
        # Alone is an ask that begins while nothing is under way, if the last one that did so stayed alone. Whoever
        # asks many at once does so again when all are answered: then the first does not go ahead of the rest.
        alone = False
        if self._by_rid or self.outbox:
            self._crowd = True
        else:
            alone, self._crowd = not self._crowd, False
            if alone and self._writer.clear and self._write_alone(lane, outgoing, ask, deadline):
                return True
        waiting = lane.offer_ask(outgoing)
        if not waiting:
            return False
        turn = self._turns[lane.index]
        woken = not turn.queued
        if woken:  # else it has been scheduled when the lane was woken, or waits for the stream
            self.outbox.wake(turn)
        # At once what has nothing that it could share a frame with, and what is enough to be begun with.
        if alone or asks_leave(waiting, len(self._by_rid)):
            self._writer.write()
        elif woken:
            self._writer.schedule()
        return True

    def _write_alone(self, lane: OutLane, outgoing: Outgoing, ask: RemoteAsk[Any], deadline: float) -> bool:
        """Write an ask past the outbox, which has nothing in it. False: nothing was done.

        It takes no queue and no turn: 3 µs less, of 54 from the ask to its answer.
        """
        now = self._loop.time()
        turn = self._turns[lane.index]
        if turn.held or turn.squeezer is not None or deadline <= now or len(outgoing.payload) > ROOM:
            return False
        if not lane.take_alone(outgoing, now):
            return False
        ask.written = now
        ask.rid = rid = self._ids.give(lane, outgoing)
        item = (rid, budget_of(deadline - now), outgoing.number, outgoing.origin, outgoing.payload)
        self._writer.write_frame(self._encode(Ask(lane.index, [item])))
        return True
