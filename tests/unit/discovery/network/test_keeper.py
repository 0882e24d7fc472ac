"""The rules while a node runs: whoever is in is judged again, and what is renewed or revoked goes round."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from authorities import issued, new_authority, revoked
from clusters import Cluster
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from virtual_time import eventually, in_virtual_time

from peerbus.discovery.facts import PeerCertified
from peerbus.discovery.network import keeper
from peerbus.node import Network, Node
from peerbus.transports.admission import MemberCertificate, NetworkKey
from peerbus.transports.sending import PeerLink
from peerbus.transports.streams.authority import Authority
from peerbus.transports.streams.identity import Identity

FAR = 4e9
CA, NEXT = new_authority(ends=5e9), new_authority(ends=5e9)


def key_of(name: str) -> Identity:
    """The identity of a cluster's node."""
    return Identity.from_seed(name.encode().ljust(32, b".")[:32])


def pem(certificate: MemberCertificate) -> bytes:
    """As a file has it."""
    return x509.load_der_x509_certificate(certificate.der).public_bytes(serialization.Encoding.PEM)


def member(
    name: str, *, authority: Authority = CA, trust: bytes = CA.certificate, ends: float = FAR, file: Path | None = None
) -> tuple[Network, MemberCertificate]:
    """The network as that node sees it, and its certificate."""
    certificate = issued(authority, key_of(name), ends=ends, roles=frozenset({"archive"}))
    return Network("n", authority=trust, certificate=pem(certificate), revoked=file), certificate


def link(node: Node, peer: str) -> PeerLink:
    """The way from a node to a peer, by its name."""
    found = node.bus.routes.peers[key_of(peer).node_id]
    assert isinstance(found, PeerLink)
    return found


@in_virtual_time
async def test_who_is_no_longer_allowed_has_to_go_and_who_is_may_stay() -> None:
    cluster = Cluster()
    ids = [key_of(name).node_id for name in ("b", "c")]
    a = cluster.node("a", network=Network("n", allow=ids))
    b, c = (cluster.node(name, network="n", peers=("a",)) for name in ("b", "c"))
    async with cluster.running(a, b, c):
        stays = link(a, "b")
        assert await a.set_network(Network("n", allow=ids[:1]))
        await eventually(lambda: set(a.peers) == {ids[0]})
        assert link(a, "b") is stays
        assert await a.set_network(Network("n"))
        await eventually(lambda: set(a.peers) == set(ids))


@in_virtual_time
async def test_an_open_network_may_be_closed_and_keys_rotated_while_it_runs() -> None:
    cluster, old, new = Cluster(), NetworkKey(b"o" * 32), NetworkKey(b"n" * 32)
    a, b = cluster.node("a", network="n"), cluster.node("b", network="n", peers=("a",))
    async with cluster.running(a, b):
        for node in (a, b):
            await node.set_network(Network("n", network_key=old))
        await eventually(lambda: bool(a.peers and b.peers) and _keys(a, b) == {old.name})
        stays = link(a, "b")
        for keys in ((old, new), (new, old)):
            for node in (a, b):
                await node.set_network(Network("n", network_key=keys))
        assert link(a, "b") is stays  # nobody had to go for that
        for node in (a, b):
            await node.set_network(Network("n", network_key=new))
        await eventually(lambda: bool(a.peers and b.peers) and _keys(a, b) == {new.name})


def _keys(*nodes: Node) -> set[str]:
    links = [each for node in nodes for each in node.bus.routes.peers.values()]
    return {each.credentials.key for each in links if isinstance(each, PeerLink) and each.credentials}


@in_virtual_time
async def test_a_certificate_is_renewed_and_a_root_rotated_on_a_connection_that_stays() -> None:
    cluster, both = Cluster(), CA.certificate + NEXT.certificate
    a, b = (cluster.node(name, network=member(name)[0], peers=peers) for name, peers in (("a", ()), ("b", ("a",))))
    async with cluster.running(a, b):
        stays = link(a, "b")
        for name, node in (("a", a), ("b", b)):
            await node.set_network(member(name, trust=both)[0])
        for name, node in (("a", a), ("b", b)):
            await node.set_network(member(name, authority=NEXT, trust=both)[0])
        await eventually(lambda: {_issuer(a, "b"), _issuer(b, "a")} == {_key_id(NEXT)})
        for name, node in (("a", a), ("b", b)):
            await node.set_network(member(name, authority=NEXT, trust=NEXT.certificate)[0])
        await asyncio.sleep(5)
        assert link(a, "b") is stays
        assert PeerCertified(b.node_id, ("archive",), FAR) in [each.event for each in a.events.since()]
        assert stays.credentials is not None
        assert stays.credentials.roles == {"archive"}


def _issuer(node: Node, peer: str) -> str:
    credentials = link(node, peer).credentials
    return "" if credentials is None else credentials.authority


def _key_id(authority: Authority) -> str:
    return Identity.from_seed(authority.seed).node_id


def test_a_peer_whose_certificate_expires_has_to_go_at_that_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1_900_000_000.0]
    monkeypatch.setattr(keeper, "wall_clock", lambda: clock[0])

    @in_virtual_time
    async def run() -> None:
        cluster = Cluster()
        a = cluster.node("a", network=member("a")[0])
        b = cluster.node("b", network=member("b", ends=clock[0] + 3600)[0], peers=("a",))
        async with cluster.running(a, b):
            await asyncio.sleep(100)
            assert a.peers
            clock[0] += 3600  # the calendar was set, and no timer is told
            await eventually(lambda: not a.peers)
            assert any(getattr(each.event, "reason", "") == "expired" for each in a.events.since())

    run()


@in_virtual_time
async def test_what_one_node_is_told_is_revoked_all_hear_and_it_stays_so_after_a_restart(tmp_path: Path) -> None:
    cluster, names = Cluster(), ("a", "b", "c", "d")
    files = {name: tmp_path / f"{name}.revoked" for name in names}
    made = {name: member(name, file=files[name]) for name in names}
    # A chain: what a is told reaches d through b and c.
    nodes = {
        name: cluster.node(name, network=made[name][0], peers=peers)
        for name, peers in (("a", ()), ("b", ("a",)), ("c", ("b",)), ("d", ("c",)))
    }
    async with cluster.running(*nodes.values()):
        loop = asyncio.get_running_loop()
        since = loop.time()
        listed = revoked(CA, made["d"][1])
        assert await nodes["a"].revoke(listed.pem)
        await eventually(lambda: key_of("d").node_id not in nodes["c"].peers)
        assert loop.time() - since < 1
        again = await nodes["b"].revoke(listed.pem)
        assert (again.done, again.reason) == (False, "already")
        assert files["c"].read_bytes() == listed.pem
    async with AsyncExitStack() as stack:
        c = cluster.node("c", network=made["c"][0])
        d = cluster.node("d", network=made["d"][0], peers=("c",))
        for node in (c, d):
            await stack.enter_async_context(node)
        await eventually(lambda: bool(d.snapshot().peers.failed))
        assert set(d.snapshot().peers.failed) == {"revoked"}
