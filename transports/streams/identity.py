"""The identity of a node: an Ed25519 key pair, and the node id that follows from it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ...actors.base import ConfigError
from .key_file import no_key, one_key, read_key_file

__all__ = ["NOISE_KEY_CONTEXT", "Identity", "id_mismatch", "node_id_of", "node_id_of_key"]

#: Stands before everything that `sign` signs. Without it, a peer that may choose what a node signs
#: could choose a TLS 1.3 CertificateVerify (RFC 8446 §4.4.3) and pose as that node.
_SIGNATURE_CONTEXT: Final = b"peerbus signature v1\0"
#: The same for keys of Noise (libp2p specs/noise), which `sign_noise_key` signs.
NOISE_KEY_CONTEXT: Final = b"noise-libp2p-static-key:"
_SEED_LENGTH: Final = 32
_NOISE_KEY_LENGTH: Final = 32


def node_id_of_key(public_key_der: bytes) -> str:
    """The node id of a public key: hexadecimal SHA-256 of its SubjectPublicKeyInfo (RFC 5280)."""
    return hashlib.sha256(public_key_der).hexdigest()


def node_id_of(certificate_der: bytes) -> str:
    """The node id of a certificate's key. Raises: ValueError, and nothing else, if it has no Ed25519 key."""
    try:
        key = x509.load_der_x509_certificate(certificate_der).public_key()
    except UnsupportedAlgorithm as error:
        raise ValueError(f"the certificate's key is of an unknown kind: {error}") from error
    except Exception as error:  # what OpenSSL takes the parser may not, and not all that it raises is a ValueError
        raise ValueError(f"the certificate cannot be read: {error or type(error).__name__}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError(f"the certificate's key is not Ed25519, but {type(key).__name__}")
    return node_id_of_key(_public_der(key))


def id_mismatch(wanted: str | None, proven: str | None) -> str | None:
    """Why the node that answered, and proved its id, is not the one that was dialed.

    None: it is, or any will do, or the stream proves nothing.
    """
    if wanted is None or proven is None or proven == wanted:
        return None
    return f"dialed {wanted}, but {proven} answered"


class Identity:
    """An Ed25519 private key (RFC 8032); its holder is that node. Its repr never shows it.

    ```python
    identity = Identity.generate()
    identity.save("alice.pem")
    assert Identity.load("alice.pem").node_id == identity.node_id
    ```
    """

    __slots__ = ("_key", "_node_id", "_public_der")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._public_der = _public_der(key.public_key())
        self._node_id = node_id_of_key(self._public_der)

    @classmethod
    def generate(cls) -> Self:
        """A new identity from the system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """The identity of these 32 bytes, always the same: for tests and simulations.

        Raises: ValueError for any other length.
        """
        if len(seed) != _SEED_LENGTH:
            raise ValueError(f"a seed has {_SEED_LENGTH} bytes, got {len(seed)}")
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def from_pem(cls, pem: bytes) -> Self:
        """The identity of a private key in PEM, without a passphrase.

        Raises: ValueError if there is none in it, or more than one.
        """
        one_key(pem)
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            # Without their text: of a key that is spoilt it may show a part.
            raise ValueError(no_key(pem)) from None
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("an Ed25519 key is needed")
        return cls(key)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what `save` wrote.

        Raises: ConfigError if the file is missing, is not an Ed25519 key in PEM, or can be read by others (a group that
        we are in may read what is root's).
        """
        path = Path(path)
        try:
            return cls.from_pem(read_key_file(path).content)
        except OSError as error:
            make = f"; make one: peerbus keygen {path}" if isinstance(error, FileNotFoundError) else ""
            raise ConfigError(f"identity {path}: {error.strerror}{make}") from error
        except ValueError as error:
            raise ConfigError(f"identity {path}: {error}") from error

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the private key as PEM (PKCS #8), readable by its owner only, whole or not at all.

        Raises: ConfigError if the file exists and `overwrite` is False, or cannot be written.
        """
        path = Path(path)
        pem = self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                with open(descriptor, "wb") as file:
                    file.write(pem)
                    file.flush()
                    os.fsync(descriptor)
                if overwrite:
                    draft.replace(path)
                else:
                    # A link, unlike a rename, fails where something already stands.
                    path.hardlink_to(draft)
            finally:
                with contextlib.suppress(FileNotFoundError):
                    draft.unlink()
        except FileExistsError as error:
            raise ConfigError(f"identity {path}: exists already; a node that loses its key loses its id") from error
        except OSError as error:
            raise ConfigError(f"identity {path}: {error.strerror}") from error

    @property
    def node_id(self) -> str:
        """64 lower-case hexadecimal digits."""
        return self._node_id

    @property
    def public_key_der(self) -> bytes:
        """The public key as SubjectPublicKeyInfo in DER (RFC 8410), 44 bytes."""
        return self._public_der

    @property
    def public_pem(self) -> str:
        """The public key as PEM (RFC 8410): no secret."""
        public = self._key.public_key()
        return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()

    def encrypted_pem(self, passphrase: bytes) -> bytes:
        """The private key as PEM (PKCS #8), locked with `passphrase`."""
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(passphrase),
        )

    def sign(self, data: bytes) -> bytes:
        """64 bytes of Ed25519 signature over b"peerbus signature v1\\0" and `data`."""
        return self._key.sign(_SIGNATURE_CONTEXT + data)

    def sign_noise_key(self, key: bytes) -> bytes:
        """The signature that binds a key of Noise to this identity, as libp2p wants it. Raises: ValueError."""
        if len(key) != _NOISE_KEY_LENGTH:
            raise ValueError(f"a key of Noise has {_NOISE_KEY_LENGTH} bytes, got {len(key)}")
        return self._key.sign(NOISE_KEY_CONTEXT + key)

    @staticmethod
    def verify(public_key_der: bytes, data: bytes, signature: bytes, *, node_id: str = "") -> bool:
        """Whether the owner of this key signed `data`; also whether the key is `node_id`'s, if given.

        Never raises: keys and signatures come from strangers.
        """
        if node_id and node_id_of_key(public_key_der) != node_id:
            return False
        try:
            key = serialization.load_der_public_key(public_key_der)
            if not isinstance(key, Ed25519PublicKey):
                return False
            key.verify(signature, _SIGNATURE_CONTEXT + data)
        except Exception:  # noqa: BLE001  # whatever a parser makes of a stranger's key, it signed nothing
            return False
        return True

    def __repr__(self) -> str:
        return f"<Identity {self._node_id[:12]}…>"


def _public_der(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
