"""One file, from the nodes that have it to one that wants it: two reactors, made to be read and copied."""

from __future__ import annotations

from .blocks import BLOCK_SIZE, Block, Blocks, GetBlock, GetServed, Served
from .sync import Progress, Sync

__all__ = [
    "BLOCK_SIZE",
    "Block",
    "Blocks",
    "GetBlock",
    "GetServed",
    "Progress",
    "Served",
    "Sync",
]
