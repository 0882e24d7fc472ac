"""A certificate and its key are looked at before anything listens, and what is wrong with them is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from certificates import certificate_for

from peerbus.actors import ConfigError
from peerbus.operate.serving.certificate import read_certificate


def test_it_is_for_the_hosts_that_it_names(tmp_path: Path) -> None:
    certificate, key = certificate_for(tmp_path, "alice.example", "*.Nodes.example", "10.0.0.1", "fd00::1")
    found = read_certificate(certificate, key)
    assert found.names == {"alice.example", "*.nodes.example", "10.0.0.1", "[fd00::1]"}
    assert not found.expired()
    assert "PRIVATE" not in repr(found)


def test_one_that_has_ended_says_so(tmp_path: Path) -> None:
    assert read_certificate(*certificate_for(tmp_path, "alice.example", days=-1)).expired()


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked_for_it(tmp_path: Path) -> None:
    certificate, key = certificate_for(tmp_path, "alice.example", passphrase=b"secret")
    with pytest.raises(ConfigError, match="passphrase"):
        read_certificate(certificate, key)


def test_a_key_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    certificate, key = certificate_for(tmp_path, "alice.example")
    key.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod o-r"):
        read_certificate(certificate, key)


def test_files_that_are_no_certificate_or_of_another_key_are_refused(tmp_path: Path) -> None:
    certificate, key = certificate_for(tmp_path, "alice.example")
    (tmp_path / "other").mkdir()
    _, other = certificate_for(tmp_path / "other", "alice.example")
    with pytest.raises(ConfigError, match="cannot be used with the key"):
        read_certificate(certificate, other)
    with pytest.raises(ConfigError, match="no certificate in PEM"):
        read_certificate(key, key)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_certificate(tmp_path / "none.crt", key)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_certificate(certificate, tmp_path / "none.key")
