"""Asks that were written to a peer and are not answered: each has a number on the wire, and ends once."""

from __future__ import annotations

import asyncio
from typing import Any

from ...actors.base import MessageTooLarge, MessageTypeError, PeerGone, RemoteError, SendError
from ...actors.engine import SAMPLED, Timings
from ...actors.mailbox import Side
from ...actors.sends import AskFuture
from ..lanes import ForwardedAsk, Outbox, Outgoing, OutLane, RemoteAsk, RequestIds, Writer
from ..wire import Cancel, Forwarded, Reply, ZeroCopyReply

__all__ = ["OpenAsks"]

#: As what an ask is counted whose handler raised, whatever it raised: what a peer says would be names without end.
HANDLER_FAILED = "handler_failed"


class OpenAsks:
    """Those of one link. On the loop's thread only."""

    __slots__ = ("_loop", "_timings", "_writer", "by_rid", "ids", "now", "outbox", "unsolicited")

    def __init__(self, loop: asyncio.AbstractEventLoop, writer: Writer, timings: Timings) -> None:
        self._loop = loop
        self.now = loop.time
        self._timings = timings
        self._writer = writer
        #: Numbers those that are written.
        self.ids = RequestIds()
        #: What was written and is not answered, by request id.
        self.by_rid: dict[int, Outgoing] = self.ids.by_rid
        #: What takes CANCEL.
        self.outbox: Outbox
        #: Answers that came for no open ask: late, duplicate, or made up.
        self.unsolicited = 0

    @property
    def last_rid(self) -> int:
        """The number of the last ask that was written."""
        return self.ids.last

    def not_written(self, lane: OutLane, outgoing: Outgoing, error: SendError) -> None:
        """An ask that nobody waits for any more was found in the queue: its credit is free again."""
        ask = outgoing.reply
        assert isinstance(ask, RemoteAsk)
        if ask.cancelled():
            error = SendError("the asker was cancelled", message=outgoing.message)
            error.reason = "cancelled"
        lane.take_back(outgoing, error)
        ask.fail(error)

    def abandon(self, future: AskFuture[Any]) -> str:
        """Nobody waits for this ask any more."""
        assert isinstance(future, RemoteAsk)
        if not future.rid:
            return "writer"  # it is skipped when its turn comes
        outgoing = self.by_rid.pop(future.rid, None)
        if outgoing is not None:
            outgoing.answered()
            now, lane = self._loop.time(), future.lane
            assert lane is not None
            lane.open_asks -= 1
            future.left(lane.latency, now)
            self.outbox.control(Cancel(future.rid))
            self._writer.schedule()
            lane.count_undone("cancelled" if future.cancelled() else "deadline_reply")
        return "reply"

    def replied(self, lane: OutLane, frame: Reply | ZeroCopyReply) -> None:
        """Answers to asks on that lane."""
        codec, largest, asks = lane.codec, lane.largest, self.by_rid
        decoders = [] if codec is None else codec.decoders
        now = oldest = self._loop.time()
        for rid, number, payload in frame.items:
            outgoing = asks.get(rid)
            ask = None if outgoing is None else outgoing.reply
            if outgoing is None or codec is None or not isinstance(ask, RemoteAsk) or ask.lane is not lane:
                self.unsolicited += 1
                continue
            del asks[rid]
            lane.open_asks -= 1
            outgoing.answered()
            if ask.written < oldest:
                oldest = ask.written
            if not rid % SAMPLED:
                self._timings.answered(Side.REMOTE, lane.info.name, now - ask.written)
            if len(payload) > largest:
                lane.count_undone(MessageTooLarge.reason)
                ask.fail(MessageTooLarge(f"the answer takes {len(payload)} bytes, more than its channel allows"))
                continue
            if isinstance(ask, ForwardedAsk):
                ask.succeed(Forwarded(number, bytes(payload)))
                continue
            try:
                value = (
                    decoders[number](payload) if number else codec.decode_reply(0, payload, ask.message, ask.reply_type)
                )
            except BaseException:  # noqa: BLE001  # once more, for what is to be said about it
                try:
                    value = codec.decode_reply(number, payload, ask.message, ask.reply_type)
                except MessageTypeError as error:
                    lane.count_undone(error.reason)
                    ask.fail(error)
                    continue
            ask.succeed(value)
        if oldest < now:
            lane.latency.answered(now - oldest, now)  # of those that came together, what the slowest one took

    def failed(self, lane: OutLane, rid: int, error: SendError | RemoteError) -> None:
        """An ask on that lane failed at the peer."""
        outgoing = self.by_rid.get(rid)
        ask = None if outgoing is None else outgoing.reply
        if outgoing is None or not isinstance(ask, RemoteAsk) or ask.lane is not lane:
            self.unsolicited += 1
        else:
            del self.by_rid[rid]
            lane.open_asks -= 1
            outgoing.answered()
            now = self._loop.time()
            lane.latency.failed(now - ask.written, now)
            lane.count_undone(error.reason if isinstance(error, SendError) else HANDLER_FAILED)
            ask.fail(error)

    def over(self, ask: RemoteAsk[Any]) -> None:
        """It was answered, item by item."""
        outgoing = self.by_rid.get(ask.rid)
        self.forget(ask)
        if outgoing is not None:
            outgoing.answered()

    def forget(self, ask: RemoteAsk[Any]) -> None:
        """It ends otherwise."""
        if self.by_rid.pop(ask.rid, None) is not None:
            assert ask.lane is not None
            ask.lane.open_asks -= 1

    def lost(self, why: str) -> None:
        """The connection has ended: nothing is answered any more."""
        left = list(self.by_rid.values())
        self.by_rid.clear()
        for outgoing in left:
            ask = outgoing.reply
            assert isinstance(ask, RemoteAsk)
            assert ask.lane is not None
            ask.lane.open_asks -= 1
            ask.lane.count_undone(PeerGone.reason)
            ask.fail(PeerGone(why))
