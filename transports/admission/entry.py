"""What two nodes show each other before either says who it is: the proof of the network's key, and certificates.

Only in networks that want it; see docs/wire.md, Entry. In spirit the proof is that of libp2p's private networks: a key
that all have, or nothing is understood. In form it is a challenge with a MAC: HMAC (RFC 2104) over nonces and the names
of both sides, as ISO/IEC 9798-4 has it.
"""

# Law 1. Nothing of what a stranger says is parsed before it has the key: an opening has a fixed size.
# Law 2. The dialer shows first. So who knocks learns nothing but the node id, which the carrier showed already.
# Law 3. A proof is of both openings: of what each side wants, of both ids, as the carrier has proven them, and of a
#        fresh nonce of each. So it can be shown neither again, nor to anybody else, nor back; and a man in the middle,
#        who has another id on either side, can pass it on to nobody.

from __future__ import annotations

from enum import Enum
from typing import Final

from ...actors.base import HandshakeFailed, ProtocolError
from .certificate import MAX_CERTIFICATE
from .credentials import Credentials
from .network_key import PROOF_SIZE, NetworkKey
from .rules import EntryRules, demanded

__all__ = ["ENTRY_MAGIC", "NONCE_SIZE", "Entry", "EntryState"]

#: The preface of an open connection begins with `peerbus` and a zero byte.
ENTRY_MAGIC: Final = b"peerbus\1"
_PREFACE_MAGIC: Final = b"peerbus\0"
NONCE_SIZE: Final = 32
_ID_SIZE: Final = 32
_OPENING: Final = len(ENTRY_MAGIC) + 1 + _ID_SIZE + NONCE_SIZE
_DIALER, _ACCEPTOR = b"\1", b"\2"


class EntryState(Enum):
    """Where an entry stands, seen from one side."""

    OPENING = "waits for the opening"
    SHOWING = "waits for what the peer shows"
    PASSED = "passed"
    TURNED_AWAY = "the peer says why it refuses"
    FAILED = "failed"


