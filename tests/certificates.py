"""Certificates for tests of https: signed by themselves, for the names and addresses that are said."""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from peerbus.transports.streams import Identity
from peerbus.transports.streams.authority import Authority


def certificate_for(folder: Path, *names: str, passphrase: bytes | None = None, days: int = 1) -> tuple[Path, Path]:
    """The files of a new certificate and of its key, which only this user can read."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, file = folder / "admin.crt", folder / "admin.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    hidden = serialization.NoEncryption() if passphrase is None else serialization.BestAvailableEncryption(passphrase)
    file.touch(0o600)
    file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden))
    return certificate, file


def trusting(certificate: Path) -> ssl.SSLContext:
    """What a caller checks that certificate with."""
    return ssl.create_default_context(cafile=certificate)


def foreign_context(identity: Identity) -> ssl.SSLContext:
    """What a node would dial with whose certificate another authority than the published one has issued."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        issued = Authority.generate().issue(identity.public_key_der)
        file.write(identity.encrypted_pem(b"x") + issued.certificate)
        file.flush()
        context.load_cert_chain(file.name, password=b"x")
    return context


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
