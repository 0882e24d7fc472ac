"""The folder of an authority: `authority.key`, `authority.pem`, a copy of all that it has issued, and `revoked.pem`."""

# Law 1. The key is readable by its owner only, and no text that is shown has a part of it. It is needed nowhere else:
#        keep the folder off the nodes.
# Law 2. What is issued is in the folder before anybody gets it, so that all of it can be revoked.
# Law 3. A list names every certificate that was revoked and has not expired, under a number above all before it.

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ...actors.base import ConfigError
from ...node.process import make_private_folder, write_whole
from ...transports.admission import AuthorityCertificate, MemberCertificate, certificates_in, lists_in
from ...transports.streams import Authority, Identity, Terms, read_key_file

__all__ = ["AuthorityFolder", "IssuedCertificate", "public_key_in"]

KEY, CERTIFICATE, ISSUED, REVOKED = "authority.key", "authority.pem", "issued", "revoked.pem"
#: Seconds for which a certificate stays on the list after its end, as clocks differ.
KEPT: Final = 86_400.0
#: Most bytes of a file that is read here.
MAX_FILE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    """One that the authority has issued, and whether it has revoked it."""

    certificate: MemberCertificate
    revoked: bool

    def state(self, now: float) -> str:
        """`valid`, `revoked` or `expired`."""
        return "revoked" if self.revoked else "expired" if self.certificate.ends <= now else "valid"


class AuthorityFolder:
    """See the module. Raises: ConfigError where the folder, or what is in it, is not right."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            key = serialization.load_pem_private_key(_secret(path / KEY), password=None)
            if not isinstance(key, Ed25519PrivateKey):
                raise ValueError("an Ed25519 key is needed")
            self._authority = Authority(key.private_bytes_raw(), _read(path / CERTIFICATE))
            self._own = AuthorityCertificate(certificates_in(self._authority.certificate)[0])
        except FileNotFoundError as error:
            raise ConfigError(
                f"{path} is no authority's folder ({error.filename} is missing): peerbus ca init"
            ) from None
        except OSError as error:
            raise ConfigError(f"{error.filename or path}: {error.strerror}") from error
        except _UnsafeKey as error:
            raise ConfigError(f"{path / KEY}: {error}") from None
        except (ValueError, TypeError):
            # Without their text: of a key that is spoilt it may show a part.
            raise ConfigError(
                f"{path}: the key or the certificate of the authority is spoilt, or not its own"
            ) from None

    @classmethod
    def create(cls, path: Path, *, begins: float, ends: float) -> Self:
        """A new authority, whose own certificate holds so long. Raises: ConfigError where one is there already."""
        if (path / KEY).exists() or (path / CERTIFICATE).exists():
            raise ConfigError(f"{path} has an authority already; its nodes would not know a new one")
        authority = Authority.generate(Terms(begins=begins, ends=ends))
        try:
            make_private_folder(path / ISSUED)
            Identity.from_seed(authority.seed).save(path / KEY)
            _write(path / CERTIFICATE, authority.certificate)
        except OSError as error:
            raise ConfigError(f"{error.filename or path}: {error.strerror}") from error
        return cls(path)

    @property
    def certificate(self) -> Path:
        """The file that nodes name as `authority`."""
        return self.path / CERTIFICATE

    @property
    def list_file(self) -> Path:
        """The file of what is revoked."""
        return self.path / REVOKED

    @property
    def name(self) -> str:
        """As it stands in what it issues."""
        return self._own.name

    @property
    def ends(self) -> float:
        """When its own certificate ends, in seconds since 1970."""
        return self._own.ends

    def issue(self, public_key_der: bytes, terms: Terms, target: Path, *, replace: bool = False) -> MemberCertificate:
        """Issue one into the file `target`. Raises: ConfigError, also where it would outlive the authority."""
        if terms.ends > self.ends:
            raise ConfigError("it would outlive the authority's own certificate; choose a shorter time")
        try:
            pem = self._authority.issue(public_key_der, terms).certificate
        except ValueError as error:
            raise ConfigError(str(error)) from None
        made = MemberCertificate.of(certificates_in(pem)[0])
        if target.exists() and not replace:
            raise ConfigError(f"{target} exists already{_instead(target, made.node_id)}")
        try:
            make_private_folder(self.path / ISSUED)
            _write(self.path / ISSUED / f"{made.serial:x}.pem", pem)
            make_private_folder(target.parent)
            _write(target, pem)
        except OSError as error:
            raise ConfigError(f"{error.filename or target}: {error.strerror}") from error
        return made

    def issued(self) -> list[IssuedCertificate]:
        """All that it has issued, by when they end."""
        gone, found = self._revoked()[1], []
        for path in sorted((self.path / ISSUED).glob("*.pem")):
            certificate = _member(path)
            found.append(IssuedCertificate(certificate, certificate.serial in gone))
        return sorted(found, key=lambda each: each.certificate.ends)

    def revoke(self, chosen: Iterable[MemberCertificate], now: float) -> int:
        """Put these on the list, under a new number, which is returned."""
        number, serials = self._revoked()
        ends = {each.certificate.serial: each.certificate.ends for each in self.issued()}
        kept = {serial for serial in serials if ends.get(serial, now) + KEPT > now}
        listed = self._authority.revoke(kept | {each.serial for each in chosen}, number=number + 1, at=now)
        try:
            _write(self.list_file, listed)
        except OSError as error:
            raise ConfigError(f"{self.list_file}: {error.strerror}") from error
        return number + 1

    def _revoked(self) -> tuple[int, frozenset[int]]:
        """The number of the list, 0 for none, and the serial numbers on it."""
        try:
            (listed,) = lists_in(_read(self.list_file), [self._own])
        except FileNotFoundError:
            return 0, frozenset()
        except ValueError as error:
            raise ConfigError(f"{self.list_file}: {error}") from None
        return listed.number, listed.serials


def _instead(target: Path, node_id: str) -> str:
    """What to do where a certificate for that node would replace what is there."""
    try:
        old = _member(target)
    except ConfigError:
        return ", and is no certificate of a node; --force replaces it"
    if old.node_id == node_id:
        return "; peerbus ca renew puts a new certificate in its place"
    return (
        f", for another key: of node {old.node_id[:10]}, this one is of {node_id[:10]}. --force replaces it; "
        "peerbus ca renew would renew that of the other key, and peerbus ca revoke takes it back where that key is lost"
    )


def public_key_in(path: Path, private: Callable[[Path], Identity]) -> bytes:
    """The public key in a file, DER: of a key as `peerbus id --public` prints it, a certificate, or a node's own key.

    `private` reads the last. Raises: ConfigError.
    """
    try:
        content = _read(path)
        if b"PRIVATE KEY" in content:
            return private(path).public_key_der
        if b"BEGIN CERTIFICATE" in content:
            key = x509.load_pem_x509_certificate(content).public_key()
        else:
            key = serialization.load_pem_public_key(content)  # type: ignore[assignment]  # of any kind, as above
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except Exception as error:
        raise ConfigError(f"{path} has no key of a node; peerbus id alice.pem --public prints one") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"{path}: a node's key is Ed25519")
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


class _UnsafeKey(Exception):
    """The file of a key is not as it has to be."""


def _secret(path: Path) -> bytes:
    try:
        return read_key_file(path).content
    except ValueError as error:
        raise _UnsafeKey(str(error)) from None


def _member(path: Path) -> MemberCertificate:
    try:
        return MemberCertificate.of(certificates_in(_read(path))[0])
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist") from None
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None


def _read(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(MAX_FILE)


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: others can read it, nothing in it is secret."""
    write_whole(path, content, 0o644)
