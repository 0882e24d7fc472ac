"""Every transport keeps the contract, on every event loop."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvloop

from peerbus.testing import FaultyNetwork, Uniform
from peerbus.testing.suites.ending_checks import closing_gives_up_on_a_reader_that_never_reads
from peerbus.testing.suites.transport_pair import TransportCheck, TransportFactory, TransportPair
from peerbus.testing.suites.transport_suite import TRANSPORT_CHECKS, run_check
from peerbus.transports.libp2p import Libp2pTransport, libp2p_stream
from peerbus.transports.streams import memory_stream, socket_stream
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.memory import MemoryNetwork
from peerbus.transports.streams.tcp import TcpTransport
from peerbus.transports.streams.unix import UnixTransport

DIALER = Identity.from_seed(b"d" * 32)
ACCEPTOR = Identity.from_seed(b"a" * 32)


def memory() -> contextlib.AbstractContextManager[TransportPair]:
    return _in_memory(MemoryNetwork())


def memory_over_a_slow_network() -> contextlib.AbstractContextManager[TransportPair]:
    return _in_memory(FaultyNetwork(1, latency=Uniform(0.0, 0.0005), jitter=0.0005))


@contextlib.contextmanager
def _in_memory(network: MemoryNetwork) -> Iterator[TransportPair]:
    names = itertools.count()
    yield TransportPair(
        network.transport(DIALER.node_id),
        network.transport(ACCEPTOR.node_id),
        lambda: Endpoint("memory", path=f"name-{next(names)}"),
        DIALER.node_id,
        ACCEPTOR.node_id,
    )


@contextlib.contextmanager
def tcp(host: str = "127.0.0.1") -> Iterator[TransportPair]:
    yield TransportPair(
        TcpTransport(DIALER),
        TcpTransport(ACCEPTOR),
        lambda: Endpoint("tcp", host=host),
        DIALER.node_id,
        ACCEPTOR.node_id,
    )


def tcp_ipv6() -> contextlib.AbstractContextManager[TransportPair]:
    return tcp("::1")


@contextlib.contextmanager
def tcp_plaintext() -> Iterator[TransportPair]:
    yield TransportPair(
        TcpTransport(plaintext=True), TcpTransport(plaintext=True), lambda: Endpoint("tcp", host="127.0.0.1")
    )


@contextlib.contextmanager
def libp2p() -> Iterator[TransportPair]:
    yield TransportPair(
        Libp2pTransport(DIALER),
        Libp2pTransport(ACCEPTOR),
        lambda: Endpoint("libp2p+tcp", host="127.0.0.1"),
        DIALER.node_id,
        ACCEPTOR.node_id,
    )


@contextlib.contextmanager
def unix() -> Iterator[TransportPair]:
    with _sockets() as fresh:
        yield TransportPair(UnixTransport(), UnixTransport(), fresh)


@contextlib.contextmanager
def unix_secure() -> Iterator[TransportPair]:
    with _sockets() as fresh:
        yield TransportPair(
            UnixTransport(DIALER, secure=True),
            UnixTransport(ACCEPTOR, secure=True),
            fresh,
            DIALER.node_id,
            ACCEPTOR.node_id,
        )


@contextlib.contextmanager
def _sockets() -> Iterator[Callable[[], Endpoint]]:
    # Not pytest's tmp_path: its paths are too long for a socket.
    with tempfile.TemporaryDirectory(prefix="pb") as folder:
        numbers = itertools.count()
        yield lambda: Endpoint("unix", path=f"{folder}/{next(numbers)}.sock")
        assert not list(Path(folder).iterdir()), "a socket file was left behind"


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize(
    "factory", [memory, memory_over_a_slow_network, tcp, tcp_ipv6, tcp_plaintext, libp2p, unix, unix_secure]
)
@pytest.mark.parametrize("check", TRANSPORT_CHECKS)
def test_contract(
    check: TransportCheck,
    factory: TransportFactory,
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if check is closing_gives_up_on_a_reader_that_never_reads:
        for module in (socket_stream, memory_stream, libp2p_stream):
            monkeypatch.setattr(module, "FLUSH_TIMEOUT", 0.05)
    with factory() as pair, asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(run_check(check, pair))
