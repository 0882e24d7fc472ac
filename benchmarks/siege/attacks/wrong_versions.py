"""Certificates whose X.509 version field is none: OpenSSL takes them, the parser above it does not."""

from __future__ import annotations

import ssl
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from peerbus.transports.streams import tls
from peerbus.transports.streams.authority import Authority
from peerbus.transports.streams.identity import Identity

from ..attack import Attack, Target, source_address
from ..raw import Wire

__all__ = ["ATTACK", "context_with", "spoilt_certificate"]

#: `[0] EXPLICIT INTEGER 2`, version 3 (RFC 5280 §4.1.2.1), as it stands in every certificate; and a version 7.
_VERSION_3, _VERSION_7 = bytes.fromhex("a003020102"), bytes.fromhex("a003020106")


def spoilt_certificate(identity: Identity) -> bytes:
    """A leaf of the published authority that says version 7, its signature right, in DER."""
    authority = Ed25519PrivateKey.from_private_bytes(tls._PUBLISHED_SEED)
    issued = Authority(tls._PUBLISHED_SEED).issue(identity.public_key_der)
    honest = x509.load_pem_x509_certificate(issued.certificate)
    body = honest.tbs_certificate_bytes.replace(_VERSION_3, _VERSION_7, 1)
    algorithm = bytes.fromhex("300506032b6570")  # Ed25519 (RFC 8410 §3)
    return _sequence(body + algorithm + b"\x03\x41\x00" + authority.sign(body))


def _sequence(content: bytes) -> bytes:
    return b"\x30\x82" + len(content).to_bytes(2, "big") + content


def context_with(identity: Identity, certificate_der: bytes) -> ssl.SSLContext:
    """A client that shows this certificate for the key of `identity`."""
    context = tls.client_context(identity)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    key = identity._key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(key + ssl.DER_cert_to_PEM_cert(certificate_der).encode("ascii"))
        file.flush()
        context.load_cert_chain(file.name)
    return context


async def _run(target: Target) -> None:
    identity = Identity.generate()
    context = context_with(identity, spoilt_certificate(identity))
    wires: list[Wire] = []

    async def once(number: int) -> None:
        # Kept open from this side: whether the node closes it is what is seen.
        wires.append(await Wire.open(target, source=source_address(number % 50), tls=context))
        if len(wires) > 2000:
            wires.pop(0).close()

    try:
        await target.repeat(once, side_by_side=target.scaled(8, 2), pause=0.01)
    finally:
        for wire in wires:
            wire.close()


ATTACK = Attack(
    number=1,
    name="wrong-versions",
    about="leaf certificates of an X.509 version that there is not, 800 a second from 50 addresses",
    run=_run,
    small=30,
)
