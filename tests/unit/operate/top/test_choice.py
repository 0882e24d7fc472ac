"""Each key changes what is shown, in the way that the help says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors.base import ConfigError
from peerbus.operate.top.choice import LONGEST, TopChoice, pressed, sorted_by
from peerbus.operate.top.sample import Shown
from peerbus.operate.top.tables import COLUMNS


def after(*keys: str, width: int = 80) -> TopChoice:
    """The choice after these keys."""
    choice = TopChoice()
    for key in keys:
        choice = pressed(choice, key, width=width, page=10)
    return choice


def test_tables_are_chosen_by_their_letters_or_one_after_the_other() -> None:
    assert [after(key).shown for key in "pcaowtn"] == list(Shown)
    assert after("tab", "tab").shown is Shown.ACTORS
    assert after(*["tab"] * len(Shown)).shown is Shown.PEERS


def test_sorting_goes_round_the_columns_that_are_seen_and_each_table_has_its_own() -> None:
    seen = [column.title for column in COLUMNS[Shown.PEERS] if column.at <= 80]
    assert after().sort == "STATE"
    assert after("s").sort == seen[seen.index("STATE") + 1]
    assert after("s", "S").sort == "STATE"
    assert after(*["s"] * len(seen)).sort == "STATE"
    assert after("s", "c").sort == "MSGS/s"
    assert after("s", "c", "p").sort == after("s").sort
    assert after("r").reverse is not after("r", "r").reverse


def test_a_filter_is_typed_kept_and_cleared() -> None:
    typing = after("/", "q", "p", "backspace", "x")
    assert (typing.match, typing.typing, typing.over) == ("qx", True, False)
    assert (after("/", "q", "enter").match, after("/", "q", "enter").typing) == ("q", False)
    assert after("/", "q", "escape").match == ""
    assert after("/", "q", "enter", "escape").match == ""
    assert len(after("/", *"x" * 200).match) == LONGEST


def test_the_rest_of_the_keys() -> None:
    assert after("q").over
    assert after("?").helping
    assert not after("?", "h").helping
    assert not after("?", "escape").helping
    assert after(" ").paused
    assert not after(" ", " ").paused
    assert after("down", "pagedown", "k").first == 10
    assert after("down", "pageup").first == 0
    assert after("pagedown", "home").first == 0


@given(st.lists(st.one_of(st.characters(), st.sampled_from(["up", "tab", "enter", "escape", "backspace", "end"]))))
def test_no_keys_lead_where_nothing_is(keys: list[str]) -> None:
    choice = after(*keys)
    assert choice.first >= 0
    assert choice.sort in {column.title for column in COLUMNS[choice.shown]}


def test_a_column_is_named_whatever_the_case_and_one_that_is_none_is_an_error() -> None:
    assert sorted_by(TopChoice(), "rtt").sort == "RTT"
    with pytest.raises(ConfigError, match="sorted by PEER, ID, STATE"):
        sorted_by(TopChoice(), "beauty")
