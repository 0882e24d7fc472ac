"""An onlooker of a node's bus: the facts of its event stream, in words, at the moment they are told."""

from __future__ import annotations

from collections.abc import Callable

from ...actors.bus import Bus
from ...actors.event_stream import Subscription
from ...actors.messages import ActorFailed, ActorRestarted, ActorTerminated, DeadLetter
from ...actors.router import LinkDown, LinkUp
from ...discovery.facts import PeerDown, PeerUp

__all__ = ["BusTap"]

FACTS = (ActorFailed, ActorRestarted, ActorTerminated, DeadLetter, LinkDown, LinkUp, PeerDown, PeerUp)


class BusTap(Subscription[object]):
    """Calls `heard(text)` for each fact, and keeps none. The bus must run; it ends with the bus.

    `name_of` gives a node id's name. Nothing that differs between two runs of one seed is in the text.
    """

    def __init__(self, bus: Bus, name_of: Callable[[str], str], heard: Callable[[str], None]) -> None:
        super().__init__(bus.events.stream, FACTS)
        self._name_of = name_of
        self._heard = heard

    def accept(self, event: object) -> None:
        """A fact."""
        match event:
            case LinkUp(link):
                self._heard(f"link up: {self._name_of(link.peer_id)}")
            case LinkDown(link, reason):
                self._heard(f"link down: {self._name_of(link.peer_id)}, {reason}")
            case PeerUp(node_id, _, direction):
                self._heard(f"peer up: {self._name_of(node_id)}, {direction.value}")
            case PeerDown(node_id, reason):
                self._heard(f"peer down: {self._name_of(node_id)}, {reason}")
            case ActorFailed(actor, error, directive):
                self._heard(f"{actor} failed, {directive}: {type(error).__name__}")
            case ActorRestarted(actor, restarts):
                self._heard(f"{actor} restarted, {restarts}")
            case ActorTerminated(actor, reason):
                self._heard(f"{actor} ended: {reason}")
            case DeadLetter(message, reason, to, _):
                self._heard(f"dead letter: {type(message).__name__} to {to}, {reason}")
            case _:
                pass
