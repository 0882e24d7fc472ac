"""Answers to a peer's asks, on their way back: each ask has one, an error where there is no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from ...actors.base import MessageTooLarge, SendError, get_logger
from ..lanes import (
    ANSWER_TOO_LARGE,
    ANSWER_TYPE,
    ANSWER_UNREAD,
    ROOM,
    InLane,
    Outbox,
    RemoteReply,
    ReplyLane,
    Writer,
    answers_leave,
)
from ..wire import WORD_LIMIT, Error, FrameEncoder, Reply, clip

__all__ = ["ServedAsks"]

log = get_logger("peerbus.transports")

#: Bytes of answers that wait to be written at most, and may be one larger: two of the largest messages. Those that
#: would be more end with an error, which is short: their handlers have been let in before credit was held back.
REPLY_LIMIT = 32 << 20
#: Bytes of them from which on the node counts each that is added.
HEAVY = 4 << 20
#: Asks that their peer gave up while answers waited to be written: what is more is written for nothing.
UNWANTED_LIMIT = 4096


class ServedAsks:
    """What one connection owes its peer: the `Server` of its replies. `lanes` are its owner's, by number."""

    __slots__ = (
        "_behind",
        "_encode",
        "_ended",
        "_lanes",
        "_node",
        "_outbox",
        "_writer",
        "backlog",
        "heavy",
        "late",
        "now",
        "served",
        "unread",
    )

    def __init__(
        self, loop: asyncio.AbstractEventLoop, node: str, lanes: list[InLane], outbox: Outbox, writer: Writer
    ) -> None:
        self._node = node
        self._lanes = lanes
        self._outbox = outbox
        self._writer = writer
        self._encode = FrameEncoder().encode
        self._ended = False
        #: Seconds of the loop's clock.
        self.now = loop.time
        #: Asks that are not answered, by their number.
        self.served: dict[int, RemoteReply] = {}
        #: Bytes of answers that wait to be written.
        self.backlog = 0
        #: Called where many bytes wait already, and more do; set by the connection.
        self.heavy: Callable[[], None] = _nobody
        #: Of these, bytes of answers that wait for what their reactors have told before.
        self._behind = 0
        #: Answers for which there was no room, because the peer does not read.
        self.unread = 0
        #: Answers that were too late to be sent.
        self.late = 0

    def answer(self, reply: RemoteReply, value: object) -> None:
        """As `Server.answer`: queue it, or write it at once."""
        if self.served.pop(reply.rid, None) is not reply or self._ended:
            self.late += 1
            return
        lane = self._lanes[reply.channel]
        try:
            number, payload = lane.codec.encode_reply(value, lane.info.max_message, reply.number)
        except SendError as error:
            log.warning("wrong answer", node=self._node, actor=lane.info.name, why=str(error))
            # Its handler has run: no word of a message that was refused unseen.
            code = ANSWER_TOO_LARGE if isinstance(error, MessageTooLarge) else ANSWER_TYPE
            self.error(reply.rid, reply.channel, 0, code, error)
            return
        item = (reply.rid, number, payload)
        alone = not self.served and len(payload) <= ROOM and lane.turn.squeezer is None
        if alone and self._writer.clear and not self._outbox.order.held:
            # The last of what was asked, and nothing else is to be written: past the outbox, as a lone ask.
            self._writer.write_frame(self._encode(Reply(lane.index, [item])))
            return
        if self.backlog and self.backlog + len(payload) > REPLY_LIMIT:
            self.unread += 1
            why = f"{self.backlog} bytes of answers wait to be read already"
            self.error(reply.rid, reply.channel, 0, ANSWER_UNREAD, why)
            return
        if self._outbox.behind_told(lane.index + 1, lane.turn, partial(self._say, lane, item)):
            self.backlog += len(payload)
            self._behind += len(payload)
            self._writer.schedule()
            return
        queue = lane.turn.lane
        assert isinstance(queue, ReplyLane)
        queue.queue.append(item)
        queue.queued_bytes += len(payload)
        self.backlog += len(payload)
        if self.backlog > HEAVY:
            self.heavy()
        self._outbox.wake(lane.turn)
        # At once the last of what was asked, with which no other could share its frame, and what is enough to be
        # begun with.
        if answers_leave(len(queue.queue), len(self.served)):
            self._writer.write()
        else:
            self._writer.schedule()

    def _say(self, lane: InLane, item: tuple[int, int, bytes]) -> None:
        """What its reactor told before is written: queue the answer."""
        queue = lane.turn.lane
        assert isinstance(queue, ReplyLane)
        queue.queue.append(item)
        queue.queued_bytes += len(item[2])
        self._behind -= len(item[2])
        self._outbox.wake(lane.turn)
        self._writer.schedule()

    def answer_error(self, reply: RemoteReply, code: str, text: str) -> None:
        """As `Server.answer_error`."""
        if self.served.pop(reply.rid, None) is not reply or self._ended:
            self.late += 1
            return
        say = partial(self.error, reply.rid, reply.channel, 0, code, text)
        if not self._outbox.behind_told(reply.channel + 1, self._lanes[reply.channel].turn, say):
            say()

    def answer_late(self, reply: RemoteReply, *, begun: bool) -> None:
        """As `Server.answer_late`: the asker has given up, say where its time was spent."""
        self.late += 1
        if self.served.pop(reply.rid, None) is reply and not self._ended:
            if begun:
                self.error(reply.rid, reply.channel, 0, "deadline_handler", "the time was over before the answer")
            else:
                self.error(reply.rid, reply.channel, 0, "deadline_mailbox", "the time was over before it was taken")

    def give_up(self, rid: int) -> None:
        """The peer waits for that answer no more: it is not made, and if it waits to be written, not written.

        So a peer that asks again, as it got no answer in time, gets that one sooner, and not after the first.
        """
        reply = self.served.pop(rid, None)
        if reply is not None:
            reply.cancel()
            if (asks := self._lanes[reply.channel].asks) is not None:
                asks.ended()
        elif self.backlog and len(self._outbox.unwanted) < UNWANTED_LIMIT:
            self._outbox.unwanted.add(rid)

    def error(self, rid: int, channel: int, sequence: int, code: str, text: object, count: int = 1) -> None:
        """Say that something of the peer's failed: an ask by its `rid`, with 0 `count` tells from a `sequence` on."""
        if self._ended:
            return
        self._outbox.control(Error(rid, channel, sequence, clip(code, WORD_LIMIT), clip(str(text)), count))
        self._writer.schedule()

    def look(self) -> None:
        """Something was written: count anew what waits."""
        queues = (lane.turn.lane for lane in self._lanes)
        self.backlog = self._behind + sum(each.queued_bytes for each in queues if isinstance(each, ReplyLane))
        if not self.backlog:
            self._outbox.unwanted.clear()

    def end(self) -> None:
        """The connection has ended: end the work that only its peer waits for."""
        self._ended = True
        self.heavy = _nobody
        self.backlog = 0
        self._outbox.order.waiting.clear()
        for lane in self._lanes:  # what waits to be written never will be: it may be much, and goes now
            turn = lane.turn
            assert isinstance(turn.lane, ReplyLane)
            turn.lane.queue.clear()
            turn.lane.queued_bytes, turn.cutting = 0, None
        served = list(self.served.values())
        self.served.clear()
        for reply in served:
            reply.cancel()


def _nobody() -> None:
    """Nobody counts what waits."""
