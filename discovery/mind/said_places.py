"""Places that finders report without naming a node, as DNS does: which of them each source reports now."""

from __future__ import annotations

from collections.abc import Iterable

from ...transports.streams import Endpoint

__all__ = ["MOST_OF_A_SOURCE", "SaidPlaces"]

#: Places of one source; of a crowd these are as good as all.
MOST_OF_A_SOURCE = 64


class SaidPlaces:
    """By source. Endpoints without a node."""

    __slots__ = ("_said",)

    def __init__(self) -> None:
        self._said: dict[str, dict[Endpoint, None]] = {}

    def replace(self, source: str, endpoints: Iterable[Endpoint]) -> list[Endpoint]:
        """These are all that a source reports now, or the first of them; returns those that it no longer reports."""
        before = self._said.pop(source, {})
        places = list(dict.fromkeys(endpoint.without_peer() for endpoint in endpoints))[:MOST_OF_A_SOURCE]
        if places:
            self._said[source] = dict.fromkeys(places)
        return [place for place in before if place not in self._said.get(source, {})]

    def said_by(self, source: str) -> tuple[Endpoint, ...]:
        """What a source reports, in its order."""
        return tuple(self._said.get(source, ()))

    def of(self, place: Endpoint) -> tuple[str, ...]:
        """The sources that report a place."""
        return tuple(source for source, places in self._said.items() if place in places)
