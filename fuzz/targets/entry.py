"""What a stranger shows before HELLO, and what members say of the authority: refused, or believed rightly."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from peerbus.actors.base import HandshakeFailed, ProtocolError
from peerbus.transports.admission.certificate import AuthorityCertificate, MemberCertificate, certificates_in
from peerbus.transports.admission.entry import ENTRY_MAGIC, Entry, EntryState
from peerbus.transports.admission.network_key import NetworkKey
from peerbus.transports.admission.revocations import RevocationList, lists_in
from peerbus.transports.admission.rules import EntryRules
from peerbus.transports.admission.trust import Trust
from peerbus.transports.streams.authority import Authority, Terms
from peerbus.transports.streams.identity import Identity

US, MEMBER = (Identity.from_seed(name * 32) for name in (b"u", b"m"))
KEY = NetworkKey(b"k" * 32)
AUTHORITY = Authority(b"c" * 32)
TRUSTED = AuthorityCertificate(certificates_in(AUTHORITY.certificate)[0])
OURS = MemberCertificate.of(certificates_in(AUTHORITY.issue(US.public_key_der).certificate)[0])
TERMS = Terms(begins=1.0, ends=4e9, roles=frozenset({"archive"}), attributes={"team": "a b"})
THEIRS = MemberCertificate.of(certificates_in(AUTHORITY.issue(MEMBER.public_key_der, TERMS, serial=7).certificate)[0])
RULES = (
    EntryRules(keys=(KEY,)),
    EntryRules(trust=Trust((TRUSTED,)), certificate=OURS),
    EntryRules(keys=(KEY,), trust=Trust((TRUSTED,)), certificate=OURS),
)
NOW = 1_700_000_000.0
#: The words for which a stranger may be refused here.
WORDS = {"network_policy", "network_key", "certificate", "expired", "revoked", "node_id", "magic"}


def check(data: bytes) -> None:
    """The first byte: what is read, by which rules, by whom, and how it is cut."""
    head, rest = data[0] if data else 0, data[1:]
    if head >= 0xF0:
        read(rest)
    else:
        talk(rest, RULES[head % 3], dialer=bool(head & 4), size=(head >> 3) + 1)


def read(data: bytes) -> None:
    """A certificate and a list alone: nobody but the authority makes one that counts."""
    try:
        certificate, authority = Trust((TRUSTED,)).member(data, MEMBER.node_id, NOW)
        assert (certificate.der, authority) == (data, TRUSTED.key_id)
    except HandshakeFailed as error:
        assert error.reason in WORDS
    with contextlib.suppress(ValueError):
        assert RevocationList.read(data, [TRUSTED]).authority == TRUSTED.key_id


def talk(data: bytes, rules: EntryRules, *, dialer: bool, size: int) -> None:
    """A stranger who has not the key, and no certificate but the member's, which he may have seen."""
    entry = Entry(rules, dialer=dialer, own_id=US.node_id, peer_id=MEMBER.node_id, nonce=b"n" * 32, now=NOW)
    entry.start()
    for at in range(0, len(data), size):
        try:
            entry.receive(data[at : at + size])
        except (HandshakeFailed, ProtocolError) as error:
            assert error.reason in WORDS
            assert entry.state is EntryState.FAILED
            return
        if entry.state is EntryState.TURNED_AWAY:
            return
        if entry.credentials is not None:
            assert not rules.keys, "who has not the key has proven that he has"
            assert entry.credentials.certificate == THEIRS
            return


def seeds() -> Iterator[tuple[str, bytes]]:
    """Honest openings, what is shown behind them, refusals, and what stands alone."""
    for number, demand in enumerate((1, 2, 3)):
        opening = ENTRY_MAGIC + bytes([demand]) + bytes.fromhex(MEMBER.node_id) + b"s" * 32
        proof = b"p" * 32 if demand & 1 else b""
        size = len(THEIRS.der) if demand & 2 else 0
        shown = size.to_bytes(2, "big") + proof + (THEIRS.der if demand & 2 else b"")
        for dialer in (0, 4):
            # Such a byte that it is `number` by three, with or without the bit of the dialer, in pieces or whole.
            for head in range(0xF0):
                if head % 3 == number and head & 4 == dialer and head >> 3 in (0, 29):
                    yield f"shown-{demand}-{head}", bytes([head]) + opening + shown
    yield "refused", bytes([0]) + b"peerbus\0\0\1\0\1"
    yield "certificate", b"\xff" + THEIRS.der
    yield "list", b"\xff" + lists_in(AUTHORITY.revoke([THEIRS.serial], number=3, at=NOW), [TRUSTED])[0].der
