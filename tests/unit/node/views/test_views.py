"""A node shows itself while it runs, and says so where it does not."""

from __future__ import annotations

import pytest

from peerbus.actors import ConfigError
from peerbus.node import Node


async def test_a_node_shows_what_goes_on_in_it_while_it_runs() -> None:
    node = Node("alice")
    with pytest.raises(ConfigError, match="alice does not run"):
        node.snapshot()
    async with node:
        assert node.snapshot().name == "alice"
        assert node.waits() == ()
        assert node.events.since() == ()
