"""A batch: what joins it, what is written of it, and what is left of it."""

from __future__ import annotations

from peerbus.actors import Address
from peerbus.actors.mailbox.envelope import NEVER
from peerbus.actors.messages.address import Local
from peerbus.transports.lanes.batch import ANSWERED, GROWN, ITEM_OVERHEAD, ROOM, Batch, Outgoing
from peerbus.transports.lanes.item import Item
from peerbus.transports.wire.frame_encoder import FrameEncoder
from peerbus.transports.wire.frames import BATCH_LIMIT, PART_SIZE, Tell

SENDER: Address[object] = Address(Local(), "sender")


class Future:
    def done(self) -> bool:
        return False

    def succeed(self, value: object) -> None: ...
    def raised(self, error: BaseException) -> None: ...
    def fail(self, error: BaseException) -> None: ...


def told(*sizes: int) -> Batch:
    batch = Batch.of_tells(0.0)
    for size in sizes:
        batch.items.append(Item(2**32 - 1, 2**32 - 1, bytes(size)))
        batch.messages.append(size)
        batch.room -= size + ITEM_OVERHEAD
    return batch


def test_it_counts_its_messages_and_the_bytes_of_their_payloads_however_it_grew() -> None:
    batch = told(100, 0, 7)
    assert (len(batch), batch.size) == (3, 107)
    batch.grow()
    assert (batch.size, batch.most) == (107, GROWN)
    ask = Batch.of_ask(Outgoing("question", None, None, NEVER, None, 5, None, NEVER, 1, 0, bytes(5)), 0.0)
    assert (len(ask), ask.size) == (1, 5)


def test_what_joins_while_there_is_room_is_never_cut() -> None:
    for most in (ROOM, GROWN):
        for size in (0, 1, 100, 5000):
            batch = told()
            batch.room = batch.most = most
            while batch.room >= size:
                batch.items.append(Item(2**32 - 1, 2**32 - 1, bytes(size)))
                batch.room -= size + ITEM_OVERHEAD
            body = FrameEncoder().body(Tell(255, [(each.number, each.source, each.payload) for each in batch.items]))
            assert len(body) <= PART_SIZE
            assert len(batch.items) <= BATCH_LIMIT


def test_what_is_written_is_given_up_and_the_messages_are_kept() -> None:
    batch = told(3, 4)
    items = batch.take_items()
    assert [len(item.payload) for item in items] == [3, 4]
    assert (batch.take_items(), batch.messages, len(batch), batch.size) == ([], [3, 4], 2, 7)


def test_what_is_left_is_neither_confirmed_nor_refused_and_knows_its_sender() -> None:
    batch = told(1, 2, 3, 4)
    batch.confirmed, batch.refused, batch.senders = 1, {2}, {3: SENDER}
    assert [(each.message, each.sender) for each in batch.left()] == [(2, None), (4, SENDER)]
    asks = [Outgoing(number, None, None, NEVER, None, 1, None, NEVER, 1, 0, b"x") for number in range(3)]
    of_asks = Batch.of_ask(asks[0], 0.0)
    assert of_asks.asks is not None
    of_asks.asks += asks[1:]
    of_asks.confirmed = 2
    assert of_asks.left() == asks[2:]


def test_an_ask_that_was_answered_holds_on_to_nothing() -> None:
    ask = Outgoing("question", SENDER, Future(), NEVER, None, 5, None, NEVER, 1, 0, bytes(5))
    ask.answered()
    assert (ask.message, ask.sender, ask.payload, ask.reply) == (None, None, b"", ANSWERED)
    assert ANSWERED.done()
    ANSWERED.succeed(1)
    ANSWERED.raised(ValueError())
    ANSWERED.fail(ValueError())
