"""The way to a worker while it has no process: sends wait in it, until their deadlines or the next process comes."""

from __future__ import annotations

import msgspec

from ...actors.bus import Bus
from ...transports.connection import InsideLink
from ...transports.wire import Codecs
from .setup import inside_hello

__all__ = ["standing_link"]


class _NoWriter:
    """There is no process to write to."""

    clear = False

    def schedule(self) -> None:
        """Nothing is written."""

    def write(self) -> None:
        """Nothing is written."""

    def write_frame(self, frame: bytes) -> None:
        """Nothing is written."""


def standing_link(bus: Bus, codecs: Codecs, before: InsideLink) -> InsideLink:
    """One for the reactors that ran there, in which whatever is sent waits."""
    channels = tuple(lane.info for lane in before.lanes.by_name.values())
    peer = inside_hello(before.peer_id, before.called.removeprefix("worker "), 0, bytes(16), channels)
    own = msgspec.structs.replace(peer, node_id=bus.node_id, channels=())
    link = InsideLink(bus, own, peer, codecs, _NoWriter())
    link.suspend()
    link.tell_of_end = before.tell_of_end
    bus.books.open(link.lanes)
    return link
