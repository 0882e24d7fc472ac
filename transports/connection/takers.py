"""Who takes which frame of a peer, and how often one of each kind may come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..receiving import ReceiveSide
from ..sending import PeerLink
from ..wire import (
    Cancel,
    Close,
    Compressed,
    Credit,
    Describe,
    DescriptionFrame,
    EndFrame,
    Error,
    GoAway,
    GrantFrame,
    ItemsFrame,
    Open,
    Ping,
    Pong,
    ProbeFrame,
    Reply,
    Update,
    WindowFrame,
    ZeroCopyCompressed,
    ZeroCopyItems,
    ZeroCopyReply,
    within_bounds,
)
from .announcements import Announcements
from .compressing import Compressing
from .descriptions import Descriptions
from .halves import takers_of

__all__ = ["all_takers"]

#: Bytes of other frames that pay for a PING, and for its PONG: there is one behind each part, of 16 KiB, and behind as
#: many bytes of small frames.
BYTES_OF_PING = 1024
#: The same for a GRANT: one item takes more, of the smallest window.
BYTES_OF_GRANT = 8


def all_takers(
    link: PeerLink,
    receive: ReceiveSide,
    announcements: Announcements,
    descriptions: Descriptions,
    compressing: Compressing,
    *,
    pinged: Callable[[Ping], None],
    ponged: Callable[[Pong], None],
    told_to_go: Callable[[GoAway], None],
    now: Callable[[], float],
    bytes_in: Callable[[], int],
    bytes_out: Callable[[], int],
) -> dict[type, Callable[[Any], object]]:
    """The parts of one connection. `bytes_in`, `bytes_out`: what its stream gave and took so far."""
    asked, served = link.streams, receive.streams

    def items(frame: ItemsFrame | ZeroCopyItems) -> None:
        (asked if frame.lane % 2 else served).items(frame)

    def cancelled(frame: Cancel) -> None:
        served.cancelled(frame.rid)
        receive.cancelled(frame)

    takers: dict[type, Callable[[Any], object]] = {
        **takers_of(receive),
        Cancel: cancelled,
        Reply: link.replied,
        Error: link.failed,
        Credit: link.credited,
        WindowFrame: link.lanes.resized,
        Ping: pinged,
        Pong: ponged,
        Open: announcements.opened,
        Close: announcements.closed,
        Update: announcements.updated,
        GoAway: told_to_go,
        ZeroCopyReply: link.replied,
        ProbeFrame: receive.probed,
        Describe: descriptions.asked,
        DescriptionFrame: descriptions.described,
        Compressed: compressing.took,
        ZeroCopyCompressed: compressing.took,
        ItemsFrame: items,
        ZeroCopyItems: items,
        EndFrame: lambda frame: asked.ended(frame) if frame.lane % 2 else served.item_end(frame),
        GrantFrame: lambda frame: served.granted(frame) if frame.lane % 2 else asked.granted(frame),
    }
    paid: dict[type, Callable[[], float]] = {
        Ping: lambda: bytes_in() / BYTES_OF_PING,
        Pong: lambda: bytes_out() / BYTES_OF_PING,
        Cancel: receive.arrived,
        Reply: lambda: link.open_asks.last_rid,
        Error: link.lanes.sent,
        Credit: link.lanes.sent,
        EndFrame: lambda: link.open_asks.last_rid + receive.count_of_asks(),
        GrantFrame: lambda: bytes_out() / BYTES_OF_GRANT,
    }
    return within_bounds(takers, now, paid)
