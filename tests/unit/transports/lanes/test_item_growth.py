"""Windows of streams: granted beyond what was taken while they bind, paid for, and given back."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from peerbus.actors.sends import DeadlineWheel
from peerbus.actors.streams import ItemBuffer, ItemWindow
from peerbus.actors.streams.credit import WINDOW_BYTES, WINDOW_ITEMS
from peerbus.transports.lanes import Outbox, RequestIds, WindowBudget
from peerbus.transports.lanes.item_growth import MOST_TIMES, ItemGrowth
from peerbus.transports.lanes.window_tuning import MESSAGE_COST

SIZE = 100


class Scene:
    """A stream at a round trip of `trip` seconds, whose sender uses all its credit at once."""

    def __init__(self, trip: float = 0.1, budget: int = 1 << 27) -> None:
        self.now = 0.0
        outbox = Outbox(RequestIds(), lambda lane, outgoing, error: None)
        outbox.pacer.tripped(trip, 0.0)
        self.budget = WindowBudget(budget)
        self.growth = ItemGrowth(lambda: self.now, outbox, self.budget.share())
        nothing = cast("asyncio.AbstractEventLoop", None), cast("DeadlineWheel", None)
        self.buffer = ItemBuffer(None, *nothing, ItemWindow())
        self.credit, self.credit_size = WINDOW_ITEMS, WINDOW_BYTES

    def goes(self, trips: int, *, keeps: float = 0.0) -> None:
        """For so many round trips what has credit comes, and the reader leaves that share of the window untaken."""
        window = self.buffer.window
        for _ in range(trips):
            self.now += 0.1
            came = min(self.credit, self.credit_size // SIZE)
            window.receive(came, came * SIZE, SIZE)
            self.credit, self.credit_size = self.credit - came, self.credit_size - came * SIZE
            while window.held[0] - 1 > keeps * window.whole[0]:
                items = min(window.due_items, window.held[0])
                due = window.take(items, items * SIZE)
                granted = due and self.growth.took(self, self.buffer, *due)
                if granted is not None:
                    self.credit, self.credit_size = self.credit + granted[0], self.credit_size + granted[1]


def test_a_window_that_binds_grows_and_what_it_takes_is_paid_and_given_back() -> None:
    scene = Scene()
    scene.goes(8)
    items, size = scene.buffer.window.whole
    assert items == MOST_TIMES * WINDOW_ITEMS
    assert scene.credit == items, "what it has grown by was not granted"
    paid = (items - WINDOW_ITEMS) * MESSAGE_COST + size - WINDOW_BYTES
    assert scene.budget.left == (1 << 27) - paid
    scene.growth.left(scene)
    scene.growth.left(scene)
    assert scene.budget.left == 1 << 27


def test_it_grows_no_further_than_the_budget_of_the_node() -> None:
    scene = Scene(budget=1 << 20)
    scene.goes(8)
    items, _ = scene.buffer.window.whole
    assert WINDOW_ITEMS < items < WINDOW_ITEMS + (1 << 20) // MESSAGE_COST
    assert 0 <= scene.budget.left < 1 << 20


def test_where_nobody_takes_all_that_waits_it_shrinks_by_granting_less_than_was_taken() -> None:
    scene = Scene()
    scene.goes(8)
    grown = scene.buffer.window.whole[0]
    scene.goes(60, keeps=0.75)
    window = scene.buffer.window
    assert window.whole[0] < grown / 2
    assert scene.credit + window.held[0] <= window.whole[0]
    scene.growth.left(scene)
    assert scene.budget.left == 1 << 27


@pytest.mark.parametrize(("trip", "keeps"), [(0.0001, 0.0), (0.1, 0.75)], ids=["near", "slow"])
def test_one_that_does_not_bind_stays_as_it_began(trip: float, keeps: float) -> None:
    scene = Scene(trip)
    scene.goes(20, keeps=keeps)
    assert scene.buffer.window.whole == (WINDOW_ITEMS, WINDOW_BYTES)


def test_of_what_takes_much_more_memory_than_bytes_no_more_bytes_come() -> None:
    scene = Scene()
    scene.buffer.per_byte = float(MOST_TIMES)
    scene.goes(8)
    assert scene.buffer.window.whole == (MOST_TIMES * WINDOW_ITEMS, WINDOW_BYTES)


def test_what_is_granted_before_anything_came_stays_as_it_is() -> None:
    scene = Scene()
    assert scene.growth.took(scene, scene.buffer, WINDOW_ITEMS, WINDOW_BYTES) == (WINDOW_ITEMS, WINDOW_BYTES)
    assert scene.growth.took(scene, scene.buffer, 0, 0) == (0, 0)
