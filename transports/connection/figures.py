"""The figures of a connection, from its parts."""

from __future__ import annotations

from collections.abc import Mapping

from ..lanes import FrameWriter
from ..receiving import ReceiveSide, ServedStreams, StreamReply
from ..sending import OpenAsks, PeerLink, RemoteStreamAsk
from .commands import ConnectionStatistics
from .frame_reader import FrameReader
from .greeting import Greeted
from .pulse import Pulse
from .rate_keeping import rates_of
from .ruling import Ruling, refusals_of
from .stream_figures import StreamFigures

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
        streams=_streams(link.open_asks, receive.streams),
    )


def _streams(asks: OpenAsks, served: ServedStreams) -> Mapping[str, StreamFigures]:
    """By channel; those without an open stream are left out."""
    found: dict[str, list[int]] = {}
    for channel, reply in served.all_open():
        sums = found.setdefault(channel, [0, 0, 0, 0, 0])
        sums[0] += 1
        sums[2] += reply.down.credit.sent
        sums[3] += reply.down.room.standing
        sums[4] += reply.up.untaken if isinstance(reply, StreamReply) and reply.up is not None else 0
    for outgoing in asks.by_rid.values():
        ask = outgoing.reply
        if isinstance(ask, RemoteStreamAsk) and ask.lane is not None:
            sums = found.setdefault(ask.lane.info.name, [0, 0, 0, 0, 0])
            sums[1] += 1
            sums[4] += ask.buffer.untaken
            if ask.sink is not None:
                sums[2] += ask.sink.credit.sent
                sums[3] += ask.sink.room.standing
    return {channel: StreamFigures(*sums) for channel, sums in sorted(found.items())}
