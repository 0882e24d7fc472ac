"""The documentation shows files as they are."""

from __future__ import annotations

import pytest
from shown_files import ROOT, ShownFile, shown_files


@pytest.mark.parametrize("shown", list(shown_files()), ids=lambda shown: shown.path)
def test_a_file_in_the_documentation_is_shown_as_it_is(shown: ShownFile) -> None:
    assert shown.text == shown.current, "run: make generate"


def test_every_file_for_deployment_is_shown() -> None:
    folder = ROOT / "examples" / "deploy"
    files = {str(path.relative_to(ROOT)) for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert files == {shown.path for shown in shown_files() if shown.path.startswith("examples/deploy")}
