"""A store knows how many bolts its site has."""

from __future__ import annotations

from peerbus.actors import Channel, Reactor, handles

from .messages import Count, Counted


class Store(Reactor):
    """One for each site."""

    channel = Channel("store", messages=(Count, Counted), idempotent=(Count,))

    def __init__(self, site: str, bolts: int) -> None:
        super().__init__()
        self._counted = Counted(site, bolts)

    @handles(Count)
    def count(self, _: Count) -> Counted:
        return self._counted
