"""What a connection has to write, in which order: control first, then lanes by deficit round robin.

Sans-IO: `fill` returns the next bytes. Small messages of one lane travel as one frame; a body above 16 KiB is cut,
and other lanes' frames go between its parts. Of all of that no more is on its way than a `Pacer` lets. Shreedhar and
Varghese, "Efficient fair queuing using deficit round robin", SIGCOMM 1995: a lane's quantum is its priority, so nobody
starves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import cast

from ...actors.base import SendError
from ..wire import (
    BATCH_LIMIT,
    BODY_OVERHEAD,
    PART_SIZE,
    Ask,
    Credit,
    Cutter,
    EndFrame,
    Frame,
    FrameEncoder,
    PartBudget,
    Ping,
    Reply,
    Tell,
    ask_lane,
    reply_lane,
)
from .answer_order import AnswerOrder
from .batch import ITEM_OVERHEAD, Batch, Outgoing, too_late
from .lane_turn import LaneTurn, ReplyLane
from .out_lane import OutLane
from .pacing import Pacer
from .remote_ask import RemoteAsk
from .request_ids import NoRequestIds, RequestIds
from .traced_frames import TRACED, traced_ask, traced_tell

__all__ = ["Outbox", "budget_of"]

#: Bytes per round and unit of priority. At the default priority 5 a round moves 20 KiB, at least one part.
QUANTUM = 4096
#: Bytes of a body that travels in one frame while its lane is the only one with something to write: 64 KiB and what
#: stands around them. In five frames they cost both ends 25 µs more; what comes meanwhile waits for 0.5 ms at 1 Gbit/s.
WHOLE_BODY = 68 * 1024
#: The longest budget that fits into the wire's u32, in milliseconds.
MAX_BUDGET = 2**32 - 1
LONGEST = (MAX_BUDGET - 1) / 1000

Bytes = bytes | memoryview


class Outbox:
    """Lanes and control frames of one connection.

    `ids` numbers an ask when it is written; `expired(lane, outgoing, error)` hears of asks that nobody waits for any
    more and that are therefore not written.
    """

    def __init__(
        self,
        ids: RequestIds,
        expired: Callable[[OutLane, Outgoing, SendError], None],
    ) -> None:
        self._ids = ids
        self._expired = expired
        self._encoder = FrameEncoder()
        self._control: deque[bytes] = deque()
        #: Bytes of frames that go ahead of all lanes and are not written yet: a peer that reads has next to none.
        self.control_bytes = 0
        self._grants: dict[int, tuple[int, int]] = {}
        self._round = 0
        #: Lanes that have (the rest of) a turn in this round, by priority; and those of the next round.
        self._current: deque[LaneTurn] = deque()
        self._next: list[LaneTurn] = []
        self._budget = PartBudget()
        #: Asks whose answers nobody waits for any more: those that are queued are not written.
        self.unwanted: set[int] = set()
        #: How many were not.
        self.left_out = 0
        #: Bytes of a body that travels in one frame while its lane has nothing else either, as the stream says.
        self.alone = 0
        #: Lets bytes go, or not yet.
        self.pacer = Pacer()
        #: What is said behind what was told before.
        self.order = AnswerOrder()
        #: Bytes of parts that are being filled in: the pacer has counted them.
        self._in_parts = 0

    @classmethod
    def of_the_end(cls) -> Outbox:
        """One of a connection that has ended: nothing is written."""
        return cls(NoRequestIds(), _never_looked_at)

    def __bool__(self) -> bool:
        return bool(self._control or self._grants or self._current or self._next)

    @property
    def single(self) -> bool:
        """At most one lane has something to write."""
        return len(self._current) + len(self._next) <= 1

    def stays_here(self, whole: int) -> None:
        """What is written stays on this machine; a body of `whole` bytes travels in one frame where none follows."""
        self.alone, self.pacer.local = whole, True

    def control(self, frame: Frame) -> None:
        """Write a frame ahead of all lanes."""
        data = self._encoder.encode(frame)
        self._control.append(data)
        self.control_bytes += len(data)

    def grant(self, channel: int, messages: int, size: int) -> None:
        """Return credit: it goes with the next bytes, ahead of all lanes, in one frame for all channels."""
        before = self._grants.get(channel, (0, 0))
        self._grants[channel] = (before[0] + messages, before[1] + size)

    def wake(self, turn: LaneTurn) -> None:
        """The lane has something to write: it comes next, unless a higher priority or its own last turn is before."""
        if turn.queued or turn.held:
            return
        turn.queued = True
        if turn.round == self._round:
            self._next.append(turn)
            return
        place = 0
        for other in self._current:
            if other.priority < turn.priority:
                break
            place += 1
        self._current.insert(place, turn)

    def behind_told(self, origin: int, turn: LaneTurn, say: Callable[[], None]) -> bool:
        """Call `say` once what that origin has told the peer is written. False: it is, and `say` is not called.

        `turn` is that of its answers.
        """
        if len(self._current) + len(self._next) <= turn.queued and not self.order.held:
            return False
        return self.order.put(origin, (*self._current, *self._next), say)

    def fill(self, now: float, limit: int) -> list[Bytes]:
        """The next bytes to write, about `limit` of them; empty when there is nothing to write."""
        out: list[Bytes] = []
        size = 0
        if self._grants:
            grants = [(channel, messages, total) for channel, (messages, total) in self._grants.items()]
            self._grants.clear()
            self._control.append(self._encoder.encode(Credit(grants)))
        self.control_bytes = 0
        while self._control:
            data = self._control.popleft()
            out.append(data)
            size += len(data)
        if not (self._current or self._next):
            return out
        pacer = self.pacer
        room = pacer.room
        if room <= 0:
            probe = pacer.ask(now)
            if probe is not None:
                out.append(self._encoder.encode(Ping(probe)))
            return out
        self._in_parts = 0
        wrote = self._fill_lanes(now, min(limit - size, room), out) - self._in_parts
        busy = bool(self._current or self._next)
        probe = pacer.wrote_frames(wrote, now, limited=busy) if wrote and not pacer.local else None
        if probe is None and busy and not pacer.open:
            probe = pacer.ask(now)
        if probe is not None:
            out.append(self._encoder.encode(Ping(probe)))
        if self.order.waiting:
            self.order.look()
        return out

    def _fill_lanes(self, now: float, limit: int, out: list[Bytes]) -> int:
        """Append about `limit` bytes of what lanes have to write; returns how many."""
        size = 0
        if len(self._current) + len(self._next) == 1:
            turn = self._current[0] if self._current else self._next[0]
            pacer = self.pacer
            whole = WHOLE_BODY if pacer.local or pacer.allowance >= 2 * WHOLE_BODY else PART_SIZE
            while size < limit and turn.busy:
                made = self._frame(turn, now, whole=whole)
                if not made:
                    break
                size += sum(map(len, made))
                out += made
            turn.deficit = 0
            if not turn.busy:
                turn.queued = False
                turn.round = self._round
                self._current.clear()
                self._next.clear()
                return size
        idle = 0
        while size < limit and idle <= len(self._current) + len(self._next):
            if not self._current:
                if not self._next:
                    break
                self._round += 1
                self._current.extend(sorted(self._next, key=lambda turn: -turn.priority))
                self._next.clear()
            turn = self._current[0]
            if turn.round != self._round:
                turn.round = self._round
                # What it could not use, because no large body may begin, it does not save up.
                turn.deficit = min(turn.deficit, 0) + turn.priority * QUANTUM
            blocked = turn.deficit > 0
            wrote = self._write(turn, now, limit - size, out)
            size += wrote
            if wrote:
                idle = 0
            elif blocked:  # and not in debt for its last part, which takes some rounds to pay
                idle += 1
            if not turn.busy:
                self._current.popleft()
                turn.queued = False
                turn.deficit = 0
            elif turn.deficit <= 0 or not wrote:
                self._current.popleft()
                self._next.append(turn)
        return size

    def _write(self, turn: LaneTurn, now: float, limit: int, out: list[Bytes]) -> int:
        """Let a lane write while its turn lasts."""
        size = 0
        while turn.deficit > 0 and size < limit and turn.busy:
            made = self._frame(turn, now)
            if not made:
                break
            wrote = sum(map(len, made))
            turn.deficit -= wrote
            size += wrote
            out += made
        return size

    def _frame(self, turn: LaneTurn, now: float, *, whole: int = PART_SIZE) -> list[Bytes]:
        """One frame or part of the lane; empty where it has nothing, or where no (other) large body may go on.

        A body above `whole` bytes is cut.
        """
        if turn.cutting is None:
            lane = turn.lane
            frame = self._answers(lane) if isinstance(lane, ReplyLane) else self._messages(lane, now)
            if frame is None:
                return self._items(turn, now, whole) if turn.streams else []
            head = b""
            squeezer = turn.squeezer
            if squeezer is not None:
                body = squeezer.pack(self._encoder.body(frame))
            elif len(frame.items) == 1 and len(frame.items[0][-1]) > PART_SIZE and not isinstance(frame, TRACED):
                head, body = self._encoder.head_of(frame), frame.items[0][-1]
            else:
                body = self._encoder.body(frame)
            total = len(head) + len(body)
            # Only what is alone goes so large: behind it nothing waits, and of a flood every body is cut.
            if total <= whole or (total <= self.alone and whole > PART_SIZE and not turn.lane.queue):
                length = total.to_bytes(4, "big")
                turn.frames += 1
                return [length + head, body] if head else [length + body]
            number = reply_lane(lane.index) if isinstance(lane, ReplyLane) else ask_lane(lane.index)
            turn.cutting = Cutter(body, number, head=head)
            turn.origins = frozenset(item[1] for item in frame.items) if isinstance(frame, Tell) else frozenset()
            self._budget.take(total)
        return self._part(turn, now)

    def _items(self, turn: LaneTurn, now: float, whole: int) -> list[Bytes]:
        """As `_frame`, of the stream whose turn it is on the lane."""
        streams = turn.streams
        size = streams[0].next_size()
        if size and not self._budget.has_room(size + BODY_OVERHEAD):
            return []
        stream = streams.popleft()
        frame = stream.next_frame()
        if stream.more:
            streams.append(stream)
        else:
            stream.queued = False
        turn.frames += 1
        if frame is None or isinstance(frame, EndFrame):
            return [] if frame is None else [self._encoder.encode(frame)]
        head, body, squeezer = b"", frame.payloads[0], turn.squeezer
        if squeezer is not None:
            body = squeezer.pack(self._encoder.body(frame))
        elif size:
            head = self._encoder.head_of_item(frame)
        else:
            body = self._encoder.body(frame)
        total = len(head) + len(body)
        if total <= whole or (total <= self.alone and whole > PART_SIZE and not turn.busy):
            length = total.to_bytes(4, "big")
            return [length + head, body] if head else [length + body]
        turn.frames -= 1  # it is one when it is through
        turn.cutting, turn.origins = Cutter(body, frame.lane, head=head), frozenset()
        self._budget.take(total)
        return self._part(turn, now)

    def _part(self, turn: LaneTurn, now: float) -> list[Bytes]:
        """The next part of the body that is being cut."""
        assert turn.cutting is not None
        pacer = self.pacer
        if not pacer.open:
            return []
        number, left, data = turn.cutting.cut()
        if not left:
            self._budget.give_back(turn.cutting.total)
            turn.cutting = None
            turn.frames += 1
        made: list[Bytes] = [*self._encoder.encode_part(number, left, data)]
        probe = pacer.wrote(len(data), now, limited=turn.busy or len(self._current) + len(self._next) > 1)
        if probe is not None:
            made.append(self._encoder.encode(Ping(probe)))
        self._in_parts += sum(map(len, made))
        return made

    def _messages(self, lane: OutLane, now: float) -> Tell | Ask | None:
        """The next messages of the lane as one frame; None where a large one may not begin."""
        while lane.queue:
            batch = lane.queue[0]
            if batch.room < 0 and not self._budget.has_room(batch.size + BODY_OVERHEAD):
                return None
            batch = lane.pop()
            if batch.asks is None:
                lane.wrote(batch)
                items = batch.take_items()
                if batch.traces is not None:
                    return traced_tell(lane.index, items, batch.traces, lane.info.max_message)
                if len(items) == 1:
                    (item,) = items
                    return Tell(lane.index, [(item.number, item.source, item.payload)])
                return Tell(lane.index, cast("list[tuple[int, int, bytes]]", items))  # encoded alike
            asks = self._asks(lane, batch, now)
            if asks:
                lane.wrote(batch)
                if batch.traces is not None:
                    return traced_ask(lane.index, asks, batch.asks, lane.info.max_message)
                return Ask(lane.index, asks)
        return None

    def _asks(self, lane: OutLane, batch: Batch, now: float) -> list[tuple[int, int, int, int, bytes]]:
        """The asks of a batch that somebody still waits for, numbered; it keeps only these."""
        items: list[tuple[int, int, int, int, bytes]] = []
        kept: list[Outgoing] = []
        waiting, batch.asks = batch.asks or [], kept
        ids = self._ids
        for outgoing in waiting:
            ask = outgoing.reply
            assert isinstance(ask, RemoteAsk)
            left = outgoing.deadline - now
            if ask.done() or left <= 0:
                batch.room += len(outgoing.payload) + ITEM_OVERHEAD
                self._expired(lane, outgoing, too_late(outgoing))
                continue
            ask.written = now
            kept.append(outgoing)
            ask.rid = rid = ids.give(lane, outgoing)
            budget = int(left * 1000) + 1 if left < LONGEST else MAX_BUDGET  # as `budget_of`
            items.append((rid, budget, outgoing.number, outgoing.origin, outgoing.payload))
        return items

    def _answers(self, lane: ReplyLane) -> Reply | None:
        """The next answers of the lane as one frame, at most about a part in size."""
        queue = lane.queue
        items: list[tuple[int, int, bytes]] = []
        room = PART_SIZE - ITEM_OVERHEAD
        unwanted = self.unwanted
        while queue:
            if unwanted and queue[0][0] in unwanted:
                rid, _, payload = queue.popleft()
                unwanted.discard(rid)
                lane.queued_bytes -= len(payload)
                self.left_out += 1
                continue
            size = len(queue[0][2]) + ITEM_OVERHEAD
            if items and (size > room or len(items) >= BATCH_LIMIT):
                break
            if size > room and not self._budget.has_room(size + 64):
                break
            item = queue.popleft()
            lane.queued_bytes -= len(item[2])
            items.append(item)
            room -= size
        return Reply(lane.index, items) if items else None


def budget_of(left: float) -> int:
    """Seconds that are left to an ask, as they stand on the wire; a deadline may be infinite."""
    return int(left * 1000) + 1 if left < LONGEST else MAX_BUDGET


def _never_looked_at(lane: OutLane, outgoing: Outgoing, error: SendError) -> None:
    """The connection has ended."""
