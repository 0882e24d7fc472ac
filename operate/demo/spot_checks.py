"""What a node does that has its copy, while somebody looks on: it asks the archives for blocks, and compares."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Awaitable

from ...actors.actor import Actor
from ...actors.base import SendError, get_logger
from ...actors.engine import handles
from ...actors.messages import Message, Role
from ...node.blocksync import BLOCK_SIZE, Block, Blocks, GetBlock

__all__ = ["SpotChecks"]

log = get_logger("peerbus.demo")

#: Seconds between two rounds; blocks of one round, at least and at most; rounds from little to much and back.
EVERY, FEW, MANY, WAVE = 0.1, 1, 5, 200
#: Seconds that an archive has for a block.
PATIENCE = 2.0


class Round(Message):
    """It is time for some blocks."""


class SpotChecks(Actor):
    """Compares blocks of the file at that path with those of the archives, now more and now fewer of them."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self._path = file
        self._rng = random.Random(file)
        self._rounds = 0

    def on_start(self) -> None:
        """Begin."""
        self._file = os.open(self._path, os.O_RDONLY)
        self._blocks = -(-os.fstat(self._file).st_size // BLOCK_SIZE)
        if self._blocks:
            self.every(EVERY, Round(), missed="delay")

    @handles(Round)
    async def compare(self, _: Round) -> None:
        self._rounds += 1
        share = (1 - math.cos(2 * math.pi * self._rounds / WAVE)) / 2
        wanted = FEW + round(share * (MANY - FEW) * self._rng.random())
        asks = [self._ask(self._rng.randrange(self._blocks)) for _ in range(wanted)]
        for index, asked in asks:
            try:
                block = await asked
            except SendError:
                continue  # the archive has gone, or is slow: the next round asks another
            if os.pread(self._file, BLOCK_SIZE, index * BLOCK_SIZE) != block.data:
                log.error("a copy differs", file=self._path, block=index)

    def _ask(self, index: int) -> tuple[int, Awaitable[Block]]:
        return index, self.ask(Role("archive") / Blocks, GetBlock(index), reply=Block, timeout=PATIENCE)

    def on_stop(self) -> None:
        """Close the file."""
        os.close(self._file)
