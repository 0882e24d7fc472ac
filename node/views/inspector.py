"""The actor that tells others, by message, what goes on in their node: reactors, tools and tests ask it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from ...actors.actor import Actor
from ...actors.base import RemoteError, SendError, did_you_mean
from ...actors.engine import Ending, handles
from ...actors.messages import LOCAL, Address
from ...actors.pools import ResizePool
from ...actors.sends import WaitView
from ...discovery.mind import LeverResult
from ..process import LoopLag
from .event_history import EventHistory, Happened
from .snapshot import NodeSnapshot

__all__ = ["INSPECTOR", "GetEvents", "GetSnapshot", "GetWaits", "Inspector", "SetPoolMembers"]

#: Its address. It has no channel, so no peer can reach it.
INSPECTOR: Address[object] = Address(LOCAL, "peerbus.node")


@dataclass(frozen=True, slots=True)
class GetSnapshot:
    """Ask for the node at this instant, a `NodeSnapshot`.

    ```python
    snapshot = await node.ask(INSPECTOR, GetSnapshot(), reply=NodeSnapshot)
    ```
    """


@dataclass(frozen=True, slots=True)
class GetWaits:
    """Ask who waits for whom at this instant: a tuple of `WaitView`.

    ```python
    waits = await node.ask(INSPECTOR, GetWaits())
    ```
    """


@dataclass(frozen=True, slots=True)
class GetEvents:
    """Ask for the events that are kept and are newer than the number `after`: a tuple of `Happened`.

    ```python
    events = await node.ask(INSPECTOR, GetEvents(after=0))
    ```
    """

    after: int = 0


@dataclass(frozen=True, slots=True)
class SetPoolMembers:
    """Change how many members a pool has: a `LeverResult`. Refused: `unknown_pool`, `bounds`, `failed`."""

    pool: str
    members: int


class Inspector(Actor):
    """See the module. Levers are messages to the peer manager's actor, `LOCAL / "peerbus.peers"`."""

    ends_in: ClassVar[Ending | None] = Ending.SERVICE

    def __init__(
        self,
        snapshot: Callable[[], NodeSnapshot],
        waits: Callable[[], tuple[WaitView, ...]],
        events: EventHistory,
        lag: LoopLag,
    ) -> None:
        super().__init__()
        self._snapshot = snapshot
        self._waits = waits
        self._events = events
        self._lag = lag

    def on_start(self) -> None:
        """Look how late the loop is, from now on."""
        self._lag.start()

    def on_stop(self) -> None:
        """Look no more."""
        self._lag.close()

    @handles(GetSnapshot)
    def _get_snapshot(self, _: GetSnapshot) -> NodeSnapshot:
        return self._snapshot()

    @handles(GetWaits)
    def _get_waits(self, _: GetWaits) -> tuple[WaitView, ...]:
        return self._waits()

    @handles(SetPoolMembers, reentrant=True)
    async def _set_pool_members(self, wanted: SetPoolMembers) -> LeverResult:
        look = self.bus.actors.pools.get(wanted.pool)
        if look is None:
            known = sorted(self.bus.actors.pools)
            text = f"no pool is called {wanted.pool[:80]!r} here; there are: {', '.join(known) or 'none'}"
            return LeverResult(False, "unknown_pool", f"{text}{did_you_mean(wanted.pool, known)}")
        view = look()
        if not view.lower <= wanted.members <= view.upper:
            text = f"{view.name} has {view.lower} to {view.upper} members, not {wanted.members}"
            return LeverResult(False, "bounds", text)
        try:
            await self.ask(LOCAL / view.name, ResizePool(wanted.members))
        except (RemoteError, SendError) as error:
            return LeverResult(False, "failed", f"{view.name} cannot have {wanted.members} members: {error}")
        return LeverResult(True)

    @handles(GetEvents)
    def _get_events(self, wanted: GetEvents) -> tuple[Happened, ...]:
        return self._events.since(wanted.after)
