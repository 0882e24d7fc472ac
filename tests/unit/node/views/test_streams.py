from __future__ import annotations

from peerbus.actors.mailbox import ItemCounts
from peerbus.node.views.streams import StreamsView, streams_of


def test_what_was_sent_is_shown_with_what_became_of_it() -> None:
    counts = ItemCounts()
    counts.sent, counts.delivered, counts.open, counts.standing = 9, 4, 2, 1
    counts.lost(3, "cancelled")
    assert streams_of({"blocks": counts}, []) == {"blocks": StreamsView(2, 1, 0, 9, 4, 3)}
    assert streams_of({}, []) == {}
