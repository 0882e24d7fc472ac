"""The way to a worker while it has no process: sends wait in it, until their deadlines or the next process comes."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ...actors.bus import Bus
from ...transports.sending import InsideLink
from ...transports.wire import ChannelInfo, Codecs
from .setup import inside_hello

__all__ = ["link_without_process", "standing_link"]


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
    channels = [lane.info for lane in before.lanes.by_name.values()]
    name = before.called.removeprefix("worker ")
    link = link_without_process(bus, codecs, before.peer_id, name, channels)
    link.tell_of_end = before.tell_of_end
    return link


def link_without_process(
    bus: Bus, codecs: Codecs, worker_id: str, name: str, channels: Sequence[ChannelInfo]
) -> InsideLink:
    """The same for a worker of that name, whose reactors have these channels."""
    peer = inside_hello(worker_id, name, 0, bytes(16), tuple(channels))
    own = msgspec.structs.replace(peer, node_id=bus.node_id, channels=())
    link = InsideLink(bus, own, peer, codecs, _NoWriter())
    link.suspend()
    bus.books.open(link.lanes)
    return link
