"""The list of an authority's certificates that hold no longer, as nodes keep it and pass it on (RFC 5280 §5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from .certificate import AuthorityCertificate

__all__ = ["MAX_LIST", "RevocationList", "lists_in"]

#: Bytes of a list: about six thousand certificates.
MAX_LIST: Final = 256 * 1024
_END: Final = b"-----END X509 CRL-----"


@dataclass(frozen=True, slots=True)
class RevocationList:
    """One that an authority of ours has signed. Of two of one authority the one with the higher number counts."""

    authority: str
    number: int
    serials: frozenset[int] = field(repr=False)
    der: bytes = field(repr=False)

    @classmethod
    def read(cls, der: bytes, authorities: Iterable[AuthorityCertificate]) -> Self:
        """Raises: ValueError, and nothing else, for what none of them has signed."""
        if len(der) > MAX_LIST:
            raise ValueError(f"a list has at most {MAX_LIST} bytes, this one {len(der)}")
        try:
            listed = x509.load_der_x509_crl(der)
            signer = next((each for each in authorities if each.signed(listed)), None)
            number = listed.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
            serials = frozenset(each.serial_number for each in listed) if signer else frozenset()
        except Exception as error:  # not all that the parser raises is a ValueError
            raise ValueError(f"the list cannot be read: {error or type(error).__name__}") from error
        if signer is None:
            raise ValueError("no authority of this network has signed the list")
        return cls(signer.key_id, number, serials, der)

    @property
    def pem(self) -> bytes:
        """As it stands in a file."""
        return x509.load_der_x509_crl(self.der).public_bytes(serialization.Encoding.PEM)


def lists_in(
    pem: bytes, authorities: Iterable[AuthorityCertificate], others: list[str] | None = None
) -> list[RevocationList]:
    """All lists of a file, PEM. `others` gets the names of authorities that are none of these, whose lists are left
    out: None, and such a list is a fault.

    Raises: ValueError where one is forged or cannot be read, or where the file holds anything else, as one that was cut
    off does: what it had revoked would count again.
    """
    authorities, found = tuple(authorities), []
    *parts, rest = pem.split(_END)
    if rest.strip():
        raise ValueError("it is cut off, or no list of revoked certificates as `peerbus ca revoke` writes it")
    for part in parts:
        try:
            listed = x509.load_pem_x509_crl(part + _END)
            der, issuer = listed.public_bytes(serialization.Encoding.DER), listed.issuer.rfc4514_string()
        except Exception as error:  # as above
            raise ValueError(f"a list of revoked certificates cannot be read: {error}") from error
        if others is not None and issuer not in {each.name for each in authorities}:
            others.append(issuer)
        else:
            found.append(RevocationList.read(der, authorities))
    return found
