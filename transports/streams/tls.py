"""TLS 1.3 between nodes: both sides prove the key that their node id is made of.

1.  Python's ssl has no hook for judging a self-signed certificate, so every node lets its own
    certificate be issued by an authority whose private key stands in this source. That chain means
    nothing, and is meant to (as in libp2p's TLS): what counts is that TLS proves possession of the
    leaf's key, and that the node id is the hash of that key.
2.  Whether that node may come in is asked above the stream, whatever carries it (`transports/admission`): a server
    shows its certificate to whoever connects, so what is said of the bearer stands in another one, shown later.
3.  Whether the id that was proven (`authenticated_id`) is the one that was dialed is asked by whoever dialed, and for
    every carrier in the same words: `identity.id_mismatch`.
4.  A client's handshake ends before the server has judged the client's certificate (RFC 8446 §2):
    only bytes from the server's application tell the client that it was accepted.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import ssl
import tempfile
from collections.abc import Iterator
from typing import Final

from ...actors.base import HandshakeFailed
from .authority import Authority
from .identity import Identity, node_id_of

__all__ = ["authenticated_id", "check_secret", "client_context", "server_context"]

#: The published authority's seed. Not a secret: see law 1.
_PUBLISHED_SEED: Final = hashlib.sha256(b"peerbus published authority: NOT a secret").digest()


def server_context(identity: Identity) -> ssl.SSLContext:
    """How to accept: TLS 1.3, our certificate, and one demanded from the client."""
    context = _context(ssl.PROTOCOL_TLS_SERVER, identity)
    # A resumed session would skip the certificates, and a ticket costs a write per connection.
    context.num_tickets = 0
    return context


def client_context(identity: Identity) -> ssl.SSLContext:
    """How to dial: as `server_context`; host names are not checked, node ids are."""
    return _context(ssl.PROTOCOL_TLS_CLIENT, identity)


def authenticated_id(tls: ssl.SSLObject | None) -> str:
    """The node id that the other side of a finished handshake proved.

    Raises: HandshakeFailed with reason `certificate` if it showed none, or not one of a node.
    """
    try:
        der = tls.getpeercert(binary_form=True) if tls is not None else None
    except ValueError as error:
        raise HandshakeFailed("tls", "the handshake was not finished") from error
    if not der:
        raise HandshakeFailed("certificate", "the other side showed no certificate")
    try:
        node_id = node_id_of(der)
    except ValueError as error:
        raise HandshakeFailed("certificate", str(error)) from error
    check_secret(node_id)
    return node_id


def check_secret(node_id: str) -> None:
    """Raise HandshakeFailed with reason `certificate` for the node id of a key that anybody has."""
    if node_id == _PUBLISHED_ID:
        raise HandshakeFailed("certificate", "this key is published: it proves nothing")


def _context(protocol: int, identity: Identity) -> ssl.SSLContext:
    issued = Authority(_PUBLISHED_SEED).issue(identity.public_key_der)
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=issued.authority.decode("ascii"))
    # ssl reads keys from files only. What is written is locked with a passphrase that never leaves this function.
    passphrase = secrets.token_hex(16).encode("ascii")
    with _file_of(identity.encrypted_pem(passphrase) + issued.certificate) as path:
        context.load_cert_chain(path, password=passphrase)
    return context


@contextlib.contextmanager
def _file_of(content: bytes) -> Iterator[str]:
    """The path of a file that is gone at once: in memory (memfd_create(2)), as a disk may be read-only; else on it."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("peerbus", os.MFD_CLOEXEC)
        with open(descriptor, "wb", buffering=0) as memory:
            memory.write(content)
            path = f"/proc/self/fd/{descriptor}"
            if os.access(path, os.R_OK):  # not where /proc is hidden
                yield path
                return
    with tempfile.NamedTemporaryFile(prefix="peerbus-", suffix=".pem") as file:
        file.write(content)
        file.flush()
        yield file.name


#: The id of the published key itself, which anybody could prove.
_PUBLISHED_ID: Final = Identity.from_seed(_PUBLISHED_SEED).node_id
