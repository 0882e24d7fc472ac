"""What a peer says of the authority is handed on with who said it, and bad words change nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from authorities import issued, new_authority, revoked, trusted
from clusters import Cluster
from cryptography.hazmat.primitives import serialization
from virtual_time import eventually, in_virtual_time

from peerbus.actors import LOCAL, Actor, DeadlineExceeded, Peer, handles
from peerbus.discovery.network.talk import RATE, CertificateShown, Heard, ListShown, NetworkTalk
from peerbus.node import Network, Node
from peerbus.transports.streams.identity import Identity


@in_virtual_time
async def test_what_no_authority_has_signed_changes_nothing_and_costs_its_teller() -> None:
    cluster, authority, foreign = Cluster(), new_authority(ends=5e9), new_authority(ends=5e9)
    b_key = Identity.from_seed(b"b".ljust(32, b"."))

    def network(name: str) -> Network:
        key = Identity.from_seed(name.encode().ljust(32, b"."))
        pem = trusted_pem(issued(authority, key, ends=4e9).der)
        return Network("n", authority=authority.certificate, certificate=pem)

    a, b = (cluster.node(name, network=network(name), peers=peers) for name, peers in (("a", ()), ("b", ("a",))))
    async with cluster.running(a, b):
        mine = issued(foreign, b_key, ends=4e9)
        here = a.bus.routes.peers[b.node_id]
        before = getattr(here, "credentials", None)
        await b.tell(Peer(a.node_id) / NetworkTalk, CertificateShown(mine.der))
        await b.tell(Peer(a.node_id) / NetworkTalk, ListShown(revoked(foreign, mine).der))
        await eventually(lambda: (a.peer(b.node_id) or _NOBODY).score < 0)
        assert getattr(here, "credentials", None) == before
        assert before is not None
        assert b.node_id in a.peers
        assert trusted(authority).key_id == before.authority


class Slow(Actor):
    """In place of the keeper: it is not done with a word until it is let."""

    def __init__(self, done: asyncio.Semaphore, heard: list[str]) -> None:
        super().__init__()
        self._done = done
        self._heard = heard

    @handles(Heard)
    async def _hear(self, heard: Heard) -> bool:
        self._heard.append(heard.node_id)
        await self._done.acquire()
        return True


async def _talks_to(node: Node, keeper: Callable[[], Slow], *peers: Node) -> None:
    """Have the node listen to these peers, for that keeper."""
    for each in (node, *peers):
        each.bus.declare(NetworkTalk.channel)
    node.bus.spawn(keeper, name="slow")
    node.bus.spawn(partial(NetworkTalk, LOCAL / "slow"), name=NetworkTalk.channel.name)
    for each in peers:
        await eventually(partial(_runs_there, each, node.node_id))


def _runs_there(peer: Node, node_id: str) -> bool:
    link = peer.bus.routes.peers.get(node_id)
    return link is not None and link.has(NetworkTalk.channel.name)


@in_virtual_time
async def test_credit_waits_for_the_keeper_so_no_peer_is_heard_behind_more_than_a_window_of_another() -> None:
    cluster = Cluster()
    a, loud, other = (cluster.node(name, peers=peers) for name, peers in (("a", ()), ("loud", ("a",)), ("b", ("a",))))
    async with cluster.running(a, loud, other):
        done, heard = asyncio.Semaphore(0), list[str]()
        await _talks_to(a, partial(Slow, done, heard), loud, other)
        to = Peer(a.node_id) / NetworkTalk
        window = NetworkTalk.channel.window
        said = [loud.tell(to, CertificateShown(bytes(9)), timeout=1) for _ in range(3 * window)]
        outcomes = await asyncio.gather(*said, return_exceptions=True)
        taken = sum(each is None for each in outcomes)
        # One is with the keeper, and so its credit is not back.
        assert taken <= window + 1
        assert all(isinstance(each, DeadlineExceeded) for each in outcomes if each is not None)
        assert heard == [loud.node_id]
        await other.tell(to, CertificateShown(bytes(9)))
        for _ in said:
            done.release()
        await eventually(lambda: other.node_id in heard)


@in_virtual_time
async def test_a_peer_that_goes_on_and_on_is_heard_at_a_rate() -> None:
    cluster = Cluster()
    a, loud = (cluster.node(name, peers=peers) for name, peers in (("a", ()), ("loud", ("a",))))
    async with cluster.running(a, loud):
        done, heard = asyncio.Semaphore(10_000), list[str]()
        await _talks_to(a, partial(Slow, done, heard), loud)
        for _ in range(100):
            await loud.tell(Peer(a.node_id) / NetworkTalk, CertificateShown(bytes(9)), timeout=60)
        began, said = a.bus.loop.time(), len(heard)
        for _ in range(100):
            await loud.tell(Peer(a.node_id) / NetworkTalk, CertificateShown(bytes(9)), timeout=60)
        assert RATE.messages is not None
        assert (len(heard) - said) / (a.bus.loop.time() - began) < 1.2 * RATE.messages


class _Nobody:
    score = 0.0


_NOBODY = _Nobody()


def trusted_pem(der: bytes) -> bytes:
    """A certificate as a file has it."""
    from cryptography import x509

    return x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM)
