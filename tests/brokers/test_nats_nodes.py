"""Nodes over a real nats-server: one that is killed and comes back, a cluster, a slow reader, keys and TLS."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from clusters import assert_ledgers
from nats_servers import Broker, free_port, running
from virtual_time import eventually

from peerbus.actors import Channel, Message, Peer, Reactor, Request, SendError, handles
from peerbus.discovery import ListenerRestored
from peerbus.node import Node
from peerbus.transports.nats import NatsServer, NatsTransport
from peerbus.transports.nats.login import Login
from peerbus.transports.streams import Identity

ALICE, BOB = Identity.from_seed(b"a" * 32), Identity.from_seed(b"b" * 32)
INBOX = "inbox-of-bob"
PATIENCE = 30.0


class Double(Message, Request[int]):
    number: int


class Note(Message):
    text: bytes


class Desk(Reactor):
    channel = Channel("desk", messages=(Double, Note))
    gate: asyncio.Event | None = None
    notes = 0

    @handles(Double)
    def double(self, question: Double) -> int:
        return 2 * question.number

    @handles(Note)
    async def note(self, note: Note) -> None:
        if Desk.gate is not None:
            await Desk.gate.wait()
        Desk.notes += 1


@contextlib.asynccontextmanager
async def two_nodes(at: Sequence[Broker], **options: object) -> AsyncIterator[tuple[Node, Node]]:
    """Alice dials Bob; each at the first of its servers."""
    servers = [NatsServer("127.0.0.1", server.port) for server in at]
    bob = Node(
        "bob",
        network="lan",
        identity=BOB,
        listen=[f"{at[0].url}/lan/{INBOX}"],
        reactors=[Desk],
        transports=[NatsTransport(BOB, servers, **options)],  # type: ignore[arg-type]
    )
    alice = Node(
        "alice",
        network="lan",
        identity=ALICE,
        peers=[f"nats://somewhere.example:4222/lan/{INBOX}"],
        reactors=[Desk],
        transports=[NatsTransport(ALICE, servers[::-1], **options)],  # type: ignore[arg-type]
    )
    async with bob, alice:
        await eventually(lambda: BOB.node_id in alice.peers and ALICE.node_id in bob.peers)
        yield alice, bob


async def asked(alice: Node, number: int) -> int:
    return await alice.ask(Peer(BOB.node_id) / Desk, Double(number), timeout=PATIENCE)


async def test_a_server_that_is_killed_takes_the_peers_with_it_and_brings_them_back() -> None:
    with running() as server:
        async with two_nodes([server]) as (alice, bob):
            assert await asked(alice, 4) == 8
            server.kill()
            await eventually(lambda: not alice.peers and not bob.peers)
            with pytest.raises(SendError):
                await alice.ask(Peer(BOB.node_id) / Desk, Double(1), timeout=1.0)
            server.start()
            back = time.monotonic()
            await eventually(lambda: bool(alice.peers and bob.peers))
            assert time.monotonic() - back < 10.0
            assert await asked(alice, 5) == 10
            assert_ledgers(alice, bob)


async def test_a_reader_that_stands_still_fills_neither_the_server_nor_the_sender() -> None:
    with running() as server:
        async with two_nodes([server]) as (alice, bob):
            assert await asked(alice, 4) == 8
            before = server.memory
            Desk.gate, Desk.notes = asyncio.Event(), 0
            sent = 0
            with contextlib.suppress(SendError):
                while True:
                    await alice.tell(Peer(BOB.node_id) / Desk, Note(bytes(32_000)), timeout=0.5)
                    sent += 1
            assert sent < 2_000
            assert server.memory - before < 32 * 1024 * 1024
            Desk.gate.set()
            await eventually(lambda: Desk.notes == sent)
            Desk.gate = None
            assert_ledgers(alice, bob)


def cluster() -> tuple[str, str, int, int]:
    """The settings and ports of two servers that are one cluster."""
    ports = [free_port() for _ in range(4)]
    routes = ", ".join(f"nats://127.0.0.1:{port}" for port in ports[2:])
    first, second = (
        f"server_name: s{port}\ncluster {{ name: c, listen: 127.0.0.1:{port}, routes: [{routes}] }}"
        for port in ports[2:]
    )
    return first, second, ports[0], ports[1]


async def test_nodes_at_two_servers_of_a_cluster_meet_and_go_on_when_one_is_killed() -> None:
    first, second, one_port, other_port = cluster()
    with running(first, port=one_port) as one, running(second, port=other_port) as other:
        async with two_nodes([one, other]) as (alice, bob):
            assert await asked(alice, 4) == 8
            one.kill()
            await eventually(lambda: bool(alice.peers and bob.peers) or not alice.peers)
            await eventually(lambda: bool(alice.peers and bob.peers))
            assert await eventually_answers(lambda: asked(alice, 5)) == 10


async def test_a_server_in_lame_duck_mode_is_left_by_those_who_listen_before_it_hangs_up() -> None:
    first, second, one_port, other_port = cluster()
    first += '\nlame_duck_grace_period: "5s"\nlame_duck_duration: "31s"\n'
    with running(first, port=one_port) as one, running(second, port=other_port) as other:
        async with two_nodes([one, other]) as (alice, bob):
            with bob.subscribe(ListenerRestored) as restored:
                assert one.process is not None
                one.process.send_signal(signal.SIGUSR2)
                await restored.get()
            assert await asked(alice, 4) == 8, "what runs goes on"
            one.kill()
            assert await eventually_answers(lambda: asked(alice, 5)) == 10


async def eventually_answers(ask: Callable[[], Awaitable[int]]) -> int:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await ask()
            except SendError:
                await asyncio.sleep(0.05)


KEYS = 'authorization { users: [ { nkey: "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4" } ] }'
SEED = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"


@pytest.mark.parametrize(
    ("settings", "login"),
    [
        (KEYS, Login(seed=SEED)),
        ("authorization { token: s3cret }", Login(token="s3cret")),
        ("authorization { user: alice, password: s3cret }", Login("alice", "s3cret")),
    ],
    ids=["nkey", "token", "password"],
)
async def test_a_server_is_shown_what_it_asks_for(settings: str, login: Login) -> None:
    with running(settings) as server:
        async with two_nodes([server], login=login) as (alice, _):
            assert await asked(alice, 4) == 8
        with pytest.raises(Exception, match="Authorization"):
            async with two_nodes([server]):
                pass


async def test_the_way_to_the_server_has_tls_where_it_is_asked_for(tmp_path: Path) -> None:
    authority, key = certificate(tmp_path)
    with running(f'tls {{ cert_file: "{authority}", key_file: "{key}" }}') as server:
        context = ssl.create_default_context(cafile=str(authority))
        async with two_nodes([server], server_tls=context) as (alice, _):
            assert await asked(alice, 4) == 8
        with pytest.raises(Exception, match="certificate verify failed"):
            async with two_nodes([server]):
                pass


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that signs itself, and its key."""
    import datetime as dt
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "nats")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "server.pem", folder / "server.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths
