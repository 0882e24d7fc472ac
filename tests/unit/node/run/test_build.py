"""Building a node from its configuration: reactors by import path, with errors that name the key."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from peerbus.actors.base.errors import ConfigError
from peerbus.discovery.book.sqlite_book import SqliteBook
from peerbus.discovery.facts.require import Require
from peerbus.node import Node
from peerbus.node.config.config import NodeConfig, parse_config
from peerbus.node.run import build
from peerbus.node.run.build import build_node, load_channels, load_identity, load_reactors
from peerbus.transports import Endpoint, Transport, TransportOptions
from peerbus.transports.kinds import make_transports
from peerbus.transports.streams.identity import Identity

REACTORS = """
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from peerbus.actors import Channel, Reactor, handles

@dataclass(frozen=True)
class Note:
    text: str

class Notes(Reactor):
    channel = Channel("notes", messages=(Note,))

    @handles(Note)
    def take(self, note): ...

    def __init__(self, size: int = 1) -> None:
        super().__init__()
        self.size = size

class Copy(Notes): ...

class Abstract(Reactor): ...

INDEX = Channel("index", messages=(Note,))
@dataclass(frozen=True)
class Line:
    text: str

OTHER_INDEX = Channel("index", messages=(Note, Line))

OTHER_NOTES = Channel("notes", messages=(Line,))
SAME_NOTES = Channel("notes", messages=(Note,))

class Plain(Reactor):
    channel = Channel("plain", messages=(Note,))

    @handles(Note)
    def take(self, note): ...

class Typed(Reactor):
    channel = Channel("typed", messages=(Note,))

    @handles(Note)
    def take(self, note): ...

    def __init__(
        self, name: str, count: int = 1, wait: float | None = None, on: bool = True, kind: "Literal['a', 'b']" = "a",
        names: list[str] = [], table: dict[str, int] = {}, path: Path = Path("."), **more: object,
    ) -> None:
        super().__init__()

class Deaf(Reactor):
    channel = Channel("deaf", messages=(Note,))

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


def test_a_reactor_that_handles_nothing_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"reactors\[0\]: notes_of_a_user:Deaf cannot be made: Deaf handles no Note"):
        load_reactors(config(folder, 'reactors = ["notes_of_a_user:Deaf"]'))


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
        ("broken_of_a_user:Notes", "cannot import 'broken_of_a_user' (RuntimeError: no database) at "),
        ("ending_of_a_user:Notes", "cannot import 'ending_of_a_user' (SystemExit: 3)"),
        ("syntax_of_a_user:Notes", "cannot import 'syntax_of_a_user' (SyntaxError: invalid syntax"),
        ("notes_of_a_user:Nodes", "module 'notes_of_a_user' has no 'Nodes'; did you mean 'Notes'?"),
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


def test_a_reactor_is_asked_about_its_args_before_anything_starts(folder: Path) -> None:
    lines = '[[reactors]]\npath = "peerbus.node.blocksync:Blocks"\nargs = { file = "nothing.bin" }'
    with pytest.raises(ConfigError, match=r"Blocks cannot be made: nothing\.bin cannot be served: No such file"):
        build_node(config(folder, lines))
    assert load_reactors(config(folder, lines)), "to be right it need not be able to run here"


def test_two_reactors_on_one_channel_are_refused(folder: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_reactors(config(folder, 'reactors = ["notes_of_a_user:Notes", "notes_of_a_user:Copy"]'))
    assert str(caught.value) == (
        "alice.toml:3: reactors[1]: notes_of_a_user:Copy and notes_of_a_user:Notes have one channel, 'notes'"
    )


def test_a_channel_of_the_name_of_a_reactors_with_other_messages_is_refused(folder: Path) -> None:
    lines = 'reactors = ["notes_of_a_user:Notes"]\nchannels = ["notes_of_a_user:{}"]'
    with pytest.raises(ConfigError) as caught:
        load_channels(config(folder, lines.format("OTHER_NOTES")))
    assert str(caught.value) == (
        "alice.toml:4: channels[0]: notes_of_a_user:OTHER_NOTES and notes_of_a_user:Notes are two different "
        "channels of one name, 'notes'"
    )
    assert [channel.name for channel in load_channels(config(folder, lines.format("SAME_NOTES")))[0]] == ["notes"]


def test_a_reactor_without_a_channel_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"reactors\[0\]: .*Abstract declares no channel"):
        load_reactors(config(folder, 'reactors = ["notes_of_a_user:Abstract"]'))


def test_an_identity_is_read_and_a_bad_one_is_named(folder: Path) -> None:
    identity = Identity.generate()
    identity.save(folder / "alice.pem")
    loaded = load_identity(config(folder, 'identity = "alice.pem"'))
    assert loaded is not None
    assert loaded.identity.node_id == identity.node_id
    (folder / "bad.pem").write_text("no key")
    (folder / "bad.pem").chmod(0o600)
    with pytest.raises(ConfigError, match=r"^alice\.toml:3: identity: .*not an unencrypted private key"):
        load_identity(config(folder, 'identity = "bad.pem"'))
    with pytest.raises(
        ConfigError, match=r"^alice\.toml:3: identity: \S*x.pem does not exist; make one: peerbus keygen"
    ):
        load_identity(config(folder, 'identity = "x.pem"'))
    assert load_identity(config(folder)) is None


