from __future__ import annotations

from peerbus.actors.mailbox import ItemCounts
from peerbus.transports.lanes.arrived_items import ArrivedItems


def test_what_came_was_read_or_was_not_and_adds_up_at_every_moment() -> None:
    counts = ItemCounts()
    items = ArrivedItems(counts)
    assert counts.open == 0, "until something has come"
    items.came(10)
    assert (counts.open, counts.account.pending) == (1, 10)
    items.taken(4)
    assert (counts.account.delivered, counts.account.pending) == (4, 6)
    items.settle(5)
    account = counts.account
    assert (account.sent, account.delivered, dict(account.failed), account.pending) == (10, 5, {"cancelled": 5}, 0)
    assert (counts.open, account.balanced) == (0, True)
    items.settle(0)
    assert (counts.open, counts.account) == (0, account)
