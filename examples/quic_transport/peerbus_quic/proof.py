"""Who is there: each side signs what this very connection exports, as the library's certificates prove no node.

1.  Both ends of a TLS connection export the same bytes, and nobody else does (RFC 8446 §7.5): whoever stands in between
    has two connections, which export different ones, so a signature cannot be handed on.
2.  The two sides sign different words, so that nobody is answered with his own signature.
3.  The listener says who it is only to a dialer that has proven itself.
"""

from __future__ import annotations

from typing import Final

from pywebtransport import WebTransportBidirectionalStream, WebTransportSession

from peerbus.actors import HandshakeFailed
from peerbus.transports import Identity
from peerbus.transports.streams import check_secret, id_mismatch, node_id_of_key

__all__ = ["prove_as_dialer", "prove_as_listener"]

_LABEL: Final = "EXPORTER-peerbus-node"
_DIALER, _LISTENER = b"peerbus quic dialer\0", b"peerbus quic listener\0"
#: Bytes of a public key as SubjectPublicKeyInfo (RFC 8410), and of a signature (RFC 8032).
_KEY, _SIGNATURE = 44, 64


async def prove_as_dialer(
    session: WebTransportSession, stream: WebTransportBidirectionalStream, own: Identity, wanted: str | None
) -> str:
    """The node that has proven to listen there. Raises HandshakeFailed, and what the library raises."""
    exported = await _exported(session)
    await stream.write(data=own.public_key_der + own.sign(_DIALER + exported))
    node = _checked(await stream.readexactly(size=_KEY + _SIGNATURE), _LISTENER + exported)
    another = id_mismatch(wanted, node)
    if another is not None:
        raise HandshakeFailed("node_id", another)
    return node


async def prove_as_listener(
    session: WebTransportSession, stream: WebTransportBidirectionalStream, own: Identity
) -> str:
    """The node that has proven to call. Raises HandshakeFailed, and what the library raises."""
    exported = await _exported(session)
    node = _checked(await stream.readexactly(size=_KEY + _SIGNATURE), _DIALER + exported)
    await stream.write(data=own.public_key_der + own.sign(_LISTENER + exported))
    return node


async def _exported(session: WebTransportSession) -> bytes:
    return bytes(await session.export_keying_material(label=_LABEL, context=b"", length=32))


def _checked(said: bytes, signed: bytes) -> str:
    key, signature = said[:_KEY], said[_KEY:]
    if not Identity.verify(key, signed, signature):
        raise HandshakeFailed("certificate", "the other side has not signed for this connection")
    node = node_id_of_key(key)
    check_secret(node)
    return node
