"""The figures of a connection, from its parts."""

from __future__ import annotations

from ..lanes import FrameWriter
from .commands import ConnectionStatistics
from .frame_reader import FrameReader
from .greeting import Greeted
from .link import PeerLink
from .pulse import Pulse
from .rate_keeping import rates_of
from .receive_side import ReceiveSide
from .ruling import Ruling, refusals_of

__all__ = ["figures_of"]


def figures_of(
    greeted: Greeted,
    link: PeerLink,
    receive: ReceiveSide,
    reader: FrameReader,
    writer: FrameWriter,
    pulse: Pulse,
    ruling: Ruling,
    *,
    narrow: bool,
) -> ConnectionStatistics:
    """Counters and levels at this instant."""
    return ConnectionStatistics(
        peer_id=link.peer_id,
        name=greeted.peer.name,
        dialed=greeted.dialed,
        remote=str(greeted.stream.remote),
        secure=greeted.stream.secure,
        rtt=link.rtt,
        patience=pulse.patience,
        offers=link.offers,
        asks_in_flight=len(link.open_asks.by_rid),
        serving=receive.serving,
        bytes_received=reader.bytes_received,
        bytes_sent=writer.bytes_sent,
        unsolicited=link.open_asks.unsolicited + pulse.unsolicited,
        lanes=link.lanes.statistics(),
        narrow=narrow,
        refused=refusals_of(receive.lanes),
        rates=rates_of(receive.lanes),
        disbelieved=ruling.disbelieved(link.said),
    )
