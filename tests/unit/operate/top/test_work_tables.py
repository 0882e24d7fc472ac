from __future__ import annotations

from peerbus.actors.pool_view import MemberView, PoolView
from peerbus.node.views.streams import StreamsView
from peerbus.node.workers import WorkerView
from peerbus.operate.top.rates import Rates
from peerbus.operate.top.row_cells import BAD, ODD
from peerbus.operate.top.sample import Shown, TopSample
from peerbus.operate.top.tables import COLUMNS, rows_of
from peerbus.patterns import GossipView
from peerbus.patterns.gossip import NodeGossip
from peerbus.patterns.pattern_views import PatternViews
from peerbus.patterns.singleton import NodeSingleton

MEMBER = MemberView("hash.1", "running", "process", 3, 1, 7, 2, 42)
SAMPLE = TopSample(
    at=0.0,
    node=None,  # type: ignore[arg-type]  # these tables show nothing of it
    connections={},
    pools=(PoolView("hash", "Hash", "hash", "running", "least", 1, (MEMBER,), 1, 4, False, 0, None, 0, False),),
    workers=(WorkerView("crunch", "ended", 0, ("hash",), 2, "was killed"),),
    streams={"blocks": StreamsView(2, 1, 3, 10, 8, 1)},
    patterns=PatternViews(
        (NodeGossip("mempool", "miner", GossipView(5, 900, 6, 0, 0, 9, 12, 1, 0, 0, 2, 0)),),
        (NodeSingleton("l.one", "ledger", "bank", "elsewhere", ("a", "b"), 3, True),),
    ),
)


def test_each_table_has_a_row_of_its_columns_and_what_is_odd_has_a_colour() -> None:
    found = {}
    for shown in (Shown.POOLS, Shown.WORKERS, Shown.STREAMS, Shown.PATTERNS):
        rows = rows_of(SAMPLE, shown, Rates())
        titles = {column.title for column in COLUMNS[shown]}
        assert all(row.texts.keys() <= titles for row in rows)
        found[shown] = rows
    (member,), (worker,), (streams,), (gossip, one) = found.values()
    assert (member.texts["MEMBER"], member.texts["PID"], member.values["QUEUE"]) == ("hash.1", "42", 3)
    assert (worker.texts["LAST END"], worker.styles["STATE"]) == ("was killed", BAD)
    assert (streams.values["PENDING"], streams.styles["STAND"]) == (1, ODD)
    assert (gossip.texts["STATE"], gossip.values["ODD"]) == ("alone", 3)
    assert (one.texts["STATE"], one.styles["STATE"]) == ("2 run", BAD)
