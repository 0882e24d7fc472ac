"""What https is spoken with: a certificate and its key, read and looked at before anything listens."""

from __future__ import annotations

import ipaddress
import os
import ssl
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ...actors.base import ConfigError

if TYPE_CHECKING:
    from cryptography import x509

__all__ = ["ServerCertificate", "read_certificate"]


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """`names`: of the hosts that it is for, as `Host` has them, some as `*.example.org`. `ends`: when it does."""

    context: ssl.SSLContext = field(repr=False)
    names: frozenset[str]
    ends: datetime

    def expired(self, now: datetime | None = None) -> bool:
        """No browser takes it any more."""
        return (datetime.now(UTC) if now is None else now) > self.ends


def read_certificate(certificate: Path, key: Path) -> ServerCertificate:
    """Both are files in PEM; behind the certificate may stand those that it is signed by. The key has no passphrase.

    Raises ConfigError, also where every user of this machine can read the key.
    """
    from cryptography import x509  # here: whoever asks a node has none of this

    try:
        if stat.S_IMODE(os.stat(key).st_mode) & stat.S_IROTH:
            raise ConfigError(f"the key {key} can be read by everybody: chmod o-r {key}")
        own = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    except OSError as error:
        raise ConfigError(f"{error.filename} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{certificate} has no certificate in PEM") from error
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    asked = False

    def passphrase() -> bytes:
        nonlocal asked
        asked = True
        return b""

    try:
        context.load_cert_chain(certificate, key, passphrase)  # without the last it would ask at the terminal
    except (OSError, ssl.SSLError, ValueError) as error:
        if asked:
            raise ConfigError(f"the key {key} has a passphrase, which nobody would type: store it without") from error
        why = getattr(error, "reason", None) or str(error)
        raise ConfigError(f"the certificate {certificate} cannot be used with the key {key}: {why}") from error
    return ServerCertificate(context, frozenset(_names(own)), own.not_valid_after_utc)


def _names(certificate: x509.Certificate) -> set[str]:
    from cryptography import x509

    try:
        told = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return set()
    names = {name.lower() for name in told.get_values_for_type(x509.DNSName)}
    for address in told.get_values_for_type(x509.IPAddress):
        names.add(f"[{address}]" if isinstance(address, ipaddress.IPv6Address) else str(address))
    return names
