"""What a hardened worker has: its node is named, and nobody else writes what it reads and imports."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from peerbus.node.config import load_worker_config
from peerbus.node.run.worker_hardening import missing_of_worker
from peerbus.transports.streams.identity import Identity

NODE = "ab" * 32
TCP = f"tcp://{NODE}@10.0.0.1:7450"


def missing(folder: Path, node: str, *, key: bool = True) -> list[tuple[str, str]]:
    Identity.generate().save(folder / "w.key", overwrite=True)
    path = folder / "w.toml"
    path.write_text(f'name = "crunch"\nnode = "{node}"\n' + 'identity = "w.key"\n' * key)
    path.chmod(0o600)
    return [(one.key, one.problem) for one in missing_of_worker(load_worker_config(path))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "worker"
    made.mkdir(mode=0o700)
    return made


def test_a_node_is_named_over_tcp_by_its_key_at_a_unix_socket_or_by_the_kernel(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert missing(folder, TCP) == []
    assert missing(folder, f"unix://{NODE}@/run/w.sock") == []
    ((key, problem),) = missing(folder, "unix:///run/w.sock")
    assert key == "node"
    assert "write unix://<node id>@/run/w.sock" in problem
    if sys.platform == "linux":
        assert missing(folder, "unix:///run/w.sock", key=False) == []
    monkeypatch.delattr(socket, "SO_PEERCRED", raising=False)
    ((_, problem),) = missing(folder, "unix:///run/w.sock", key=False)
    assert "does not tell who answers" in problem


def test_who_else_may_write_its_configuration_or_what_it_imports_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = folder / "modules"
    modules.mkdir()
    modules.chmod(0o777)
    monkeypatch.syspath_prepend(modules)
    ((key, problem),) = missing(folder, TCP)
    assert (key, f"others can write {modules}" in problem) == ("", True)
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each != str(modules)])
    folder.chmod(0o777)
    ((_, problem),) = missing(folder, TCP)
    assert "the configuration is not this node's alone" in problem
