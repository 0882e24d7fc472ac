"""What is remembered of the places that names lead to: who answered there, and which are worth the next dial."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...transports.streams import Endpoint

__all__ = ["MOST_PLACES", "Whereabouts"]

#: Places of one name that one dial tries; the others have their turn at the next one.
MOST_PLACES = 8
#: Places that are remembered; beyond that the one that was tried least recently is forgotten.
MOST_REMEMBERED = 1024
#: Seconds after which nobody is said to be at a place any more: addresses are given to others.
REMEMBERED_FOR = 300.0


@dataclass(slots=True)
class _Place:
    node_id: str | None
    seen: float
    worked: float
    failed: float


class Whereabouts:
    """Of the node `self_id`. Times are `now` of any one clock, in seconds."""

    def __init__(self, self_id: str) -> None:
        self._self_id = self_id
        self._places: dict[Endpoint, _Place] = {}

    def order(self, places: Sequence[Endpoint], linked: Callable[[str], bool], now: float) -> list[Endpoint]:
        """Those of these places to dial, in this order; none where this node itself is at all of them.

        First the one that worked last, then those that failed longest ago. Of those where a node is that is connected
        already (`linked`) only one, as the last: there is nobody new.
        """
        fresh: list[Endpoint] = []
        known: list[Endpoint] = []
        for place in places:
            node_id = self._node_at(place, now)
            if node_id != self._self_id:
                (known if node_id is not None and linked(node_id) else fresh).append(place)
        fresh.sort(key=self._worth)
        return [*fresh[: MOST_PLACES - 1], *known[:1]]

    def answered(self, place: Endpoint, node_id: str | None, now: float, *, worked: bool) -> None:
        """A dial of that place has ended: this node was there, if anybody."""
        place = place.without_peer()
        before = self._places.pop(place, None) or _Place(None, -math.inf, -math.inf, -math.inf)
        if node_id is not None:
            before.node_id, before.seen = node_id, now
        if worked:
            before.worked = now
        else:
            before.failed = now
        self._places[place] = before
        while len(self._places) > MOST_REMEMBERED:
            del self._places[next(iter(self._places))]

    def _node_at(self, place: Endpoint, now: float) -> str | None:
        known = self._places.get(place.without_peer())
        return None if known is None or now - known.seen > REMEMBERED_FOR else known.node_id

    def _worth(self, place: Endpoint) -> tuple[float, float]:
        known = self._places.get(place.without_peer())
        if known is None:
            return 0.0, -math.inf
        return (-1.0, -known.worked) if known.worked > known.failed else (0.0, known.failed)
