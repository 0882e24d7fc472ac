"""How a node shows a NATS server who it is: by name and password, a token, a key (NKey), or a signed account (JWT)."""

# Law 1. Secrets stand in files that only this user reads, never in an endpoint, which is told to others and logged.
# Law 2. What is answered to a server is made anew for its nonce, and holds no key.

from __future__ import annotations

import base64
import binascii
import os
import re
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ...actors.base import ConfigError, opened_file
from ..streams import MAX_KEY_FILE, guarded
from .client_protocol import ServerInfo

__all__ = ["Login", "user_key"]

#: The first byte of a user's public key (nats-io/nkeys, the prefix bytes).
_USER: Final = 20 << 3
_JWT = re.compile(r"-----BEGIN NATS USER JWT-----\s*([A-Za-z0-9_.-]+)\s*-+END NATS USER JWT-+")
_SEED = re.compile(r"-----BEGIN USER NKEY SEED-----\s*([A-Z2-7]+)\s*-+END USER NKEY SEED-+")


def user_key(seed: str) -> Ed25519PrivateKey:
    """The key of a user's seed, as `nk -gen user` writes it (SU…). Raises ValueError."""
    try:
        raw = base64.b32decode(seed + "=" * (-len(seed) % 8))
    except binascii.Error:
        raise ValueError("not an NKey seed: no base32") from None
    if len(raw) != 36 or int.from_bytes(raw[-2:], "little") != binascii.crc_hqx(raw[:-2], 0):
        raise ValueError("not an NKey seed: its length or its checksum is wrong")
    if raw[0] & 0xF8 != 18 << 3 or (raw[0] & 7) << 5 | raw[1] >> 3 != _USER:
        raise ValueError("an NKey seed, but not that of a user (SU…)")
    return Ed25519PrivateKey.from_private_bytes(raw[2:-2])


def _public(key: Ed25519PrivateKey) -> str:
    raw = bytes([_USER]) + key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    checked = raw + binascii.crc_hqx(raw, 0).to_bytes(2, "little")
    return base64.b32encode(checked).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Login:
    """What is shown to a server; nothing of it where a server asks for nothing.

    Raises ConfigError for more than one way, and for a file that cannot be read, or that others can read.
    """

    user: str = ""
    #: Of a file: the password of `user`, a token, a user's seed, or credentials (`.creds`: a JWT and a seed).
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    jwt: str = field(default="", repr=False)
    seed: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if sum(map(bool, (self.user, self.token, self.seed))) > 1:
            raise ConfigError("a server is shown one of: a user and a password, a token, a seed, or credentials")
        if bool(self.user) != bool(self.password):
            raise ConfigError("a user has a password, and a password a user")
        if self.jwt and not self.seed:
            raise ConfigError("credentials need the seed that signs for them")
        if self.seed:
            try:
                user_key(self.seed)
            except ValueError as error:
                raise ConfigError(str(error)) from None

    @classmethod
    def from_files(
        cls,
        *,
        user: str = "",
        password_file: str | os.PathLike[str] = "",
        token_file: str | os.PathLike[str] = "",
        nkey_file: str | os.PathLike[str] = "",
        credentials: str | os.PathLike[str] = "",
    ) -> Login:
        """Read whichever of the files is named. Raises ConfigError."""
        jwt, seed = "", _secret(nkey_file)
        if seed:
            _check_seed(seed, nkey_file)
        if credentials:
            text = _secret(credentials)
            found, key = _JWT.search(text), _SEED.search(text)
            if found is None or key is None:
                raise ConfigError(f"{os.fspath(credentials)}: no credentials of a NATS user, a JWT and its seed")
            if seed:
                raise ConfigError("a server is shown a key of nkey_file or credentials, not both")
            jwt, seed = found[1], key[1]
            _check_seed(seed, credentials)
        return cls(user, _secret(password_file), _secret(token_file), jwt, seed)

    @property
    def shown(self) -> str:
        """What a server is shown, in words that give nothing away."""
        if self.user:
            return f"the user {self.user!r} and a password"
        if self.token:
            return "a token"
        if not self.seed:
            return "nothing; [transports.nats] takes user and password_file, token_file, nkey_file or credentials"
        return "credentials" if self.jwt else f"the key {_public(user_key(self.seed))}"

    def answer(self, info: ServerInfo) -> dict[str, str]:
        """The fields of CONNECT that this server is shown."""
        if self.user:
            return {"user": self.user, "pass": self.password}
        if self.token:
            return {"auth_token": self.token}
        if not self.seed:
            return {}
        key = user_key(self.seed)
        signature = base64.urlsafe_b64encode(key.sign(info.nonce.encode())).decode().rstrip("=")
        return {"sig": signature, **({"jwt": self.jwt} if self.jwt else {"nkey": _public(key)})}


def _check_seed(seed: str, path: str | os.PathLike[str]) -> None:
    try:
        user_key(seed)
    except ValueError as error:
        raise ConfigError(f"{os.fspath(path)}: {error}") from None


def _secret(path: str | os.PathLike[str]) -> str:
    name = os.fspath(path)
    if not name:
        return ""
    try:
        with opened_file(path) as descriptor:
            guarded(descriptor, name)
            text = os.read(descriptor, MAX_KEY_FILE).decode().strip()
    except OSError as error:
        raise ConfigError(f"{name}: {error.strerror or error}") from None
    except ValueError as error:
        raise ConfigError(f"{name}: {error}") from None
    if not text:
        raise ConfigError(f"{name}: is empty")
    return text
