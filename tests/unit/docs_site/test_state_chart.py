"""State diagrams are drawn from Mermaid's words, each box and each step once, none over another."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from docs_site.layers import Line, placed
from docs_site.state_chart import ChartError, state_chart
from docs_site.svg import in_page
from drawings import DRAWINGS, Drawing

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda drawing: drawing.name)
def test_every_life_is_drawn_with_all_its_states_and_steps(drawing: Drawing) -> None:
    root = ET.fromstring(state_chart(drawing.text, name=drawing.name))  # noqa: S314  # our own
    said = [text.text or "" for text in root.iter(f"{SVG}text")]
    steps = re.findall(r"^ +(\S+) --> (\S+?)(?:: (.+))?$", drawing.text, re.MULTILINE)
    assert {state for start, end, _ in steps for state in (start, end)} - {"[*]"} <= set(said)
    assert {label for start, end, label in steps if label and start != end} <= set(said)
    assert len(list(root.iter(f"{SVG}path"))) == 1 + len([start for start, end, _ in steps if start != end])


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda drawing: drawing.name)
def test_no_box_lies_over_another(drawing: Drawing) -> None:
    root = ET.fromstring(state_chart(drawing.text, name=drawing.name))  # noqa: S314  # our own
    boxes = [
        tuple(float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
        for rect in root.iter(f"{SVG}rect")
        if rect.attrib["class"] == "box"
    ]
    for number, (x, y, width, height) in enumerate(boxes):
        for to_x, to_y, to_width, to_height in boxes[number + 1 :]:
            assert x + width <= to_x or to_x + to_width <= x or y + height <= to_y or to_y + to_height <= y


def test_members_of_a_layer_keep_their_distance_and_lines_lead_downward_but_for_a_circle() -> None:
    lines = [Line("a", "b", "go"), Line("a", "c"), Line("b", "d"), Line("c", "d"), Line("d", "a", "again")]
    found = placed(dict.fromkeys("abcd", 40.0), lines, label_width=6.0, gap=10.0)
    assert {name: layer for name, (_, layer) in found.at.items()} == {"a": 0, "b": 2, "c": 2, "d": 4}
    assert abs(found.at["b"][0] - found.at["c"][0]) >= 50.0
    back = next(points for line, points, _ in found.ways if line.label == "again")
    assert (back[0], back[-1]) == (found.at["d"], found.at["a"])


def test_another_kind_of_diagram_is_refused_with_what_to_do() -> None:
    with pytest.raises(ChartError, match=r"graph TD is not drawn by .*: draw an SVG, or a stateDiagram-v2"):
        state_chart("graph TD\n A --> B\n", name="page")


def test_in_the_page_a_drawing_has_an_arrow_of_its_own_and_the_colours_of_the_page() -> None:
    text = in_page(state_chart("stateDiagram-v2\n [*] --> a\n a --> [*]\n", name="page"), 3)
    assert 'id="arrow-3"' in text
    assert "prefers-color-scheme" not in text
    assert "\n" not in text
