"""How a node shows a server who it is, with files that only its user reads."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from peerbus.actors.base import ConfigError
from peerbus.transports.nats.client_protocol import ServerInfo
from peerbus.transports.nats.login import Login, user_key

#: Of the documentation of nats-server (Securing NATS, NKeys).
SEED = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"
USER = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"
INFO = ServerInfo(nonce="a nonce")


def secret(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "secret"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_seed_signs_the_nonce_and_shows_the_public_key(tmp_path: Path) -> None:
    answer = Login.from_files(nkey_file=secret(tmp_path, f"{SEED}\n")).answer(INFO)
    assert answer["nkey"] == USER
    raw = base64.b32decode(USER + "=" * (-len(USER) % 8))[1:-2]
    signature = base64.urlsafe_b64decode(answer["sig"] + "==")
    Ed25519PublicKey.from_public_bytes(raw).verify(signature, b"a nonce")


def test_credentials_show_their_jwt_and_sign_with_their_seed(tmp_path: Path) -> None:
    text = (
        "-----BEGIN NATS USER JWT-----\neyJ0.eyJq.c2ln\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{SEED}\n------END USER NKEY SEED------\n"
    )
    answer = Login.from_files(credentials=secret(tmp_path, text)).answer(INFO)
    assert answer == {"jwt": "eyJ0.eyJq.c2ln", "sig": Login(seed=SEED).answer(INFO)["sig"]}


def test_a_password_and_a_token_are_shown_as_they_are(tmp_path: Path) -> None:
    path = secret(tmp_path, "s3cret\n")
    assert Login.from_files(user="alice", password_file=path).answer(INFO) == {"user": "alice", "pass": "s3cret"}
    assert Login.from_files(token_file=path).answer(INFO) == {"auth_token": "s3cret"}
    assert Login().answer(INFO) == {}
    assert "s3cret" not in repr(Login.from_files(token_file=path))


@pytest.mark.parametrize(
    "seed", ["", "SU", SEED[:-1] + "A", "SAAGSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY", "not base32!"]
)
def test_what_is_no_seed_of_a_user_is_refused(seed: str) -> None:
    with pytest.raises(ValueError, match="seed"):
        user_key(seed)


def test_a_file_that_others_read_is_refused_and_so_is_more_than_one_way(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="chmod 600"):
        Login.from_files(token_file=secret(tmp_path, "s3cret", 0o644))
    with pytest.raises(ConfigError, match="No such file"):
        Login.from_files(token_file=tmp_path / "nowhere")
    with pytest.raises(ConfigError, match=r"secret: is empty"):
        Login.from_files(user="alice", password_file=secret(tmp_path, "\n"))
    with pytest.raises(ConfigError, match=r"secret: not an NKey seed"):
        Login.from_files(nkey_file=secret(tmp_path, "s3cret"))
    path = secret(tmp_path, SEED)
    with pytest.raises(ConfigError, match="one of"):
        Login.from_files(token_file=path, nkey_file=path)
    with pytest.raises(ConfigError, match="a user has a password"):
        Login.from_files(user="alice")
    with pytest.raises(ConfigError, match="no credentials"):
        Login.from_files(credentials=path)


@pytest.mark.parametrize(
    ("login", "shown"),
    [
        (Login("alice", "s3cret"), "the user 'alice' and a password"),
        (Login(token="s3cret"), "a token"),
        (Login(seed=SEED), f"the key {USER}"),
        (Login(jwt="eyJ0.eyJq.c2ln", seed=SEED), "credentials"),
    ],
)
def test_what_a_server_is_shown_is_said_without_a_secret(login: Login, shown: str) -> None:
    assert login.shown == shown
    assert Login().shown.startswith("nothing; [transports.nats] takes user and password_file, token_file")
