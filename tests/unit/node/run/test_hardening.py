"""What a hardened configuration has: each thing that is missing is named, and what nobody has set is turned on."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from peerbus.node.config.config import NodeConfig, load_config
from peerbus.node.config.overrides import Override
from peerbus.node.run.hardening import MEASURES, HardenedConfig, hardened, who_else_writes
from peerbus.transports.streams.identity import Identity

WHOLE = """
name = "alice"
identity = "alice.pem"
book = "alice.db"
listen = ["tcp://0.0.0.0:7400"]
network = { name = "demo", allow = ["%s"] }
""" % ("ab" * 32)
PEER = f"tcp://{'ab' * 32}@10.0.0.2:7400"


def judged(folder: Path, text: str) -> HardenedConfig:
    Identity.generate().save(folder / "alice.pem", overwrite=True)
    path = folder / "alice.toml"
    path.write_text(text)

    def read(measures: Sequence[Override]) -> NodeConfig:
        return load_config(path, measures)

    return hardened(read)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "node"
    made.mkdir(mode=0o700)
    return made


def test_what_nobody_has_set_is_turned_on_and_what_is_written_stands(folder: Path) -> None:
    found = judged(folder, WHOLE)
    assert (found.missing, found.turned_on) == ((), MEASURES)
    config = found.config
    assert (config.discovery.mdns, config.peers.options.max_per_address, config.limits.arrivals_per_address) == (
        *(False, 8, 10),
    )
    assert config.source.origin("discovery.mdns") == "--harden"
    found = judged(folder, f"{WHOLE}discovery.interfaces = ['127.0.0.1']\npeers.max_per_address = 100\n")
    assert [one.key for one in found.turned_on] == ["limits.arrivals_per_address"]
    assert (found.config.discovery.mdns, found.config.peers.options.max_per_address) == (True, 100)


@pytest.mark.parametrize(
    ("changes", "key", "problem"),
    [
        (("identity =", "#"), "identity", "is not set: with a new key at each start"),
        (('{ name = "demo", allow = ["', '"demo" #'), "network", "anybody who reaches tcp://0.0.0.0:7400 may come in"),
        (("book", "peers.pin = false\nbook"), "peers.pin", "is false: whoever answers"),
        (('book = "alice.db"', 'peers.seeds = ["tcp://10.0.0.2:7400"]'), "book", "names no node"),
        (("book", 'admin.at = "http://127.0.0.1:7401"\nbook'), "admin.at", "is a port, where a token alone lets in"),
    ],
)
def test_what_is_missing_is_named_with_what_would_be_right(
    changes: tuple[str, str], key: str, problem: str, folder: Path
) -> None:
    (missing,) = judged(folder, WHOLE.replace(*changes)).missing
    assert missing.key == key
    assert problem in missing.problem


def test_all_of_it_is_told_at_once_each_with_its_place(folder: Path) -> None:
    found = judged(folder, 'name = "alice"\nnetwork = "demo"\nlisten = ["tcp://10.0.0.1:7400"]\npeers.pin = false\n')
    places = [line.partition(": ")[0].rpartition("/")[2] for line in found.lines()]
    assert places == ["alice.toml", "alice.toml:2", "alice.toml:4"]


def test_nothing_is_missing_where_only_this_machine_gets_in_or_peers_are_named(folder: Path) -> None:
    text = WHOLE.replace("0.0.0.0", "127.0.0.1").replace('{ name = "demo", allow = ["', '"demo" #')  # noqa: S104  # replaced
    assert judged(folder, text.replace('book = "alice.db"', f'peers.persistent = ["{PEER}"]')).missing == ()


@pytest.mark.parametrize(
    ("open_", "keys"),
    [("alice.toml", ["alice.toml"]), ("alice.db", ["book"]), (".", ["alice.toml", "reactors", "book"])],
)
def test_who_else_may_write_what_the_node_is_made_of_is_told(open_: str, keys: list[str], folder: Path) -> None:
    (folder / "alice.db").touch(mode=0o600)
    judged(folder, WHOLE)
    (folder / open_).chmod(0o770)
    found = judged(folder, WHOLE)
    assert [one.key or "alice.toml" for one in found.missing] == keys
    assert all(f"others can write {(folder / open_).resolve()}" in one.problem for one in found.missing)


def test_the_way_to_a_file_counts_and_a_link_leads_to_what_is_written(folder: Path, tmp_path: Path) -> None:
    own, link = folder / "own", tmp_path / "link"
    own.touch(mode=0o600)
    link.symlink_to(own)
    assert who_else_writes(link) == ""
    folder.chmod(0o1777)  # as /tmp: others put things beside it, and take nothing away
    assert who_else_writes(own) == ""
    folder.chmod(0o777)
    assert f"others can write {folder.resolve()}" in who_else_writes(link)
    assert "cannot be looked at" in who_else_writes(folder / "nothing")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files of others")
def test_what_belongs_to_somebody_else_is_told(folder: Path) -> None:
    own = folder / "own"
    own.touch(mode=0o600)
    os.chown(own, 65_534, 65_534)
    assert "belongs to user 65534" in who_else_writes(own)


def test_a_folder_of_pythons_that_everybody_can_write_is_told(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = tmp_path / "modules"
    modules.mkdir()
    modules.chmod(0o777)
    monkeypatch.setattr(sys, "path", [str(modules), *sys.path])
    (missing,) = judged(folder, WHOLE).missing
    assert missing.problem.startswith(f"where Python looks for modules, others can write {modules}")
    modules.chmod(0o775)
    assert judged(folder, WHOLE).missing == ()  # as Debian's own, which are its administrators'
    inside = modules / "inside"
    inside.mkdir()
    modules.chmod(0o777)  # so that anybody may put another folder in its place
    monkeypatch.setattr(sys, "path", [str(inside), *sys.path[1:]])
    (missing,) = judged(folder, WHOLE).missing
    assert f"others can write {modules}" in missing.problem


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files of others")
def test_a_folder_of_pythons_that_is_somebody_elses_is_told(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = tmp_path / "modules"
    modules.mkdir()
    os.chown(modules, 65_534, 65_534)
    monkeypatch.setattr(sys, "path", [str(modules), *sys.path])
    (missing,) = judged(folder, WHOLE).missing
    assert "belongs to user 65534" in missing.problem


@pytest.mark.parametrize("file", ["shop/__init__.py", "shop/till.py"])
@pytest.mark.parametrize("said", ['reactors = ["shop.till:Till"]', 'processes.one = ["shop.till:Till"]'])
def test_code_of_a_reactor_that_somebody_else_can_write_is_told(file: str, said: str, folder: Path) -> None:
    (folder / "shop").mkdir()
    for name in ("shop/__init__.py", "shop/till.py"):
        (folder / name).touch(mode=0o600)
    assert judged(folder, WHOLE + said).missing == ()
    (folder / file).chmod(0o666)
    (missing,) = judged(folder, WHOLE + said).missing
    assert f"others can write {(folder / file).resolve()}" in missing.problem


RULES = """
[network]
name = "demo"
allow = "rules/allowed"
network_key = "rules/demo.key"
authority = "rules/authority.pem"
certificate = "rules/own.crt"
"""


@pytest.mark.parametrize(
    ("file", "keys"),
    [
        ("allowed", ["network.allow"]),
        ("authority.pem", ["network.authority"]),
        ("own.crt", ["network.certificate"]),
        ("demo.key", ["network.network_key"]),
        ("own.crt.revoked", ["network.revoked"]),
        (".", [f"network.{each}" for each in ("allow", "authority", "certificate", "revoked", "network_key")]),
    ],
)
def test_who_else_may_write_by_what_others_are_let_in_is_told(file: str, keys: list[str], folder: Path) -> None:
    (folder / "rules").mkdir(mode=0o700)
    for each in ("allowed", "demo.key", "authority.pem", "own.crt"):
        (folder / "rules" / each).touch(mode=0o600)
    text = "\n".join(line for line in WHOLE.splitlines() if not line.startswith("network")) + RULES
    assert judged(folder, text).missing == ()
    opened = folder / "rules" / file
    if not opened.exists():
        opened.touch()
    opened.chmod(0o777 if opened.is_dir() else 0o666)
    missing = judged(folder, text).missing
    assert [one.key for one in missing] == keys
    assert all(f"others can write {opened.resolve()}" in one.problem for one in missing)
