"""What all connections of a node have together: budgets, turns, and rules."""

from __future__ import annotations

import asyncio

from ..compression import CompressionPool
from ..lanes import WindowBudget
from ..rules import PeerRules
from .peer_memory import PEER_MEMORY, PeerMemory
from .read_turns import ReadTurns

__all__ = ["SharedByConnections"]


class SharedByConnections:
    """That of one node, or of one connection that is alone. `memory`: bytes that peers may make it hold."""

    __slots__ = ("compression", "memory", "rules", "turns", "windows")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, rules: PeerRules | None = None, memory: int = PEER_MEMORY
    ) -> None:
        #: What the windows of all may grow by, of what their peers may make the node hold.
        self.windows = WindowBudget.of_memory(memory)
        #: By which those that say much are read.
        self.turns = ReadTurns(loop)
        #: What they compress with.
        self.compression = CompressionPool()
        #: What their peers may make the node hold, the contexts of that among it.
        self.memory = PeerMemory(memory, loop.time, self.compression)
        #: What their peers may do.
        self.rules = rules or PeerRules()
