"""A reactor is added to a configuration, and everything else stays as it was written."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from peerbus.actors.base import ConfigError
from peerbus.operate.scaffold.reactor_list import with_reactor

HEAD = 'name = "a"\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('reactors = ["x:X"]\n', 'reactors = ["x:X", "l:L"]\n'),
        ("reactors = []\n", 'reactors = ["l:L"]\n'),
        ('reactors = ["x:X",]\n', 'reactors = ["x:X", "l:L"]\n'),
        ('reactors = [\n    "x:X",\n]\n', 'reactors = [\n    "x:X",\n    "l:L",\n]\n'),
        ('reactors = [\n    "x:X"\n]\n', 'reactors = [\n    "x:X",\n    "l:L",\n]\n'),
        (
            'reactors = [ # not ]\n  {path = "x:X", args = {a = ["]"]}},\n]\n',
            'reactors = [ # not ]\n  {path = "x:X", args = {a = ["]"]}},\n    "l:L",\n]\n',
        ),
        ("", 'reactors = ["l:L"]\n'),
        ("\n[admin]\nenabled = false\n", '\nreactors = ["l:L"]\n[admin]\nenabled = false\n'),
        ('# reactors = []\nreactors = ["x:\\"]"]\n', '# reactors = []\nreactors = ["x:\\"]", "l:L"]\n'),
    ],
)
def test_the_list_has_one_more_and_the_rest_is_as_it_was(before: str, after: str, tmp_path: Path) -> None:
    config = tmp_path / "a.toml"
    config.write_text(HEAD + before)
    assert with_reactor(config, "l:L") == HEAD + after
    assert tomllib.loads(HEAD + after)["reactors"][-1] == "l:L"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('reactors = "x:X"\n', "not a list"),
        ("reactors = [\n", "cannot be read"),
        ("[[reactors]]\npath = 'x:X'\n", "by hand"),
        ("reactors = ['x:X' # the last one\n]\n", "by hand"),
        ("'reactors' = ['x:X']\n", "by hand"),
    ],
)
def test_what_cannot_be_done_safely_is_left_to_its_author(text: str, why: str, tmp_path: Path) -> None:
    config = tmp_path / "a.toml"
    config.write_text(text)
    with pytest.raises(ConfigError, match=why):
        with_reactor(config, "l:L")
    assert config.read_text() == text


def test_a_configuration_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        with_reactor(tmp_path / "none.toml", "l:L")
