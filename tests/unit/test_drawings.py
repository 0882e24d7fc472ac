"""The documentation draws each life as its table has it."""

from __future__ import annotations

import re
from enum import Enum, auto

import pytest
from drawings import DOCS, DRAWINGS, Drawing, state_diagram


class Door(Enum):
    OPEN = auto()
    SHUT = auto()
    GONE = auto()


class Push(Enum):
    SLAM = "slam"
    PULL = "pull"
    BURN = "burn"


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda drawing: drawing.name)
def test_a_drawing_in_the_documentation_is_made_from_its_table(drawing: Drawing) -> None:
    assert drawing.shown() == drawing.text, "run: make generate"


def test_no_drawing_of_states_in_the_documentation_is_made_by_hand() -> None:
    drawn = sum(path.read_text(encoding="utf-8").count("stateDiagram-v2") for path in DOCS.glob("*.md"))
    assert drawn == len(DRAWINGS)


def test_a_table_of_steps_is_drawn_with_their_names() -> None:
    table = {
        Door.OPEN: {Push.SLAM: Door.SHUT, Push.PULL: Door.SHUT, Push.BURN: Door.GONE},
        Door.SHUT: {Push.PULL: Door.OPEN},
        Door.GONE: {},
    }
    assert state_diagram(table) == (
        "stateDiagram-v2\n    [*] --> open\n    open --> shut: slam, pull\n    open --> gone: burn\n"
        "    shut --> open: pull\n    gone --> [*]\n"
    )


def test_a_table_of_what_may_follow_is_drawn_in_the_order_of_the_table() -> None:
    table = {Door.OPEN: {Door.GONE, Door.SHUT}, Door.SHUT: {Door.OPEN}, Door.GONE: set[Door]()}
    arrows = re.findall(r"(\w+) --> (\w+)", state_diagram(table))
    assert arrows == [("open", "shut"), ("open", "gone"), ("shut", "open")]
