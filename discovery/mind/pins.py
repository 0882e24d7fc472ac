"""Which node answered first at an address that the configuration names without an id: it, and no other, is taken there.

Trust on first use, as OpenSSH's known_hosts has it. A name is none of it: it may stand for many nodes, one after the
other, and where one is meant, the endpoint can say its id.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...transports.streams import Endpoint

__all__ = ["Pins"]


class Pins:
    """By address. `on`: whether it pins at all. As many as the configuration names addresses."""

    __slots__ = ("_nodes", "_on")

    def __init__(self, on: bool) -> None:
        self._on = on
        self._nodes: dict[Endpoint, str] = {}

    def __iter__(self) -> Iterator[tuple[Endpoint, str]]:
        return iter(self._nodes.items())

    def of(self, endpoint: Endpoint) -> str | None:
        """The node that is pinned there."""
        return self._nodes.get(endpoint.without_peer())

    def answered(self, endpoint: Endpoint, node_id: str) -> None:
        """That node proved its id there; the first one is pinned."""
        if self._on and endpoint.direct and not endpoint.is_name:
            self._nodes.setdefault(endpoint.without_peer(), node_id)

    def restore(self, endpoint: Endpoint, node_id: str) -> None:
        """The book says so."""
        self.answered(endpoint, node_id)

    def has(self, node_id: str) -> bool:
        """Whether that node is pinned anywhere."""
        return node_id in self._nodes.values()

    def forget(self, node_id: str) -> tuple[Endpoint, ...]:
        """Pin that node nowhere any more; returns where it was."""
        places = tuple(place for place, pinned in self._nodes.items() if pinned == node_id)
        for place in places:
            del self._nodes[place]
        return places
