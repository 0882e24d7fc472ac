"""The nodes that a dashboard shows: those that were named, or all that run here, also those that start later."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic

from ...actors.base import ConfigError
from ..client import AdminTarget
from .watched import WatchedNode

__all__ = ["Look", "WatchList"]

#: Nodes that one page shows.
MOST = 32
#: Seconds for which one that runs here no more is still shown, as lost: it may come again.
REMEMBERED = 600.0

#: Who runs here now: names, and where their admin APIs are.
Look = Callable[[], Awaitable[Sequence[tuple[str, AdminTarget]]]]


class WatchList:
    """See the module. `look`: None where the nodes were named, and stay these. On one event loop.

    A node is the one at its place: what starts again at the same socket is the same one. Where there are too many, one
    that is gone makes room, and of those that run the first are shown.

    Raises ConfigError for no node, or too many that were named.
    """

    def __init__(self, nodes: Sequence[tuple[str, AdminTarget]], look: Look | None = None) -> None:
        if not nodes or (look is None and len(nodes) > MOST):
            raise ConfigError(f"a dashboard shows 1 to {MOST} nodes, not {len(nodes)}")
        self._look = look
        self._looking = asyncio.Lock()
        self._made = 0
        self._nodes: dict[str, WatchedNode] = {}
        #: By key: when it was last seen to run.
        self._seen: dict[str, float] = {}
        #: Those that are shown no longer, and not closed yet.
        self._left: list[WatchedNode] = []
        #: Becomes another where there are others.
        self.version: int = 0
        self._take(nodes, monotonic())

    @property
    def nodes(self) -> tuple[WatchedNode, ...]:
        """Those that are shown, in the order in which they came."""
        return tuple(self._nodes.values())

    def get(self, key: str) -> WatchedNode | None:
        """The one of that key."""
        return self._nodes.get(key)

    @property
    def grows(self) -> bool:
        """Others are looked for."""
        return self._look is not None

    async def meet(self) -> None:
        """Have all say who they are."""
        await asyncio.gather(*(node.meet() for node in self.nodes))

    async def look(self, now: Callable[[], float] = monotonic) -> None:
        """Look who runs here now."""
        if self._look is None:
            return
        async with self._looking:
            for node in self._take(await self._look(), now()):
                await node.meet()
            self._forget(now() - REMEMBERED)
            while self._left:
                await self._left.pop().aclose()

    async def aclose(self) -> None:
        """Close what is kept open to them. Idempotent."""
        for node in (*self.nodes, *self._left):
            await node.aclose()

    def _take(self, found: Sequence[tuple[str, AdminTarget]], now: float) -> list[WatchedNode]:
        """Those of them that are new, and are shown from now on."""
        keys = {node.target.place: node.key for node in self._nodes.values()}
        self._seen |= {keys[target.place]: now for _, target in found if target.place in keys}
        new = []
        for name, target in found:
            if target.place in keys:
                continue
            if len(self._nodes) >= MOST:
                gone = min(self._seen, key=lambda each: self._seen[each])
                if self._seen[gone] >= now:
                    break  # all of them run
                self._drop(gone)
            node = WatchedNode(str(self._made), name, target)
            self._made += 1
            self._nodes[node.key], self._seen[node.key] = node, now
            new.append(node)
            self.version += 1
        return new

    def _forget(self, before: float) -> None:
        """Show those no longer that were not seen since then; the last one stays."""
        for key in [key for key, seen in self._seen.items() if seen < before][: len(self._nodes) - 1]:
            self._drop(key)

    def _drop(self, key: str) -> None:
        self._left.append(self._nodes.pop(key))
        del self._seen[key]
        self.version += 1
