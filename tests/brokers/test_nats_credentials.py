"""Credentials of a user (a JWT and its seed) before a real nats-server in operator mode: right ones, and wrong ones."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nats_servers import Broker, running

from peerbus.actors.base import ListenFailed
from peerbus.transports.kinds import read_endpoint
from peerbus.transports.nats import NatsServer, NatsTransport
from peerbus.transports.nats.login import Login
from peerbus.transports.streams import Identity

BOB = Identity.from_seed(b"b" * 32)


class Key:
    """A key of an operator, an account or a user, in the writing of nats-io/nkeys; always the same for a letter."""

    PREFIXES = {"O": 14 << 3, "A": 0, "U": 20 << 3}  # noqa: RUF012 - nobody changes it

    def __init__(self, kind: str, letter: str) -> None:
        self._prefix, self._raw = self.PREFIXES[kind], letter.encode() * 32
        self._key = Ed25519PrivateKey.from_private_bytes(self._raw)
        self.public = _text(bytes([self._prefix]) + self._key.public_key().public_bytes_raw())
        self.seed = _text(bytes([18 << 3 | self._prefix >> 5, (self._prefix & 31) << 3]) + self._raw)

    def says(self, of: Key, claims: dict[str, object], **more: object) -> str:
        """A JWT that this one signs, about that one."""
        body = {"iat": int(time.time()), "iss": self.public, "sub": of.public, "name": "x", "nats": claims, **more}
        body["jti"] = base64.b32encode(hashlib.sha256(json.dumps(body).encode()).digest()).decode().rstrip("=")
        said = ".".join(_url(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ed25519-nkey"}, body))
        return f"{said}.{_url(self._key.sign(said.encode()))}"


def _text(raw: bytes) -> str:
    return base64.b32encode(raw + binascii.crc_hqx(raw, 0).to_bytes(2, "little")).decode().rstrip("=")


def _url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


OPERATOR, ACCOUNT, USER = Key("O", "o"), Key("A", "a"), Key("U", "u")
UNBOUNDED = dict.fromkeys(("subs", "data", "payload"), -1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    limits = {**UNBOUNDED, "imports": -1, "exports": -1, "wildcards": True, "conn": -1, "leaf": -1}
    account = OPERATOR.says(ACCOUNT, {"type": "account", "version": 2, "limits": limits})
    operator = tmp_path_factory.mktemp("nats") / "operator.jwt"
    operator.write_text(OPERATOR.says(OPERATOR, {"type": "operator", "version": 2}))
    known = f'resolver: MEMORY\nresolver_preload: {{ {ACCOUNT.public}: "{account}" }}'
    with running(f'operator: "{operator}"\n{known}\n') as found:
        yield found


def credentials(folder: Path, *, by: Key = ACCOUNT, seed: Key = USER, ends: float = 3600, **rights: object) -> Login:
    user = {"type": "user", "version": 2, **UNBOUNDED, "pub": {}, "sub": {}, **rights}
    path = folder / "bob.creds"
    path.write_text(
        f"-----BEGIN NATS USER JWT-----\n{by.says(USER, user, exp=int(time.time() + ends))}\n"
        "------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{seed.seed}\n------END USER NKEY SEED------\n"
    )
    path.chmod(0o600)
    return Login.from_files(credentials=path)


async def listens(server: Broker, login: Login) -> None:
    transport = NatsTransport(BOB, [NatsServer("127.0.0.1", server.port)], login=login)
    listener = await transport.listen(read_endpoint(f"{server.url}/lan/inbox-of-bob"))
    await listener.aclose()


async def test_credentials_let_a_node_in(server: Broker, tmp_path: Path) -> None:
    await listens(server, credentials(tmp_path))


async def test_credentials_that_are_over_or_foreign_or_not_proven_are_said_to_be_refused(
    server: Broker, tmp_path: Path
) -> None:
    for login in (
        credentials(tmp_path, ends=-60),
        credentials(tmp_path, by=Key("A", "b")),
        credentials(tmp_path, seed=Key("U", "v")),
    ):
        with pytest.raises(ListenFailed, match=r"Authorization Violation \(it was shown credentials\)"):
            await listens(server, login)


async def test_an_account_that_forbids_to_publish_is_said_to(server: Broker, tmp_path: Path) -> None:
    with pytest.raises(ListenFailed, match="Permissions Violation for Publish"):
        await listens(server, credentials(tmp_path, pub={"deny": [">"]}))
