"""The two halves of a connection, what it sends and what it receives, and what reads its frames: traced or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ...actors.bus import Bus
from ..compression import CompressionPool
from ..lanes import FrameWriter, ItemGrowth, WindowShare
from ..receiving import InsideReceiveSide, ReceiveSide, TracedInsideReceiveSide, TracedReceiveSide
from ..sending import InsideLink, PeerLink, TracedInsideLink, TracedLink
from ..streams import Sizing
from ..wire import (
    INSIDE,
    INSIDE_TRACED,
    PLAIN,
    TRACED_DECODERS,
    Ask,
    Codecs,
    FrameDecoders,
    SpansFrame,
    Tell,
    TracedAsk,
    TracedTell,
    ZeroCopyAsk,
    ZeroCopyTell,
    ZeroCopyTracedAsk,
    ZeroCopyTracedTell,
)
from .compressing import Compressing
from .greeting import Greeted
from .ruling import Ruling

__all__ = ["Halves", "halves", "takers_of"]


class Halves(NamedTuple):
    """See the module."""

    link: PeerLink
    receive: ReceiveSide
    decoders: FrameDecoders
    compressing: Compressing


def halves(
    bus: Bus,
    greeted: Greeted,
    codecs: Codecs,
    writer: FrameWriter,
    share: WindowShare,
    ruling: Ruling,
    pool: CompressionPool | None = None,
) -> Halves:
    """Those of a connection that was greeted, and what they compress. The writer gets the outbox of the link."""
    own, peer, tracer = greeted.own, greeted.peer, bus.tracer
    link: PeerLink
    receive: ReceiveSide
    if greeted.inside and tracer is None:
        link = InsideLink(bus, own, peer, codecs, writer)
        receive = InsideReceiveSide(bus, own, peer, codecs, link.outbox, writer, share)
    elif greeted.inside and tracer is not None:
        link = TracedInsideLink(bus, own, peer, codecs, writer, tracer)
        receive = TracedInsideReceiveSide(bus, own, peer, codecs, link.outbox, writer, share, tracer)
    elif tracer is None:
        link = PeerLink(bus, own, peer, codecs, writer)
        receive = ReceiveSide(bus, own, peer, codecs, link.outbox, writer, share, ruling.judge)
    else:
        link = TracedLink(bus, own, peer, codecs, writer, tracer)
        receive = TracedReceiveSide(bus, own, peer, codecs, link.outbox, writer, share, tracer, ruling.judge)
    writer.outbox = link.outbox
    if isinstance(greeted.stream, Sizing) and (whole := greeted.stream.whole) is not None:
        link.outbox.stays_here(whole)
    link.lanes.share = share
    if not greeted.inside:
        link.streams.growth = receive.streams.growth = ItemGrowth(bus.loop.time, link.outbox, share)
    link.believes = ruling.believes
    link.offer(peer.offers, peer.record)
    link.asked_here = receive.count_of_asks
    plain, traced = (INSIDE, INSIDE_TRACED) if greeted.inside else (PLAIN, TRACED_DECODERS)
    decoders = plain if tracer is None else traced
    pool = pool or CompressionPool()
    compressing = Compressing(codecs, link.lanes, receive, link.outbox, writer, decoders, pool, bus.loop.time)
    return Halves(link, receive, decoders, compressing)


def takers_of(receive: ReceiveSide) -> dict[type, Callable[[Any], None]]:
    """What takes a peer's messages, by the class of the frames that they come in."""
    if isinstance(receive, TracedReceiveSide | TracedInsideReceiveSide):
        told, asked = receive.told_traced, receive.asked_traced
        takers: dict[type, Callable[[Any], None]] = {
            TracedTell: told,
            ZeroCopyTracedTell: told,
            TracedAsk: asked,
            ZeroCopyTracedAsk: asked,
        }
        return takers if isinstance(receive, TracedReceiveSide) else {**takers, SpansFrame: receive.traced_there}
    return {Tell: receive.told, ZeroCopyTell: receive.told_large, Ask: receive.asked, ZeroCopyAsk: receive.asked}
