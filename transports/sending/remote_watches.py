"""Actors here that watch a peer's reactors, and hear of the end of each once."""

from __future__ import annotations

from collections.abc import Callable, Container

from ...actors.base import NoSuchReactor
from ...actors.messages import Address, Local, Peer, Terminated

__all__ = ["RemoteWatches"]


class RemoteWatches:
    """Those of one link. `notify(watcher, event)` tells an actor here, by its name. On the loop's thread only."""

    __slots__ = ("_tell", "_watchers", "_where")

    def __init__(self, notify: Callable[[str, Terminated], object], where: Local | Peer) -> None:
        self._tell = notify
        self._where = where
        self._watchers: dict[str, dict[Address[object], None]] = {}

    def watch(self, reactor: str, watcher: Address[object] | None, *, there: bool) -> None:
        """Tell `watcher` when the reactor stops; at once where it is not `there`."""
        if watcher is None:
            return
        if there:
            self._watchers.setdefault(reactor, {})[watcher] = None
        else:
            self._notify(watcher, reactor, NoSuchReactor.reason)

    def unwatch(self, reactor: str, watcher: Address[object] | None) -> None:
        """Forget the watch."""
        if watcher is not None:
            self._watchers.get(reactor, {}).pop(watcher, None)

    def ended(self, reactor: str, reason: str) -> None:
        """The reactor has stopped."""
        for watcher in self._watchers.pop(reactor, ()):
            self._notify(watcher, reactor, reason)

    def all_ended(self, reason: str) -> None:
        """The connection has ended."""
        for reactor in list(self._watchers):
            self.ended(reactor, reason)

    def hand_over(self, successor: RemoteWatches, known: Container[str]) -> None:
        """Another connection has taken the place of this one: it watches those reactors that are `known` there."""
        for reactor in [name for name in self._watchers if name in known]:
            successor._watchers.setdefault(reactor, {}).update(self._watchers.pop(reactor))

    def _notify(self, watcher: Address[object], reactor: str, reason: str) -> None:
        self._tell(watcher.reactor, Terminated(Address(self._where, reactor), reason))
