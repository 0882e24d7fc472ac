"""All connections of a node go by the same budgets."""

from __future__ import annotations

from peerbus.testing import VirtualLoop
from peerbus.transports.connection.shared import SharedByConnections


def test_each_node_has_its_own() -> None:
    loop = VirtualLoop()
    try:
        one, other = SharedByConnections(loop), SharedByConnections(loop)
        assert one.compression.take(5)
        assert (one.compression.used, other.compression.used) == (5, 0)
        assert one.memory is not other.memory
        assert one.windows is not other.windows
    finally:
        loop.close()
