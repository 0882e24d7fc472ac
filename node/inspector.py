"""The actor that tells others, by message, what goes on in their node: reactors, tools and tests ask it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from ..actors.actor import Actor
from ..actors.engine import Ending, handles
from ..actors.messages import LOCAL, Address
from ..actors.sends import WaitView
from .event_history import EventHistory, Happened
from .loop_lag import LoopLag
from .snapshot import NodeSnapshot

__all__ = ["INSPECTOR", "GetEvents", "GetSnapshot", "GetWaits", "Inspector"]

#: Its address. It has no channel, so no peer can reach it.
INSPECTOR: Address[object] = Address(LOCAL, "peerbus.node")


@dataclass(frozen=True, slots=True)
class GetSnapshot:
    """Ask for the node at this instant, a `NodeSnapshot`."""


@dataclass(frozen=True, slots=True)
class GetWaits:
    """Ask who waits for whom at this instant: a tuple of `WaitView`."""


@dataclass(frozen=True, slots=True)
class GetEvents:
    """Ask for the events that are kept and are newer than the number `after`: a tuple of `Happened`."""

    after: int = 0


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

    @handles(GetEvents)
    def _get_events(self, wanted: GetEvents) -> tuple[Happened, ...]:
        return self._events.since(wanted.after)
