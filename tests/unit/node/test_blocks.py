from __future__ import annotations

import peerbus.node.blocks
import peerbus.node.blocksync


def test_a_configuration_that_names_blocks_by_its_former_place_finds_it() -> None:
    assert peerbus.node.blocks.Blocks is peerbus.node.blocksync.Blocks