class Entry:
    """One side of an entry. Send what `start` and `receive` return; once it has `PASSED`, `rest` is for the handshake.

    `own_id`, and `peer_id` as the carrier proved it, None where it proves nothing; `nonce`: `NONCE_SIZE` fresh bytes;
    `now`: the time in seconds since 1970.
    """

    def __init__(
        self, rules: EntryRules, *, dialer: bool, own_id: str, peer_id: str | None, nonce: bytes, now: float
    ) -> None:
        self._rules = rules
        self._dialer = dialer
        self._peer_id = peer_id
        self._proven = peer_id is not None
        self._now = now
        self._mine = ENTRY_MAGIC + bytes([rules.demand]) + bytes.fromhex(own_id) + nonce
        self._theirs = b""
        #: The first, until the peer has proven another one.
        self._key: NetworkKey | None = rules.keys[0] if rules.keys else None
        self._has_key = self._key is None
        self._buffer = b""
        self.state = EntryState.OPENING
        #: Of the peer, once it has passed.
        self.credentials: Credentials | None = None

    def start(self) -> bytes:
        """What to send first."""
        return self._mine

    @property
    def rest(self) -> bytes:
        """Bytes that came behind what is read here."""
        return self._buffer

    def receive(self, data: bytes) -> bytes:
        """Take what the stream gave; returns what is to be sent.

        Raises: HandshakeFailed with reason `network_policy`, `network_key`, `certificate`, `expired`, `revoked` or
        `node_id`; ProtocolError with reason `magic` for what is no opening. The caller closes then.
        """
        if self.state in (EntryState.PASSED, EntryState.FAILED):
            raise RuntimeError(f"nothing can be received here: the entry {self.state.value}")
        self._buffer += data
        try:
            return self._receive()
        except (HandshakeFailed, ProtocolError):
            self.state = EntryState.FAILED
            raise

    def _receive(self) -> bytes:
        out = b""
        if self.state is EntryState.OPENING:
            if not self._open():
                return b""
            if self._dialer:
                out = self._show()
        if self.state is EntryState.SHOWING and (shown := self._take_shown()) is not None:
            self.credentials = self._judge(shown)
            self.state = EntryState.PASSED
            out = out if self._dialer else self._show()
        return out

    def _open(self) -> bool:
        """Whether the opening is there: then it is read, or the peer says in its place why it refuses."""
        seen = self._buffer[: len(ENTRY_MAGIC)]
        if seen == _PREFACE_MAGIC:
            self.state = EntryState.TURNED_AWAY
            return False
        if seen != ENTRY_MAGIC[: len(seen)]:
            raise ProtocolError("magic", f"{seen!r} does not start this protocol")
        if len(self._buffer) < _OPENING:
            return False
        self._theirs, self._buffer = self._buffer[:_OPENING], self._buffer[_OPENING:]
        at = len(ENTRY_MAGIC)
        demand, node_id = self._theirs[at], self._theirs[at + 1 : at + 1 + _ID_SIZE].hex()
        if self._peer_id is not None and node_id != self._peer_id:
            raise HandshakeFailed("node_id", f"its opening says {node_id}, the stream proved {self._peer_id}")
        if demand != self._rules.demand:
            raise HandshakeFailed(
                "network_policy",
                f"this network asks for {demanded(self._rules.demand)}, the peer's for {demanded(demand)}",
            )
        self._peer_id = node_id
        self.state = EntryState.SHOWING
        return True

    @property
    def claimed(self) -> str | None:
        """The node id that the peer's HELLO has to have: proven, or claimed in its opening."""
        return self._peer_id

    def _show(self) -> bytes:
        """The proof and the certificate of this side."""
        own = self._rules.certificate
        certificate = b"" if own is None else own.der
        return len(certificate).to_bytes(2, "big") + self._proof(mine=True, key=self._key) + certificate

    def _proof(self, *, mine: bool, key: NetworkKey | None) -> bytes:
        return b"" if key is None else key.proof(*self._told(mine=mine))

    def _told(self, *, mine: bool) -> tuple[bytes, bytes, bytes]:
        """What a proof is of: whose it is, and both openings."""
        dialer, acceptor = (self._mine, self._theirs) if self._dialer else (self._theirs, self._mine)
        return _DIALER if mine is self._dialer else _ACCEPTOR, dialer, acceptor

    def _take_shown(self) -> bytes | None:
        """The certificate of the peer, which has proven the key; None while not all is there, or where it refuses."""
        if self._buffer[:2] == _PREFACE_MAGIC[:2]:  # as a size this is more than any that is taken
            self.state = EntryState.TURNED_AWAY
            return None
        if len(self._buffer) < 2:
            return None
        size, proof_size = int.from_bytes(self._buffer[:2], "big"), PROOF_SIZE if self._key else 0
        if size > (MAX_CERTIFICATE if self._rules.trust else 0):
            raise HandshakeFailed("certificate", f"a certificate of {size} bytes is more than is read")
        whole = 2 + proof_size
        if not self._has_key and len(self._buffer) >= whole:
            self._check_key(self._buffer[2:whole])  # before anything of a certificate is looked at
        if len(self._buffer) < whole + size:
            return None
        certificate = self._buffer[whole : whole + size]
        self._buffer = self._buffer[whole + size :]
        return certificate

    def _check_key(self, proof: bytes) -> None:
        """The dialer proves its first key; whoever accepts answers with the one that it was."""
        for key in self._rules.keys[:1] if self._dialer else self._rules.keys:
            if key.proves(proof, *self._told(mine=False)):
                self._key, self._has_key = key, True
                return
        raise HandshakeFailed("network_key", "the peer has not the key of this network")

    def _judge(self, certificate: bytes) -> Credentials:
        assert self._peer_id is not None
        rules, key = self._rules, self._key.name if self._key else ""
        if rules.trust is None:
            return Credentials(node_id=self._peer_id, proven=self._proven, key=key)
        member, authority = rules.trust.member(certificate, self._peer_id, self._now)
        return Credentials(node_id=self._peer_id, proven=self._proven, certificate=member, authority=authority, key=key)
