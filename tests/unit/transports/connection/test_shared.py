"""All connections of a node go by the same budgets."""

from __future__ import annotations

from peerbus.testing import VirtualLoop
from peerbus.transports.connection.shared import SharedByConnections


class Lane:
    """One that compresses."""

    def end(self) -> None:
        """It does without."""


def test_each_node_has_its_own() -> None:
    loop = VirtualLoop()
    try:
        one, other = SharedByConnections(loop), SharedByConnections(loop)
        assert one.compression.take(Lane(), 5)
        assert (one.compression.used, other.compression.used) == (5, 0)
        assert one.memory is not other.memory
        assert one.windows is not other.windows
    finally:
        loop.close()


def test_contexts_have_what_peers_leave() -> None:
    loop = VirtualLoop()
    try:
        shared = SharedByConnections(loop, memory=1000)
        share = shared.memory.share(lambda: 600, lambda why: None)
        share.look()
        assert not shared.compression.take(Lane(), 401)
        assert shared.compression.take(Lane(), 400)
    finally:
        loop.close()
