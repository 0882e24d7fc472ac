"""Programs of other products print what those on peerbus do, where their tool is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from shown_files import DOCS
from shown_programs import run, shown_output

FOLDER = DOCS / "coming-from"
#: By page, how its foreign program is run: a library of Python by its name, another program, or not at all here.
RUN_BY = {
    "celery": "celery",
    "erlang": "escript",
    "libp2p": "",
    "nats": "",
    "pekko": "",
    "pykka": "pykka",
    "zeromq": "zmq",
}
PAGES = sorted(path.stem for path in FOLDER.glob("*.md") if path.name != "README.md")


def test_every_page_is_known_here_and_says_how_its_program_is_run() -> None:
    assert sorted(RUN_BY) == PAGES
    for name in PAGES:
        page = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
        assert re.findall(r"^## (.*?)(?: with .*)?$", page, re.MULTILINE)[:3] == [
            "The same program",
            "What maps to what",
            "When to stay",
        ]
        (said,) = re.findall(r"^\*((?:Not run|Run) by .*)\*$", page, re.MULTILINE)
        assert said.startswith("Not run") == (name == "pekko")
        assert f"({name}.md)" in (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def no_logging_left() -> Iterator[None]:
    """Celery sets up logging for the whole process."""
    import logging

    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.mark.filterwarnings("default")  # what other products warn of is theirs
@pytest.mark.parametrize("name", [name for name in PAGES if RUN_BY[name] not in ("", "escript")])
def test_the_same_program_prints_the_same(name: str, no_logging_left: None) -> None:
    pytest.importorskip(RUN_BY[name])
    assert run(f"docs/coming-from/{name}_before.py") == shown_output(f"docs/coming-from/{name}_after.py")


def test_the_same_program_in_erlang_prints_the_same(tmp_path: Path) -> None:
    escript = shutil.which("escript")
    if escript is None:
        pytest.skip("Erlang's escript is not installed")
    program = FOLDER / "erlang_before.escript"
    done = subprocess.run(
        [escript, str(program)], check=False, capture_output=True, text=True, cwd=tmp_path, timeout=50
    )
    assert (done.stdout, done.returncode) == (shown_output("docs/coming-from/erlang_after.py"), 0), done.stderr
