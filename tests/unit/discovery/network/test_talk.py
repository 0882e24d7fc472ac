"""What a peer says of the authority is handed on with who said it, and bad words change nothing."""

from __future__ import annotations

from authorities import issued, new_authority, revoked, trusted
from clusters import Cluster
from cryptography.hazmat.primitives import serialization
from virtual_time import eventually, in_virtual_time

from peerbus.actors import Peer
from peerbus.discovery.network.talk import CertificateShown, ListShown, NetworkTalk
from peerbus.node import Network
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


class _Nobody:
    score = 0.0


_NOBODY = _Nobody()


def trusted_pem(der: bytes) -> bytes:
    """A certificate as a file has it."""
    from cryptography import x509

    return x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM)
