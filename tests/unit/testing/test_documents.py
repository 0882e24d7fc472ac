"""The tests that docs/testing.md shows are copied out of them, as a reader would, and run."""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.timeout(300)  # processes of pytest, on a machine that may be busy

ROOT = Path(__file__).resolve().parents[3]
LOAD = [] if entry_points(group="pytest11", name="peerbus") else ["-p", "peerbus.testing.plugin"]


def _examples(document: str) -> list[str]:
    text = (ROOT / document).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [block for block in blocks if "def test_" in block]


@pytest.mark.parametrize(("document", "passed"), [("docs/testing.md", 4)])
def test_the_tests_of_a_document_pass(pytester: pytest.Pytester, document: str, passed: int) -> None:
    pytester.makepyprojecttoml("[tool.pytest.ini_options]\nfilterwarnings = ['error']\n")
    pytester.makepyfile(**{f"test_{number}": source for number, source in enumerate(_examples(document))})
    asyncio = ["--asyncio-mode=auto", "-o", "asyncio_default_fixture_loop_scope=function"]
    done = pytester.runpytest_subprocess(*LOAD, *asyncio, "-p", "no:cacheprovider", timeout=120)
    done.assert_outcomes(passed=passed)
