"""The experimental carrier over QUIC keeps the contract of transports, where its library is installed."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvloop
from brought import package

from peerbus.actors import Channel, Message, Peer, Reactor, Request, handles
from peerbus.node import Node
from peerbus.testing.suites import TransportPair
from peerbus.testing.suites.transport_pair import TransportCheck
from peerbus.testing.suites.transport_suite import TRANSPORT_CHECKS, run_check
from peerbus.transports import Endpoint, Identity, TransportOptions
from peerbus.transports.kinds import make_transport, read_endpoint
from peerbus.transports.streams import schemes

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "quic_transport"
DIALER, ACCEPTOR = Identity.from_seed(b"d" * 32), Identity.from_seed(b"a" * 32)

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pywebtransport") is None,
    reason="pywebtransport is not installed: it wants Python 3.12, and a wheel for this machine",
)


@pytest.fixture(scope="module", autouse=True)
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """As `pip install ./examples/quic_transport` does it, with nothing to fetch and nothing left."""
    points = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]["entry-points"]
    known, before = dict(schemes._REGISTERED), set(sys.modules)
    sys.path.insert(0, str(EXAMPLE))
    with package(tmp_path_factory.mktemp("installed"), "peerbus_quic_points", "", points):
        yield
    sys.path.remove(str(EXAMPLE))
    for name in set(sys.modules) - before:
        if name.startswith("peerbus_quic"):
            del sys.modules[name]
    schemes._REGISTERED.clear()
    schemes._REGISTERED.update(known)


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("check", TRANSPORT_CHECKS)
def test_contract(check: TransportCheck, loop_factory: Callable[[], asyncio.AbstractEventLoop]) -> None:
    def fresh() -> Endpoint:
        return read_endpoint("quic://127.0.0.1:0")

    dialer, acceptor = (make_transport(fresh(), TransportOptions(identity=each)) for each in (DIALER, ACCEPTOR))
    # UDP has nobody to refuse a dial, and a window is 1 MiB.
    pair = TransportPair(
        dialer,
        acceptor,
        fresh,
        DIALER.node_id,
        ACCEPTOR.node_id,
        refuses=False,
        more_than_buffers=12 * 1024 * 1024,
    )
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(run_check(check, pair))


class Said(Message, Request[str]):
    text: str


class Echo(Reactor):
    channel = Channel("echo", messages=(Said,))

    @handles(Said)
    def say(self, said: Said) -> str:
        return said.text


async def test_two_nodes_are_configured_with_it_and_talk() -> None:
    async with (
        Node("alice", listen=["quic://127.0.0.1:0"], reactors=[Echo]) as alice,
        Node("bob", peers=[str(alice.endpoints[0])], channels=[Echo.channel]) as bob,
    ):
        said = await bob.ask(Peer(alice.node_id) / Echo, Said("hello"), timeout=20.0, wait_for_peer=True)
        assert said == "hello"
        (connection,) = bob.snapshot().connections.values()
        assert connection.remote.startswith(f"quic://{alice.node_id}@")


async def test_a_signature_for_another_connection_proves_nobody() -> None:
    proof = importlib.import_module("peerbus_quic.proof")
    from peerbus.actors import HandshakeFailed

    stolen = DIALER.public_key_der + DIALER.sign(b"peerbus quic dialer\0" + b"what another connection exports")

    class Session:
        async def export_keying_material(self, **_: object) -> bytes:
            return b"what this connection exports"

    class Stream:
        async def readexactly(self, *, size: int) -> bytes:
            return stolen[:size]

    with pytest.raises(HandshakeFailed, match="has not signed for this connection"):
        await proof.prove_as_listener(Session(), Stream(), ACCEPTOR)