def test_an_identity_that_was_read_is_not_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Identity.generate().save(folder / "alice.pem")
    monkeypatch.setenv("ALICE_KEY", (folder / "alice.pem").read_text())
    described = config(folder, 'identity = "env:ALICE_KEY"')
    found = load_identity(described)
    assert found is not None
    assert build_node(described, found).node_id == found.identity.node_id


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


@pytest.mark.parametrize(
    ("reactor", "args", "says"),
    [
        ("Plain", "sise = 3", "it takes no arguments, args has 'sise'"),
        ("Notes", "sise = 3", r"unexpected keyword argument 'sise'; it takes \(size"),
        ("Notes", "size = 'three'", "args.size is 'three', not an integer"),
        ("Typed", "count = 1", "missing a required argument: 'name'; it takes"),
        ("Typed", "name = 1", "args.name is 1, not a string"),
        ("Typed", "name = 'x', names = ['y', 1]", "args.names is .*, not a list"),
        ("Typed", "name = 'x', table = { a = 'b' }", "args.table is .*, not a table"),
    ],
)
def test_an_argument_that_a_reactor_does_not_take_is_named_before_anything_starts(
    folder: Path, reactor: str, args: str, says: str
) -> None:
    with pytest.raises(ConfigError, match=f"notes_of_a_user:{reactor} cannot be made: .*{says}"):
        load_reactors(config(folder, f'[[reactors]]\npath = "notes_of_a_user:{reactor}"\nargs = {{ {args} }}'))


@pytest.mark.parametrize(
    "args",
    [
        "name = 'x'",
        "name = 'x', wait = 1, on = false, kind = 'b', names = [], table = { a = 1 }",
        "name = 'x', path = '/tmp', wait = 1.5, names = ['y'], whatever = 1",
    ],
)
def test_arguments_that_fit_or_that_only_the_reactor_can_judge_are_left_to_it(folder: Path, args: str) -> None:
    assert load_reactors(config(folder, f'[[reactors]]\npath = "notes_of_a_user:Typed"\nargs = {{ {args} }}'))


def test_a_node_knows_the_channels_of_reactors_that_it_does_not_run(folder: Path) -> None:
    settings = config(folder, 'channels = ["notes_of_a_user:INDEX", "notes_of_a_user:Notes", "notes_of_a_user:INDEX"]')
    assert [channel.name for channel in load_channels(settings)[0]] == ["index", "notes"]
    node = build_node(settings)
    assert set(node.bus.channels) == {"index", "notes"}


@pytest.mark.parametrize(
    ("paths", "says"),
    [
        ('"notes_of_a_user:Note"', r"channels\[0\]: notes_of_a_user:Note is the class Note, not a channel"),
        ('"notes_of_a_user:function"', "not a channel; write Channel"),
        ('"notes_of_a_user:Abstract"', "the class Abstract, which declares no channel"),
        ('"notes_of_a_user:NONE"', "has no 'NONE'"),
        ('"nowhere_of_a_user:X"', "cannot import 'nowhere_of_a_user'"),
        ('"notes_of_a_user:INDEX", "notes_of_a_user:OTHER_INDEX"', "are two different channels of one name, 'index'"),
    ],
)
def test_a_channel_that_cannot_be_loaded_is_named_with_the_cause(folder: Path, paths: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        load_channels(config(folder, f"channels = [{paths}]"))
    assert str(caught.value).startswith("alice.toml:3: channels[")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("channels = 'a:B'", "is not a list"),
        ("channels = ['a']", "is not an import path"),
        ("channels = [1]", "string"),
    ],
)
def test_what_is_no_list_of_import_paths_is_refused(folder: Path, line: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        config(folder, line)


def test_what_is_set_of_a_channel_holds_on_the_node(folder: Path) -> None:
    lines = """
reactors = ["notes_of_a_user:Notes"]
[channels.notes]
window = 7
[channels.index]
path = "notes_of_a_user:INDEX"
timeout = 0.5
"""
    known = build_node(config(folder, lines)).bus.channels
    assert known.tuning == {"notes": {"window": 7}, "index": {"timeout": 0.5}}
    assert known["index"].timeout == 0.5


def test_a_table_of_a_channel_has_its_name(folder: Path) -> None:
    says = r"channels\.idx: notes_of_a_user:INDEX is the channel 'index', not 'idx'; write \[channels\.index\]"
    with pytest.raises(ConfigError, match=says):
        build_node(config(folder, '[channels.idx]\npath = "notes_of_a_user:INDEX"'))


#: Arguments of a node that a file does not say, and why.
CODE_ONLY = {
    "rng": "for simulations",
    "requires": "stands in options",
}


def test_a_file_says_all_that_code_can_say_of_a_node(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passed: dict[str, object] = {}

    def node(name: str, **arguments: object) -> object:
        passed.update(arguments, name=name)
        return None

    monkeypatch.setattr(build, "Node", node)
    build_node(config(folder))
    assert set(inspect.signature(Node).parameters) - set(passed) == set(CODE_ONLY)


def test_a_listener_lets_in_as_many_a_second_as_the_file_says(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rates: list[int] = []

    def make(
        endpoints: Iterable[Endpoint], options: TransportOptions, settings: Mapping[str, object]
    ) -> tuple[Transport, ...]:
        rates.append(options.arrivals_per_address)
        return make_transports(endpoints, options, settings)

    monkeypatch.setattr(build, "make_transports", make)
    build_node(config(folder, "[limits]\narrivals_per_address = 7"))
    assert rates == [7]
