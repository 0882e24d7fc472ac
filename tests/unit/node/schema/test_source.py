"""Descriptions come from a program, a configuration, or a file; and a mistake says what would be right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from peerbus.actors.base import ConfigError
from peerbus.node.schema.source import descriptions_of, written

PROGRAM = """
from peerbus.actors import Channel, Message, Reactor, handles

class Put(Message):
    key: int

class Store(Reactor):
    channel = Channel("store", messages=(Put,))

    @handles(Put)
    def put(self, put: Put) -> None: ...

class Outside:
    log = Channel("log", messages=(Put,))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "schema_source_store.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_the_three_kinds_of_source_say_the_same(folder: Path) -> None:
    found = descriptions_of("schema_source_store:Store")
    assert list(found) == ["store"]
    (folder / "kept.json").write_text(json.dumps(written(found)))
    assert descriptions_of("kept.json") == found
    (folder / "node.toml").write_text(
        'name = "a"\nnetwork = "n"\nreactors = ["schema_source_store:Store"]\n'
        'channels = ["schema_source_store:Outside.log"]\n'
    )
    both = descriptions_of("node.toml")
    assert sorted(both) == ["log", "store"]
    assert both["store"] == found["store"]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("nothing.json", "nothing.json: there is no such file"),
        ("nothing.toml", "there is no such file"),
        ("nothing", "write module:Name, a configuration"),
        ("no_such_module_here:Name", "cannot import 'no_such_module_here'"),
        ("schema_source_store:Nobody", "has no 'Nobody'"),
        ("schema_source_store:Put", "is neither a reactor nor a channel"),
        ("odd.json", "odd.json: not what `peerbus schema show --json` writes"),
        ("other.json", "other.json: not what"),
    ],
)
def test_what_is_no_source_is_named(folder: Path, source: str, text: str) -> None:
    (folder / "odd.json").write_text("{")
    (folder / "other.json").write_text('{"channels": {"a": {"description": [2, [], []]}}}')
    with pytest.raises(ConfigError, match=text.replace("(", "\\(")):
        descriptions_of(source)
