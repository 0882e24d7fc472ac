"""Building a node from its configuration: reactors by import path, with errors that name the key."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from peerbus.actors.errors import ConfigError
from peerbus.discovery.require import Require
from peerbus.discovery.sqlite_book import SqliteBook
from peerbus.node.build import build_node, load_identity, load_reactors
from peerbus.node.config import NodeConfig, parse_config
from peerbus.transports.identity import Identity

REACTORS = """
from dataclasses import dataclass
from peerbus.actors import Channel, Reactor

@dataclass(frozen=True)
class Note:
    text: str

class Notes(Reactor):
    channel = Channel("notes", messages=(Note,))

    def __init__(self, size: int = 1) -> None:
        super().__init__()
        self.size = size

class Copy(Notes): ...

class Abstract(Reactor): ...

class Other: ...

function = print
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with a module of reactors beside the configuration, forgotten by the interpreter afterwards."""
    (tmp_path / "notes_of_a_user.py").write_text(REACTORS)
    (tmp_path / "broken_of_a_user.py").write_text("raise RuntimeError('no database')")
    (tmp_path / "ending_of_a_user.py").write_text("raise SystemExit(3)")
    (tmp_path / "syntax_of_a_user.py").write_text("class :")
    path = sys.path[:]
    yield tmp_path
    sys.path[:] = path
    for name in [name for name in sys.modules if name.endswith("_of_a_user")]:
        del sys.modules[name]


def test_a_node_of_many_connections_knows_more_peers_than_it_connects_to(folder: Path) -> None:
    node = build_node(config(folder, 'listen = ["tcp://127.0.0.1:0"]\n[peers]\nmax_connected = 1000\n'))
    assert node.name == "alice"


def config(folder: Path, lines: str = "") -> NodeConfig:
    text = f'name = "alice"\nnetwork = "demo"\n{lines}'
    return parse_config(text, name="alice.toml", folder=folder)


def test_a_reactor_beside_the_configuration_is_found_by_its_path(folder: Path) -> None:
    (make,) = load_reactors(config(folder, 'reactors = ["notes_of_a_user:Notes"]'))
    assert getattr(make, "__name__", "") == "Notes"


def test_a_reactor_is_made_with_its_args(folder: Path) -> None:
    (make,) = load_reactors(config(folder, '[[reactors]]\npath = "notes_of_a_user:Notes"\nargs = { size = 3 }'))
    assert getattr(make, "keywords", None) == {"size": 3}


def test_a_configuration_without_reactors_leaves_the_import_path_alone(folder: Path) -> None:
    assert load_reactors(config(folder)) == []
    assert str(folder) not in sys.path


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("nowhere_of_a_user:Notes", "cannot import 'nowhere_of_a_user' (ModuleNotFoundError: No module named"),
        ("notes_of_a_user.deeper:Notes", "cannot import 'notes_of_a_user.deeper'"),
        ("broken_of_a_user:Notes", "cannot import 'broken_of_a_user' (RuntimeError: no database)"),
        ("ending_of_a_user:Notes", "cannot import 'ending_of_a_user' (SystemExit: 3)"),
        ("syntax_of_a_user:Notes", "cannot import 'syntax_of_a_user' (SyntaxError: invalid syntax"),
        ("notes_of_a_user:Nodes", "module 'notes_of_a_user' has no 'Nodes'"),
        ("notes_of_a_user:Other", "notes_of_a_user:Other is the class Other, not a reactor"),
        ("notes_of_a_user:function", "notes_of_a_user:function is of type builtin_function_or_method, not a reactor"),
    ],
)
def test_a_reactor_that_cannot_be_loaded_is_named_with_the_cause(folder: Path, path: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_reactors(config(folder, f'reactors = ["{path}"]'))
    assert str(caught.value).startswith("alice.toml:3: reactors[0]: ")
    assert says in str(caught.value)


def test_a_module_that_is_not_there_is_told_with_the_place_that_was_searched(folder: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_reactors(config(folder, 'reactors = ["nowhere_of_a_user:Notes"]'))
    assert f"looked in {folder.resolve()}" in str(caught.value)


def test_args_that_a_reactor_does_not_take_are_refused_before_anything_starts(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be made: got an unexpected keyword argument 'sise'"):
        load_reactors(config(folder, '[[reactors]]\npath = "notes_of_a_user:Notes"\nargs = { sise = 3 }'))


def test_two_reactors_on_one_channel_are_refused(folder: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_reactors(config(folder, 'reactors = ["notes_of_a_user:Notes", "notes_of_a_user:Copy"]'))
    assert str(caught.value) == (
        "alice.toml:3: reactors[1]: notes_of_a_user:Copy and notes_of_a_user:Notes have one channel, 'notes'"
    )


def test_a_reactor_without_a_channel_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"reactors\[0\]: .*Abstract declares no channel"):
        load_reactors(config(folder, 'reactors = ["notes_of_a_user:Abstract"]'))


def test_an_identity_is_read_and_a_bad_one_is_named(folder: Path) -> None:
    identity = Identity.generate()
    identity.save(folder / "alice.pem")
    loaded = load_identity(config(folder, 'identity = "alice.pem"'))
    assert loaded is not None
    assert loaded.node_id == identity.node_id
    (folder / "bad.pem").write_text("no key")
    (folder / "bad.pem").chmod(0o600)
    with pytest.raises(ConfigError, match=r"^alice\.toml:3: identity: .*not an unencrypted private key"):
        load_identity(config(folder, 'identity = "bad.pem"'))
    assert load_identity(config(folder)) is None


def test_a_node_is_built_and_not_started(folder: Path) -> None:
    node = build_node(config(folder, 'offers = ["archive"]\nreactors = ["notes_of_a_user:Notes"]'))
    assert "alice" in repr(node)


def test_what_is_required_of_the_peers_and_who_is_kept_reaches_the_node(folder: Path) -> None:
    lines = f"""
    book = "alice.db"
    [peers]
    seeds = ["tcp://127.0.0.1:9"]
    unconditional = ["{"a" * 64}"]
    private = ["{"b" * 64}"]
    [[peers.require]]
    role = "archive"
    at_least = 2
    share = 0.3
    """
    node = build_node(config(folder, lines))
    assert node._options.requires == (Require(role="archive", at_least=2, share=0.3),)
    assert node._options.unconditional == {"a" * 64}
    assert node._options.private == {"b" * 64}
    assert [str(endpoint) for endpoint in node._seeds] == ["tcp://127.0.0.1:9"]
    assert isinstance(node._book, SqliteBook)
    assert node._book.path == folder / "alice.db"
