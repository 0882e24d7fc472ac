"""Where a key comes from: each place is read, taken away where it can be, and never shown."""

from __future__ import annotations

import base64
import os
import threading
from pathlib import Path

import pytest

from peerbus.actors.base.errors import ConfigError
from peerbus.node import identity_source
from peerbus.node.identity_source import IdentitySource
from peerbus.transports.streams.identity import Identity

ALICE = Identity.from_seed(b"a" * 32)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "alice.pem"
    ALICE.save(path)
    return path


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("alice.pem", IdentitySource("file", "alice.pem")),
        ("./env:ALICE", IdentitySource("file", "./env:ALICE")),
        ("keys:alice", IdentitySource("file", "keys:alice")),
        ("env", IdentitySource("file", "env")),
        ("env:ALICE_KEY", IdentitySource("env", "ALICE_KEY")),
        ("fd:3", IdentitySource("fd", "3")),
        ("credential:alice.pem", IdentitySource("credential", "alice.pem")),
    ],
)
def test_a_source_is_written_as_it_is_read(text: str, source: IdentitySource) -> None:
    assert IdentitySource.parse(text) == source
    assert str(source) == text


@pytest.mark.parametrize(
    "text",
    [
        "env:",
        "env:1A",
        "env:A=B",
        "fd:",
        "fd:x",
        "fd:-1",
        "credential:",
        "credential:../x",
        "credential:a/b",
        "credential:..",
    ],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=rf"^after {text.partition(':')[0]}: stands "):
        IdentitySource.parse(text)


def test_a_key_that_stands_in_the_place_of_its_place_is_not_shown(key: Path) -> None:
    pem = key.read_text()
    for text in (pem, f"env:{pem}", base64.b64encode(pem.encode()).decode(), f"env:{'LS0tLS1CRUdJTi' * 9}"):
        with pytest.raises(ValueError, match=r"write where it is|the name of a variable") as caught:
            IdentitySource.parse(text)
        assert text[5:20] not in str(caught.value)


def test_a_file_is_read(key: Path) -> None:
    found = IdentitySource.parse(str(key)).read()
    assert found.identity.node_id == ALICE.node_id
    assert found.why == "it is ours alone"


@pytest.mark.parametrize("form", ["pem", "one line", "base64", "wrapped base64"])
def test_a_variable_is_read_and_taken_out_of_the_environment(
    form: str, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = key.read_text()
    values = {
        "pem": pem,
        "one line": pem.replace("\n", "\\n"),
        "base64": base64.b64encode(pem.encode()).decode(),
        "wrapped base64": base64.encodebytes(pem.encode()).decode(),
    }
    monkeypatch.setenv("ALICE_KEY", values[form])
    found = IdentitySource.parse("env:ALICE_KEY").read()
    assert found.identity.node_id == ALICE.node_id
    assert "ALICE_KEY" not in os.environ
    assert "children do not inherit it" in found.why


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (None, "env:ALICE_KEY: the variable is not set, or empty"),
        (" ", "env:ALICE_KEY: the variable is not set, or empty"),
        ("secret words", "neither a key in PEM nor base64 of one"),
        (base64.b64encode(b"secret").decode(), "not an unencrypted private key in PEM"),
        ("-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n", "not an unencrypted private key in PEM"),
    ],
)
def test_a_wrong_variable_is_refused_and_its_value_not_shown(
    value: str | None, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ALICE_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("ALICE_KEY", value)
    with pytest.raises(ConfigError, match=says) as caught:
        IdentitySource("env", "ALICE_KEY").read()
    assert "secret" not in f"{caught.value} {caught.value.__cause__} {caught.value.__context__}"


def test_a_pipe_is_read_to_its_end_and_closed(key: Path) -> None:
    reading, writing = os.pipe()
    os.set_inheritable(reading, True)
    content = key.read_bytes()

    def write() -> None:
        with open(writing, "wb", buffering=0) as pipe:
            pipe.write(content[:50])
            pipe.write(content[50:])

    writer = threading.Thread(target=write)
    writer.start()
    found = IdentitySource("fd", str(reading)).read()
    writer.join()
    assert found.identity.node_id == ALICE.node_id
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(reading)


@pytest.mark.parametrize(("mode", "says"), [(0o600, ""), (0o604, "others can read the private key \\(mode 0604\\)")])
def test_a_file_that_was_handed_over_is_judged_as_any_other(mode: int, says: str, key: Path) -> None:
    key.chmod(mode)
    descriptor = os.open(key, os.O_RDONLY)
    os.set_inheritable(descriptor, True)
    source = IdentitySource("fd", str(descriptor))
    if says:
        with pytest.raises(ConfigError, match=rf"^fd:{descriptor}: {says}"):
            source.read()
    else:
        assert source.read().why == "whoever started this process opened it; it is ours alone"


def test_a_file_that_has_no_name_is_nobody_elses(key: Path, tmp_path: Path) -> None:
    descriptor = os.open(tmp_path / "unnamed", os.O_RDWR | os.O_CREAT, 0o666)
    (tmp_path / "unnamed").unlink()
    os.write(descriptor, key.read_bytes())
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.set_inheritable(descriptor, True)
    assert IdentitySource("fd", str(descriptor)).read().identity.node_id == ALICE.node_id


def test_a_descriptor_that_is_not_ours_to_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    try:
        with pytest.raises(ConfigError, match="whoever started this process did not open it"):
            IdentitySource("fd", str(reading)).read()
        os.fstat(reading)  # still open: it is somebody else's in this process
        for number in (1, 2):
            with pytest.raises(ConfigError, match="where a process writes to"):
                IdentitySource("fd", str(number)).read()
        monkeypatch.setattr(identity_source, "_PATIENCE", 0.01)
        os.set_inheritable(reading, True)
        with pytest.raises(ConfigError, match=r"nobody has written a key into it and closed it within 0\.01 s"):
            IdentitySource("fd", str(reading)).read()
    finally:
        os.close(writing)


def test_what_is_too_much_for_a_key_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"-----BEGIN PRIVATE KEY-----\n" * 4000)
    (tmp_path / "big").chmod(0o600)
    descriptor = os.open(tmp_path / "big", os.O_RDONLY)
    os.set_inheritable(descriptor, True)
    with pytest.raises(ConfigError, match="too much for a key"):
        IdentitySource("fd", str(descriptor)).read()


def test_a_credential_of_systemd_is_read(key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(key.parent))
    assert IdentitySource.parse("credential:alice.pem").read().identity.node_id == ALICE.node_id
    with pytest.raises(
        ConfigError, match=r"credential:bob\.pem: not in .*; the unit needs LoadCredential=bob\.pem:/etc"
    ):
        IdentitySource.parse("credential:bob.pem").read()
    key.chmod(0o644)
    with pytest.raises(ConfigError, match="others can read"):
        IdentitySource.parse("credential:alice.pem").read()
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    with pytest.raises(ConfigError, match="CREDENTIALS_DIRECTORY is not set; the unit needs LoadCredential="):
        IdentitySource.parse("credential:alice.pem").read()
