"""Watches: which actors hear of the end of another, here or at a peer."""

from __future__ import annotations

from functools import partial
from typing import Any, Protocol

from ..base import PeerbusError, SendError
from ..engine import Cell, Life, NamesActors, Ref
from ..mailbox import Envelope
from ..messages import Address, Role, Terminated
from .directory import Directory
from .dispatch import Awaited, ByLoop, Group, way_to
from .outward import Outward

__all__ = ["WatchHost", "check_watchable", "unwatch", "watch"]


class KnowsLives(NamesActors, Protocol):
    """Knows which actors have not ended."""

    def runs(self, cell: Life) -> bool:
        """That cell has not ended."""


class WatchHost(Directory, Protocol):
    """What watching needs of the bus."""

    @property
    def actors(self) -> KnowsLives:
        """Its actors."""


def watch(bus: WatchHost, target: Ref[Any] | Address[Any], watcher: Cell) -> None:
    """Send `watcher` a Terminated when `target` ends, at once if it has. From any thread.

    Raises PeerbusError for what is not one actor, and for one of another bus.
    """
    check_watchable(bus, target)
    found = way_to(bus, target, watcher, by_loop=True)
    if isinstance(found, ByLoop):
        bus.on_loop(partial(watch, bus, target, watcher))
        return
    if isinstance(found, Cell):
        if not bus.actors.runs(found):
            watcher.terminated(found)
            return
        found.watch(watcher)
        if watcher.watching is None:
            watcher.watching = {}
        watcher.watching[found] = None
    elif isinstance(found, SendError):
        assert not isinstance(target, Ref)
        watcher.mailbox.put_system(Envelope(Terminated(target, found.reason)))
    else:
        assert not isinstance(found, Group | Awaited)
        assert not isinstance(target, Ref)
        if isinstance(found, Outward):
            found.watch(target, watcher.address)
        else:
            found.watch(target.reactor, watcher.address)


def unwatch(bus: WatchHost, target: Ref[Any] | Address[Any], watcher: Cell) -> None:
    """Forget the watch. From any thread. Raises as `watch`."""
    check_watchable(bus, target)
    found = way_to(bus, target, watcher, by_loop=True)
    if isinstance(found, ByLoop):
        bus.on_loop(partial(unwatch, bus, target, watcher))
        return
    if isinstance(found, Cell):
        found.unwatch(watcher)
        if watcher.watching is not None:
            watcher.watching.pop(found, None)
    elif not isinstance(found, SendError):
        assert not isinstance(found, Group | Awaited)
        assert not isinstance(target, Ref)
        if isinstance(found, Outward):
            found.unwatch(target, watcher.address)
        else:
            found.unwatch(target.reactor, watcher.address)


def check_watchable(bus: Directory, target: object) -> None:
    """Raise PeerbusError for what is not one actor, and for one of another bus."""
    if isinstance(target, Ref):
        if target._cell.bus is not bus:
            raise PeerbusError(f"{target} does not run on {bus.name}, which cannot watch it")
    elif not isinstance(target, Address) or isinstance(target.where, Role):
        raise PeerbusError(f"{target} may be another actor each time: watch a ref, a LOCAL or a Peer address")
