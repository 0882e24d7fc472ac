"""Many tells to one reactor of a peer at once: one pass of credit, of counting and of encoding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...actors.messages import Address
from ...actors.sends import GAVE_WAY
from ..wire import ChannelCodec, Payload
from .batch import GROWN, ITEM_OVERHEAD, ROOM, Batch
from .frame_timing import tells_leave
from .item import Item
from .out_lane import OutLane

__all__ = ["Taken", "accept_many"]


class Taken(NamedTuple):
    """How far it came."""

    #: Messages that were accepted.
    accepted: int
    #: The next one, encoded, if it found no credit. None: it is to be told singly, or something is wrong with it.
    encoded: Payload | None
    #: Frames are to leave: whoever sends gives way.
    full: bool


def accept_many(
    lane: OutLane,
    codec: ChannelCodec,
    messages: Sequence[object],
    origin: int,
    sender: Address[object] | None,
    known: dict[int, Payload] | None = None,
    place: int = 0,
) -> Taken:
    """Take credit for messages, as far as there is some, and queue them: what `OutLane.accept` does for each.

    There are as many as message credit at most. `known`: what is encoded already, by place; `place`: of the first.
    """
    batch, unseen = lane._tells, lane.unseen
    credit = left = lane.window.bytes
    numbers, checks, encode = lane.tellable, codec.checks, codec.encode_fields
    room = before = -1 if batch is None else batch.room
    most = GROWN if batch is None else batch.most
    items: list[Item] = []
    #: Where a frame ends, the room that is left in it, and what its room was.
    ends: list[tuple[int, int, int]] = []
    encoded: Payload | None = None
    for message in messages:
        number, payload = 0, None
        if known is not None:
            found = known.get(place + len(items))
            if found is not None:
                number, payload = found
        if payload is None:
            try:
                number = numbers[message.__class__]
                if not checks[number](message):
                    break
                payload = encode(message)
            except Exception:  # noqa: BLE001  # `tell` says what is wrong with it
                break
            if known is not None:
                known[place + len(items)] = number, payload
        size = len(payload)
        if size > unseen:
            break
        if size > left:
            encoded = number, payload
            break
        left -= size
        if size > room:
            if most < GROWN and lane.alone():  # as `OutLane.accept`
                room, most = room + GROWN - most, GROWN
            if size > room:
                ends.append((len(items), room, most))
                room = most = ROOM
        room -= size + ITEM_OVERHEAD
        items.append(Item(number, origin, payload))
    count = len(items)
    moved = lane.window.bytes != credit or lane._tells is not batch or (batch is not None and batch.room != before)
    # A message's own code has sent as well, or somebody waits.
    if moved or (count and not lane.admits_all(count, credit - left)):
        return Taken(0, None, False)
    ended = len(ends) > (batch is None)
    grown = ended and ends[-1][2] == GROWN
    ends.append((count, room, most))
    _queue(lane, items, messages, ends, sender)
    full = ended and tells_leave(len(lane.queue) - 1, grown=grown)
    if encoded is not None:  # larger than the credit that is left, and yet it may go: law 2 of the window
        number, payload = encoded
        outcome = lane.accept(number, origin, payload, messages[count], sender)
        if outcome is not None:
            return Taken(count + 1, None, full or outcome is GAVE_WAY)
    return Taken(count, encoded, full)


def _queue(
    lane: OutLane,
    items: list[Item],
    messages: Sequence[object],
    ends: list[tuple[int, int, int]],
    sender: Address[object] | None,
) -> None:
    """Put what was accepted into the frames that it fits in. `ends`: as there."""
    batch, start = lane._tells, 0
    for end, rest, of in ends:
        if batch is None:
            if end == start:
                continue
            batch = lane._tells = Batch.of_tells(lane.clock())
            lane.queue.append(batch)
        if sender is not None and end > start:
            if batch.senders is None:
                batch.senders = {}
            first = len(batch.messages) - start
            batch.senders.update(dict.fromkeys(range(first + start, first + end), sender))
        batch.items += items[start:end]
        batch.messages += messages[start:end]
        batch.room, batch.most = rest, of
        batch, start = None, end
