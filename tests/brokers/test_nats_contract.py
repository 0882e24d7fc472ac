"""Streams over a real nats-server keep the contract, on both event loops."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator

import pytest
import uvloop
from nats_servers import Broker, running

from peerbus.testing.suites.ending_checks import closing_gives_up_on_a_reader_that_never_reads
from peerbus.testing.suites.transport_pair import TransportCheck, TransportPair
from peerbus.testing.suites.transport_suite import TRANSPORT_CHECKS, run_check
from peerbus.transports.kinds import read_endpoint
from peerbus.transports.nats import NatsServer, NatsTransport
from peerbus.transports.streams import Identity, relayed_stream

DIALER, ACCEPTOR = Identity.from_seed(b"d" * 32), Identity.from_seed(b"a" * 32)
INBOXES = itertools.count()


@pytest.fixture(scope="module")
def server() -> Iterator[Broker]:
    with running() as found:
        yield found


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("check", TRANSPORT_CHECKS)
def test_contract(
    check: TransportCheck,
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
    server: Broker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if check is closing_gives_up_on_a_reader_that_never_reads:
        monkeypatch.setattr(relayed_stream, "FLUSH_TIMEOUT", 0.05)
    at = [NatsServer("127.0.0.1", server.port)]
    pair = TransportPair(
        NatsTransport(DIALER, at),
        NatsTransport(ACCEPTOR, at),
        lambda: read_endpoint(f"{server.url}/lan/inbox-{next(INBOXES):06}"),
        DIALER.node_id,
        ACCEPTOR.node_id,
    )
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(run_check(check, pair))
