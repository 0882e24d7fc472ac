"""A package that brings a transport of its own joins by being installed, and keeps the contract."""

from __future__ import annotations

import asyncio
import itertools
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvloop
from brought import package

from peerbus.actors import Channel, Message, Peer, Reactor, Request, handles
from peerbus.node import Node
from peerbus.testing.suites import TransportPair
from peerbus.testing.suites.ending_checks import closing_gives_up_on_a_reader_that_never_reads
from peerbus.testing.suites.opening_checks import OPENING_CHECKS
from peerbus.testing.suites.transport_pair import TransportCheck
from peerbus.testing.suites.transport_suite import TRANSPORT_CHECKS, run_check
from peerbus.transports import Endpoint, Identity, TransportOptions
from peerbus.transports.kinds import make_transport, read_endpoint
from peerbus.transports.streams import piped_streams, relayed_stream, schemes

OWN = Path(__file__).resolve().parents[2] / "examples" / "own_transport"
DIALER, ACCEPTOR = Identity.from_seed(b"d" * 32), Identity.from_seed(b"a" * 32)


@pytest.fixture(scope="module", autouse=True)
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """As `pip install ./examples/own_transport` does it, with nothing to fetch and nothing left."""
    project = tomllib.loads((OWN / "pyproject.toml").read_text())["project"]
    (module,) = (OWN / "peerbus_serial.py",)
    known = dict(schemes._REGISTERED)
    with package(tmp_path_factory.mktemp("installed"), module.stem, module.read_text(), project["entry-points"]):
        yield
    schemes._REGISTERED.clear()
    schemes._REGISTERED.update(known)


def test_it_is_short_enough_to_be_read() -> None:
    assert len((OWN / "peerbus_serial.py").read_text(encoding="utf-8").splitlines()) < 120


@contextmanager
def serial(folder: Path) -> Iterator[TransportPair]:
    numbers = itertools.count()

    def fresh() -> Endpoint:
        return read_endpoint(f"serial://{folder}/{next(numbers)}")

    dialer, acceptor = (make_transport(fresh(), TransportOptions(identity=each)) for each in (DIALER, ACCEPTOR))
    yield TransportPair(dialer, acceptor, fresh, DIALER.node_id, ACCEPTOR.node_id, more_than_buffers=4 * 1024 * 1024)
    assert not list(folder.iterdir()), "a folder of lines was left behind"


@pytest.mark.parametrize(
    ("check", "loop_factory"),
    [(check, uvloop.new_event_loop) for check in TRANSPORT_CHECKS]
    + [(check, asyncio.new_event_loop) for check in OPENING_CHECKS],
)
def test_contract(
    check: TransportCheck,
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if check is closing_gives_up_on_a_reader_that_never_reads:
        for module in (relayed_stream, piped_streams):
            monkeypatch.setattr(module, "FLUSH_TIMEOUT", 0.1)
    with serial(tmp_path) as pair, asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(run_check(check, pair))


class Said(Message, Request[str]):
    text: str


class Echo(Reactor):
    channel = Channel("echo", messages=(Said,))

    @handles(Said)
    def say(self, said: Said) -> str:
        return said.text


async def test_two_nodes_are_configured_with_it_and_talk(tmp_path: Path) -> None:
    place = f"serial://{tmp_path}/line"
    async with (
        Node("alice", listen=[place], reactors=[Echo]) as alice,
        Node("bob", peers=[place], channels=[Echo.channel]) as bob,
    ):
        assert [Endpoint.parse(one).scheme for one in alice.endpoints] == ["serial"]
        said = await bob.ask(Peer(alice.node_id) / Echo, Said("hello"), timeout=20.0, wait_for_peer=True)
        assert said == "hello"
        (connection,) = bob.snapshot().connections.values()
        assert connection.remote.startswith(f"serial://{alice.node_id}@")
