"""What two nodes show each other before HELLO, byte by byte, for docs/wire-vectors.json."""

from __future__ import annotations

from peerbus.transports.admission.certificate import AuthorityCertificate, MemberCertificate, certificates_in
from peerbus.transports.admission.entry import Entry
from peerbus.transports.admission.network_key import NetworkKey
from peerbus.transports.admission.rules import EntryRules
from peerbus.transports.admission.trust import Trust
from peerbus.transports.streams.authority import Authority
from peerbus.transports.streams.identity import Identity

__all__ = ["AUTHORITY", "KEY", "entries", "rules_of"]

DIALER, ACCEPTOR = Identity.from_seed(b"a" * 32), Identity.from_seed(b"b" * 32)
KEY, AUTHORITY = bytes(range(32)), Authority(b"c" * 32)
NONCES = (b"d" * 32, b"e" * 32)
#: A time at which its certificates count, which have no end.
NOW = 1_700_000_000.0


def rules_of(identity: Identity, *, key: bool, certificate: bool) -> EntryRules:
    """The rules of a network that wants these, at the node of this identity."""
    keys = (NetworkKey(KEY),) if key else ()
    if not certificate:
        return EntryRules(keys=keys)
    trust = Trust((AuthorityCertificate(certificates_in(AUTHORITY.certificate)[0]),))
    own = MemberCertificate.of(certificates_in(AUTHORITY.issue(identity.public_key_der).certificate)[0])
    return EntryRules(keys=keys, trust=trust, certificate=own)


def entries() -> list[dict[str, object]]:
    """Both sides of three entries, to their end."""
    found: list[dict[str, object]] = []
    for key, certificate in ((True, False), (False, True), (True, True)):
        sides = [
            Entry(
                rules_of(own, key=key, certificate=certificate),
                dialer=own is DIALER,
                own_id=own.node_id,
                peer_id=peer.node_id,
                nonce=nonce,
                now=NOW,
            )
            for own, peer, nonce in ((DIALER, ACCEPTOR, NONCES[0]), (ACCEPTOR, DIALER, NONCES[1]))
        ]
        dialer, acceptor = sides
        openings = dialer.start(), acceptor.start()
        first = dialer.receive(openings[1])
        second = acceptor.receive(openings[0] + first)
        dialer.receive(second)
        assert dialer.credentials is not None
        found.append(
            {
                "key": KEY.hex() if key else None,
                "authority": AUTHORITY.certificate.decode() if certificate else None,
                "dialer": [openings[0].hex(), first.hex()],
                "acceptor": [openings[1].hex(), second.hex()],
            }
        )
    return found
