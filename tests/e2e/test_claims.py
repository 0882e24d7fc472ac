"""Who a peer is said to be: what a stream proves, and what is only claimed on one that proves nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest
from stranger import Stranger
from virtual_time import eventually, in_real_time, log_of_the_loop

from peerbus.actors import Channel, Peer, Reactor, handles
from peerbus.node import Node
from peerbus.transports.streams import Identity, TcpTransport, Transport, UnixTransport


@dataclass(frozen=True)
class Note:
    number: int


class Desk(Reactor):
    channel = Channel("desk", messages=(Note,))

    @handles(Note)
    def note(self, message: Note) -> Note:
        return Note(message.number + 1)


async def claims(path: str, node_id: str, incarnation: int) -> tuple[Stranger, asyncio.StreamWriter]:
    """Somebody of this user says over a plain Unix socket that he is that node; not welcomed yet."""
    reader, writer = await asyncio.open_unix_connection(path)
    stranger = Stranger(lambda: reader.read(65536), writer.write)
    with_name = {"incarnation": incarnation}
    shaking = asyncio.ensure_future(stranger.shake_hands(node_id, **with_name))
    await asyncio.wait([shaking])
    assert isinstance(shaking.exception(), AssertionError | type(None))
    return stranger, writer


@pytest.mark.parametrize("incarnation", [1, 2])
@in_real_time
async def test_who_only_claims_an_id_takes_nothing_of_who_has_proven_it(incarnation: int, tmp_path: Path) -> None:
    key, other = Identity.from_seed(b"a" * 32), Identity.from_seed(b"b" * 32)
    path = str(tmp_path / "s")
    transports: list[Transport] = [TcpTransport(key), UnixTransport(key, secure=False)]
    listen = ["tcp://127.0.0.1:0", f"unix://{path}"]
    async with Node("alice", identity=key, transports=transports, listen=listen, reactors=[Desk]) as alice:
        tcp = [place for place in alice.endpoints if place.startswith("tcp")]
        async with Node("bob", identity=other, peers=tcp, reactors=[Desk]) as bob:
            await eventually(lambda: bob.node_id in alice.peers)
            _, writer = await claims(path, bob.node_id, incarnation)
            await eventually(lambda: "duplicate" in log_of_the_loop().reasons("connection refused"))
            (connection,) = alice.snapshot().connections.values()
            assert connection.secure
            assert await alice.ask(Peer(bob.node_id) / Desk, Note(1)) == Note(2)
            writer.close()


@in_real_time
async def test_who_proves_an_id_takes_the_place_of_who_has_claimed_it(tmp_path: Path) -> None:
    key, other = Identity.from_seed(b"a" * 32), Identity.from_seed(b"b" * 32)
    path = str(tmp_path / "s")
    transports: list[Transport] = [TcpTransport(key), UnixTransport(key, secure=False)]
    listen = ["tcp://127.0.0.1:0", f"unix://{path}"]
    async with Node("alice", identity=key, transports=transports, listen=listen, reactors=[Desk]) as alice:
        _, writer = await claims(path, other.node_id, 7)
        await eventually(lambda: other.node_id in alice.peers)
        tcp = [place for place in alice.endpoints if place.startswith("tcp")]
        async with Node("bob", identity=other, peers=tcp, reactors=[Desk]) as bob:
            await eventually(lambda: alice.node_id in bob.peers)
            await eventually(lambda: [each.secure for each in alice.snapshot().connections.values()] == [True])
            assert await alice.ask(Peer(bob.node_id) / Desk, Note(1)) == Note(2)
        writer.close()


@in_real_time
async def test_a_unix_socket_proves_who_is_there_unless_told_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "s"
    async with (
        Node("alice", listen=[f"unix://{path}"], reactors=[Desk]) as alice,
        Node("bob", peers=alice.endpoints, reactors=[Desk]) as bob,
    ):
        await eventually(lambda: bob.node_id in alice.peers)
        (connection,) = alice.snapshot().connections.values()
        assert connection.secure
        assert await bob.ask(Peer(alice.node_id) / Desk, Note(1)) == Note(2)
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(b"peerbus\0\0\1\0\1")
        assert b"peerbus" not in await reader.read()
        writer.close()
        await eventually(lambda: "tls" in log_of_the_loop().reasons("connection refused"))


async def test_a_transport_that_is_to_prove_an_id_needs_one() -> None:
    with pytest.raises(ValueError, match="needs an identity"):
        UnixTransport(secure=True)
