"""The order of what a connection writes, under random operations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from outbox_writer import LIMIT, Writer

from peerbus.transports.lanes.batch import Batch
from peerbus.transports.wire.frames import Reply, Tell


def payload_sizes(batches: Iterable[Batch]) -> list[int]:
    """Of the messages that are not confirmed, in their order."""
    # The machine's messages are their payloads, which a batch does not keep once they are written.
    return [len(cast("bytes", outgoing.message)) for batch in batches for outgoing in batch.left()]


class OutboxMachine(RuleBasedStateMachine):
    """Everything that is sent comes out once, whole, each lane in order; counters agree at every step."""

    def __init__(self) -> None:
        super().__init__()
        self.writer = Writer((1, 5, 5, 200))
        self.sent: dict[int, list[bytes]] = {lane: [] for lane in range(4)}
        self.answered: dict[int, list[int]] = {lane: [] for lane in range(4)}
        self.number = 0

    @rule(lane=st.integers(0, 3), size=st.sampled_from([0, 1, 100, 16_000, 16_350, 16_384, 20_000, 200_000]))
    def tell(self, lane: int, size: int) -> None:
        self.number += 1
        payload = self.number.to_bytes(4, "big") + bytes(size)
        assert self.writer.lanes[lane].accept(1, 0, payload, payload, None) is not None
        self.writer.outbox.wake(self.writer.turns[lane])
        self.sent[lane].append(payload)

    @rule(lane=st.integers(0, 3), size=st.sampled_from([0, 100, 17_000, 100_000]))
    def answer(self, lane: int, size: int) -> None:
        self.number += 1
        self.writer.answer(lane, size, self.number)
        self.answered[lane].append(self.number)

    @rule(limit=st.sampled_from([1, 5000, LIMIT]))
    def fill(self, limit: int) -> None:
        busy = bool(self.writer.outbox)
        self.writer.fill(limit)
        assert bool(self.writer.sizes[-1]) == busy

    @precondition(lambda self: any(lane.unconfirmed for lane in self.writer.lanes))
    @rule(data=st.data())
    def confirm(self, data: st.DataObject) -> None:
        lane = data.draw(st.sampled_from([lane for lane in self.writer.lanes if lane.unconfirmed]))
        sizes = payload_sizes(lane.unconfirmed.batches)
        count = data.draw(st.integers(1, len(sizes)))
        lane.granted(count, sum(sizes[:count]))

    @invariant()
    def ledgers_agree(self) -> None:
        for lane in self.writer.lanes:
            each = lane.statistics()
            assert each.sent == each.delivered + each.queued + each.unconfirmed + each.waiting
            messages, size = lane.window.outstanding
            assert messages == each.queued + each.unconfirmed
            assert size == sum(payload_sizes(lane.queue)) + lane.unconfirmed.bytes
            assert lane.unconfirmed.bytes == sum(payload_sizes(lane.unconfirmed.batches))

    def teardown(self) -> None:
        self.writer.drain()
        told: dict[int, list[bytes]] = {lane: [] for lane in range(4)}
        answered: dict[int, list[int]] = {lane: [] for lane in range(4)}
        for frame in self.writer.frames:
            if isinstance(frame, Tell):
                told[frame.channel] += [bytes(payload) for *_, payload in frame.items]
            elif isinstance(frame, Reply):
                answered[frame.channel] += [rid for rid, *_ in frame.items]
        assert told == self.sent
        assert answered == self.answered


TestOutboxMachine = OutboxMachine.TestCase


TestOutboxMachine.settings = hypothesis_settings(max_examples=40, stateful_step_count=40)
