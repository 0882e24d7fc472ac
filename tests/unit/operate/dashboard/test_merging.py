"""Whoever reads slowly gets the latest of each node, and not all that came meanwhile."""

from __future__ import annotations

from peerbus.operate.dashboard.merging import _Latest


async def test_the_latest_of_each_node_is_kept_and_no_more() -> None:
    latest = _Latest()
    for number in range(9):
        latest.put("0", b"a%d" % number)
    latest.put("1", b"b")
    latest.lost("2", 'it "went"')
    assert await latest.take() == b"a8b" + b'event: lost@2\ndata: {"text": "it \\"went\\""}\n\n'
    latest.put("1", b"c")
    assert await latest.take() == b"c"
