"""A lane to a peer's reactor, under random operations."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from out_lanes_of_a_test import Scene, Sender, message, offer

from peerbus.actors.base.errors import MailboxFull, PeerGone
from peerbus.transports.sending.out_lanes import overlooked_on

LANE_SIZES = st.sampled_from([0, 1, 20, 49, 51, 100, 300])


class LaneMachine(RuleBasedStateMachine):
    """Anything that may happen to a lane; its credit comes back message by message, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.scene = Scene()
        self.lane = self.scene.lane
        self.late: list[Sender] = []
        self.waiting: list[Sender] = []
        #: Sizes of what was written and is not granted back, in order.
        self.written: list[int] = []
        self.over = False

    @rule(size=LANE_SIZES, wait=st.sampled_from(["now", "later", "never"]), gone=st.booleans())
    def offer(self, size: int, wait: str, gone: bool) -> None:
        if self.over or offer(self.lane, message(size)):
            return
        sender = Sender(message(size))
        sender.gone = gone
        if wait == "now":
            self._wait(sender)
        elif wait == "later":
            self.late.append(sender)
        else:
            self.lane.refuse(MailboxFull("not awaited"))

    @rule(size=LANE_SIZES)
    def tell(self, size: int) -> None:
        if not self.over and self.lane.accept(1, 0, bytes(size), size, None) is None:
            self.lane.refuse(MailboxFull("not awaited"))

    @precondition(lambda self: self.late)
    @rule()
    def begin_to_wait(self) -> None:
        self._wait(self.late.pop(0))

    def _wait(self, sender: Sender) -> None:
        self.waiting.append(sender)
        self.lane.wait(sender)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        sender = data.draw(st.sampled_from(self.waiting))
        self.waiting.remove(sender)
        self.lane.give_up(sender, MailboxFull("tired"))

    @rule(batches=st.integers(1, 3))
    def write(self, batches: int) -> None:
        for _ in range(min(batches, len(self.lane.queue))):
            batch = self.lane.pop()
            self.written += [len(item.payload) for item in batch.items]
            self.lane.wrote(batch)

    @precondition(lambda self: self.written)
    @rule(count=st.integers(1, 5))
    def grant(self, count: int) -> None:
        granted, self.written = self.written[:count], self.written[count:]
        self.lane.granted(len(granted), sum(granted))

    @rule(sequence=st.integers(0, 9))
    def refuse(self, sequence: int) -> None:
        if not self.over:
            self.lane.refused_by_peer(sequence, 1, "message_type")

    @rule()
    def end(self) -> None:
        if self.over or self.lane.unconfirmed.tells < 5:
            return
        self.over = True
        for sender in self.lane.refuse_waiting(lambda: PeerGone("gone")):
            sender.refused(PeerGone("gone"))
            self.lane.lost(PeerGone("gone"))
        for _ in self.lane.drop_queued() + self.lane.drop_unconfirmed():
            self.lane.lost(PeerGone("gone"))
        self.written.clear()
        assert all(sender.result is not None or sender.gone for sender in self.waiting)

    @invariant()
    def nobody_waits_where_there_is_credit(self) -> None:
        assert overlooked_on(self.lane) is None

    @invariant()
    def the_ledger_balances(self) -> None:
        self.scene.check()

    @invariant()
    def credit_is_held_by_what_is_under_way(self) -> None:
        if not self.over:
            stats = self.lane.statistics()
            assert stats.credit_messages == 4 - len(self.written) - sum(map(len, self.lane.queue))


TestLane = LaneMachine.TestCase


TestLane.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
