"""Reading a TOML table: each key is found again in the text, and what nobody asked for is refused."""

from __future__ import annotations

import tomllib

import pytest

from peerbus.actors.base.errors import ConfigError
from peerbus.node.config.table import Source, TomlTable

TEXT = """\
# name = "a comment is no key"
name = "a"
"quoted key" = 1
dotted.key = 2
long = [
  "one",
  "two",
]

[peers]
limit = 3

[peers.inner]
limit = 4

[[reactors]]
path = "a:B"

[[reactors]]
path = "c:D"
args = { size = 5 }
"""


def table(text: str = TEXT) -> TomlTable:
    return TomlTable(Source("file.toml", text), tomllib.loads(text))


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("name", 2),
        ("quoted key", 3),
        ("dotted.key", 4),
        ("long", 5),
        ("long[1]", 5),
        ("peers", 10),
        ("peers.limit", 11),
        ("peers.missing", 10),
        ("peers.inner.limit", 14),
        ("reactors[0].path", 17),
        ("reactors[1].path", 20),
        ("reactors[1].args.size", 21),
        ("missing", None),
        ("nam", None),
    ],
)
def test_a_key_has_the_line_that_sets_it_or_begins_its_table(key: str, line: int | None) -> None:
    assert Source("file.toml", TEXT).line_of(key) == line


def test_what_was_asked_for_is_known_and_the_rest_is_refused() -> None:
    read = table('name = "a"\nsize = 3\nsise = 4')
    read.text("name", '"a"')
    read.integer("size", 1, low=0, high=9)
    with pytest.raises(ConfigError, match=r"^file\.toml:3: sise: unknown key; did you mean 'size'\?(\n|$)"):
        read.finish()


def test_a_table_that_is_not_written_is_empty_and_finished_at_once() -> None:
    inner = table().table("elsewhere")
    assert inner.integer("limit", 7, low=0, high=9) == 7
    inner.finish()


def test_a_number_may_be_written_without_a_fraction_and_must_be_in_range() -> None:
    assert table("t = 2").seconds("t", 1.0, high=10) == 2.0
    for bad in ("0", "inf", "11", "true", '"1"'):
        with pytest.raises(ConfigError, match=r"^file\.toml:1: t: "):
            table(f"t = {bad}").seconds("t", 1.0, high=10)


def test_a_long_value_is_cut_in_the_error() -> None:
    with pytest.raises(ConfigError) as caught:
        table(f'n = "{"x" * 500}"').integer("n", 1, low=0, high=9)
    assert len(str(caught.value)) < 150


def test_an_error_does_not_show_a_private_key_that_was_pasted_in_the_wrong_place() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIHbR\n-----END PRIVATE KEY-----\n"
    for value in (pem, pem[:50], [pem]):
        wrong = TomlTable(Source("file.toml", ""), {"name": value})
        with pytest.raises(ConfigError, match="…") as caught:
            wrong.choice("name", ["a"], "a")
        assert "MC4C" not in str(caught.value)
