"""The connections of one node: children of the peer manager's actor, by the key that their greeting had."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping

from ...actors.actor import Actor
from ...actors.base import ActorStopped
from ...actors.engine import Ref
from ...transports.connection import ConnectionEnded, ConnectionStatistics, Greeted, PeerConnection
from ...transports.wire import Codecs

__all__ = ["Connections"]


class Connections:
    """For the actor `owner`. `ended(key, event)` hears of each that ends, once."""

    def __init__(
        self, owner: Actor, codecs: Codecs, ended: Callable[[int, ConnectionEnded], None], *, heartbeat: float
    ) -> None:
        self._owner = owner
        self._codecs = codecs
        self._ended = ended
        self._heartbeat = heartbeat
        #: Connections that have opened so far: of two to one peer the later one counts.
        self._opened = 0
        self._open: dict[int, Ref[PeerConnection]] = {}

    def open(self, greeted: Greeted, key: int, *, announce: tuple[object, ...], listed: bool) -> None:
        """Start one; see `PeerConnection`."""
        self._opened += 1
        order = self._opened
        self._open[key] = self._owner.spawn(
            lambda: PeerConnection(
                greeted,
                self._codecs,
                lambda event: self._ended(key, event),
                announce=announce,
                listed=listed,
                order=order,
                heartbeat=self._heartbeat,
            ),
            name=f"peer-{greeted.peer.node_id[:8]}-{key}",
        )

    def tell(self, key: int, command: object) -> bool:
        """Tell one something; False if it is not open. One that is ending by itself has no use for it any more."""
        connection = self._open.get(key)
        if connection is None:
            return False
        with contextlib.suppress(ActorStopped):
            if connection._cell.mailbox.closed is None:
                connection.tell(command)
        return True

    def tell_all(self, command: object) -> None:
        """Tell all of them something."""
        for key in tuple(self._open):
            self.tell(key, command)

    def forget(self, key: int) -> bool:
        """It has ended; False if that was known."""
        return self._open.pop(key, None) is not None

    def statistics(self) -> Mapping[str, ConnectionStatistics]:
        """Each by its actor's name."""
        found: dict[str, ConnectionStatistics] = {}
        for ref in self._open.values():
            actor = ref._cell.actor
            if isinstance(actor, PeerConnection):
                found[str(ref._cell)] = actor.statistics()
        return found
