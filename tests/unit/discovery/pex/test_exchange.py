"""The reactor of peer exchange alone: whom it answers, what it takes from whom, and the bounds of its messages."""

from __future__ import annotations

import pytest

from peerbus.actors import LOCAL, MessageTypeError, RemoteError
from peerbus.discovery.facts.commands import PEERS_ACTOR
from peerbus.discovery.facts.messages import ReportPeer
from peerbus.discovery.facts.require import Require
from peerbus.discovery.facts.scores import ScoreReason
from peerbus.discovery.pex.exchange import READ_AT_MOST, GetPeers, PeerExchange, PeerRecords
from peerbus.discovery.pex.options import PexOptions
from peerbus.discovery.pex.pex import MAX_RECORDS
from peerbus.testing import Alone, Told
from peerbus.transports.wire import RECORD_LIMIT
from peerbus.transports.wire.payload import ChannelCodec

A = "a" * 64
LARGE = 1 << 24


def alone() -> Alone[PeerExchange]:
    return Alone(lambda: PeerExchange(A, "demo", PexOptions(), [Require(role="archive", at_least=1)]))


async def test_it_answers_only_connected_peers() -> None:
    async with alone() as exchange:
        asked = exchange.ask(GetPeers("", 8))
        with pytest.raises(RemoteError, match="unknown: only connected peers are answered"):
            await asked
        assert exchange.sent == []


async def test_who_sends_records_that_nobody_asked_for_is_reported() -> None:
    async with alone() as exchange:
        await exchange.tell(PeerRecords((b"nonsense",)))
        (told,) = exchange.sent
        assert told == Told(LOCAL / PEERS_ACTOR, ReportPeer("test", ScoreReason.UNSOLICITED))
        assert exchange.actor.statistics().faults == {"unsolicited": 1}


async def test_without_a_peer_it_asks_nobody_whatever_is_missing() -> None:
    async with alone() as exchange:
        await exchange.advance(600)
        assert exchange.sent == []
        counted = exchange.actor.statistics()
        assert (counted.neighbours, counted.polled) == (0, 0)


@pytest.mark.parametrize(
    "message", [GetPeers("", 1), GetPeers("archive", MAX_RECORDS), PeerRecords((b"x" * RECORD_LIMIT,)), PeerRecords(())]
)
def test_what_is_within_bounds_travels(message: GetPeers | PeerRecords) -> None:
    codec = ChannelCodec(PeerExchange.channel)
    assert codec.decode(*codec.encode(message, LARGE)) == message


@pytest.mark.parametrize(
    "message",
    [
        GetPeers("", 0),
        GetPeers("", MAX_RECORDS + 1),
        GetPeers("r" * 64, 1),
        PeerRecords((b"x" * (RECORD_LIMIT + 1),)),
        PeerRecords((b"",) * (READ_AT_MOST + 1)),
    ],
    ids=lambda message: type(message).__name__,
)
def test_what_is_not_is_refused_where_it_arrives(message: GetPeers | PeerRecords) -> None:
    codec = ChannelCodec(PeerExchange.channel)
    with pytest.raises(MessageTypeError):
        codec.decode(*codec.encode(message, LARGE))
