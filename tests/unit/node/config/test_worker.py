"""The configuration of a worker that runs elsewhere: who it is, whom it calls, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from peerbus.actors import ConfigError
from peerbus.node.config.overrides import from_environment, from_words
from peerbus.node.config.worker import load_worker_config

ID = "ab" * 32


def _file(folder: Path, text: str) -> Path:
    path = folder / "w.toml"
    path.write_text(text)
    return path


def test_over_a_unix_socket_a_name_and_a_place_are_enough(tmp_path: Path) -> None:
    config = load_worker_config(_file(tmp_path, 'name = "crunch"\nnode = "unix:///shared/w.sock"\n'))
    assert (config.name, str(config.node), config.identity, config.level) == (
        "crunch",
        "unix:///shared/w.sock",
        None,
        "info",
    )


def test_over_tcp_both_keys_are_named_and_what_stands_above_the_file_counts(tmp_path: Path) -> None:
    path = _file(tmp_path, f'name = "crunch"\nnode = "tcp://{ID}@alice:7450"\nidentity = "keys/w.key"\n')
    above = [*from_environment({"PEERBUS_NAME": "other"}), *from_words(["log.level=debug"])]
    config = load_worker_config(path, above)
    assert (config.name, config.node.peer_id, config.level) == ("other", ID, "debug")
    assert config.identity is not None
    assert config.identity.name == str(tmp_path / "keys/w.key")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "name: is missing"),
        ('name = "Crunch"\nnode = "unix:///s"', "is no name of a worker"),
        ('name = "c"', "node: is missing"),
        ('name = "c"\nnode = "alice"', "has no scheme"),
        ('name = "c"\nnode = "nats://a:1/x"', "over tcp:// or unix://, not nats://|nats"),
        ('name = "c"\nnode = "tcp://alice:1"\nidentity = "k"', "does not say whom it is to meet"),
        (f'name = "c"\nnode = "tcp://{ID}@alice:1"', "over TCP a worker shows a key"),
        ('name = "c"\nnode = "unix:///s"\nidentity = "env:a b"', "the name of a variable"),
        ('name = "c"\nnode = "unix:///s"\nmode = 7', "mode"),
        ('name = "c"\nnode = "unix:///s"\n[log]\nlevel = "loud"', "is not one of"),
        ('name = "c"\nreactors = ["a:B"]', "this is the configuration of a node"),
        ("name = ", "not TOML"),
    ],
)
def test_what_is_wrong_is_said_with_what_is_right(tmp_path: Path, text: str, error: str) -> None:
    with pytest.raises(ConfigError, match=error):
        load_worker_config(_file(tmp_path, text))


def test_a_file_that_is_not_there_or_no_text_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load_worker_config(tmp_path / "none.toml")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_worker_config(tmp_path / "b.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_worker_config(tmp_path)
