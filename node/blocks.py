"""The place of `Blocks` in configurations of before 0.3: `peerbus.node.blocks:Blocks`. See `blocksync`."""

from __future__ import annotations

from .blocksync import Blocks

__all__ = ["Blocks"]
