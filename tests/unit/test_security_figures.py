"""The numbers in docs/security.md are those of the code; the tables of docs/limits.md are written from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from peerbus.actors.base.log import MOST_TEXT
from peerbus.actors.base.log_pace import LINES, LINES_OF_ALL
from peerbus.actors.messages.channel import DEFAULT_MAX_ELEMENTS
from peerbus.discovery.mdns.heard_from import MAX_NAMES, NAMES_OF_ONE, PACKETS_A_SECOND
from peerbus.discovery.mind.dial_targets import A_PLACE
from peerbus.discovery.peer import PeerOptions
from peerbus.operate.serving.server import Bounds
from peerbus.patterns.gossip.neighbour import DISTRUST, MOST_BROKEN
from peerbus.transports.compression.expander import RATIO
from peerbus.transports.connection.read_turns import SLICE
from peerbus.transports.lanes.stream_limit import MAX_STREAMS
from peerbus.transports.libp2p import connection, idle_traffic, yamux
from peerbus.transports.nats.server_connection import MOST_IDLE
from peerbus.transports.streams import startups, tls_session, tls_turns
from peerbus.transports.wire.allowances import BOUNDS
from peerbus.transports.wire.hello import MAX_CHANNELS

PAGE = " ".join((Path(__file__).resolve().parents[2] / "docs" / "security.md").read_text(encoding="utf-8").split())
CHANGES, A_SECOND = BOUNDS["UPDATE"]
#: What the page says, as the code has it.
SAID = [
    f"each event of a node {LINES} lines a second are told, of all together {LINES_OF_ALL}",
    f"a reserve of {startups.RESERVE} places",
    f"with {startups.MAX_SILENT - 1} others at most",
    f"from {startups.MAX_STARTUPS[0]} pending on, all at {startups.MAX_STARTUPS[2]}",
    f"({startups.PENALTIES['certificate']:g} for a wrong certificate or frame, {startups.PENALTIES['timeout']:g} for "
    f"silence, {startups.PENALTIES['connection']:g} for an end without a word); from {startups.LEAST_PENALTY:g} on",
    f"{SLICE * 1000:g} ms of a turn for one peer",
    f"{MAX_STREAMS} are open on a channel",
    f"and {BOUNDS['CANCEL of a stream'][1]} a second beside that",
    f"{MAX_CHANNELS} channels on one connection, and {CHANGES} changes at once, {A_SECOND} a second",
    f"{DEFAULT_MAX_ELEMENTS:,} values in a message",
    f"OpenSSL is given {tls_session.RECORDS} records at a time",
    f"reads {tls_turns.SLICE // tls_turns.IDLE} that carry nothing, or {tls_turns.SLICE} that do",
    f"{tls_session.IDLE_RECORDS} that carry nothing end the connection",
    f"a handshake takes {tls_session.HANDSHAKE_BYTES >> 10} KiB",
    f"a line shows {MOST_TEXT} characters of a field",
    f"{idle_traffic.IDLE_BYTES >> 10} KiB may come that carry nothing, {idle_traffic.FORGIVEN / 1024:g} KiB a second",
    f"{connection.MOST_BARE:,}".replace(",", " ") + f" such frames in one read; {yamux.MAX_STREAMS} streams are open",
    f"{MOST_BROKEN} lies cost a minute",
    f"{MOST_IDLE} of them a turn of the loop",
    f"where all {Bounds.CLIENTS} places are taken",
    f"one machine has {NAMES_OF_ONE} names of {MAX_NAMES:,} and {PACKETS_A_SECOND:g} packets a second",
    f"first dials to one place are {A_PLACE} a minute, to one address {PeerOptions().dials_a_minute / 2:g}",
    f"held against the lane's limit and {RATIO} times what came",
]


@pytest.mark.parametrize("said", SAID)
def test_the_page_says_the_numbers_of_the_code(said: str) -> None:
    assert said in PAGE


def test_a_minute_and_a_quarter_are_what_the_page_says() -> None:
    assert DISTRUST == 60.0
    assert 4 * PeerOptions(max_connected=64).reserved_outgoing == 64
