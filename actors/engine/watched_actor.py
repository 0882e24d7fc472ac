"""What hears of an actor's end. On the bus's loop thread."""

from __future__ import annotations

from ..mailbox import Envelope
from ..messages import LOCAL, Address, Terminated
from .named_actor import NamedActor

__all__ = ["WatchedActor"]


class WatchedActor(NamedActor):
    """An actor with its watchers; `Life` sets all this."""

    __slots__ = ("reason", "watchers", "watching")

    #: Why it has ended, or is about to.
    reason: str
    #: The watchers that the bus tells of the end.
    watchers: dict[WatchedActor, None] | None
    #: Whose watcher this is.
    watching: dict[WatchedActor, None] | None

    def watch(self, watcher: WatchedActor) -> None:
        """Send `watcher` a Terminated when this cell ends. On the bus's loop thread, while the bus knows the cell."""
        if self.watchers is None:
            self.watchers = {}
        self.watchers[watcher] = None

    def unwatch(self, watcher: WatchedActor) -> None:
        """Forget the watch."""
        if self.watchers is not None:
            self.watchers.pop(watcher, None)

    def tell_watchers(self) -> None:
        """The cell has ended: its watchers hear of it."""
        watchers, self.watchers = self.watchers, None
        for watcher in watchers or ():
            if watcher.watching is not None:
                watcher.watching.pop(self, None)
            watcher.terminated(self)

    def terminated(self, watched: WatchedActor) -> None:
        """What this cell watches has ended. From any thread."""
        where = watched.address or Address(LOCAL, str(watched))
        self.mailbox.put_system(Envelope(Terminated(where, watched.reason)))
