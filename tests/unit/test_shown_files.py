"""The documentation shows files, and regions of files, as they are."""

from __future__ import annotations

import pytest
from shown_files import ROOT, ShownFile, region_of, shown_files

PLACES = list(shown_files())
SOURCE = """\
def test_it() -> None:
    # region: sends
    first()

    if second:
        third()
    # endregion
    fourth()
    // region: other-tongue
    fifth();
    // endregion
"""


@pytest.mark.parametrize("shown", PLACES, ids=lambda shown: f"{shown.document.name}:{shown.path}#{shown.region or ''}")
def test_a_file_in_the_documentation_is_shown_as_it_is(shown: ShownFile) -> None:
    assert shown.text == shown.current, "run: make generate"


def test_every_file_for_deployment_is_shown() -> None:
    folder = ROOT / "examples" / "deploy"
    files = {str(path.relative_to(ROOT)) for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert files == {shown.path for shown in PLACES if shown.path.startswith("examples/deploy")}


def test_a_region_is_shown_without_the_indentation_of_what_it_stands_in() -> None:
    assert region_of(SOURCE, "sends") == "first()\n\nif second:\n    third()\n"
    assert region_of(SOURCE, "other-tongue") == "fifth();\n"
    assert region_of(SOURCE, "nothing") is None
