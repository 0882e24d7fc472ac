"""When what is installed is compiled: what `setup.py` asks of a build, by the environment that it finds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from source_tree import ROOT

pytest.importorskip("setuptools")

#: Runs `setup.py` as a build does that asks what it needs, and says whether that is a compiler of this source.
PROGRAM = """
import runpy, setuptools, sys
asked = {}
setuptools.setup = asked.update
sys.argv = ["setup.py", *sys.argv[1:]]
runpy.run_path("setup.py", run_name="__main__")
print(any(tool.startswith("mypy") for tool in asked["setup_requires"]), asked["ext_modules"])
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """All that the `PATH` has: a compiler of C, called `gcc`, and one called `other`."""
    for name in ("gcc", "other"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("wanted", ["", "0"])
@pytest.mark.parametrize("compiler", [None, "gcc", "other", "other -pipe", "none"])
def test_where_there_is_a_compiler_it_is_asked_for_what_compiles(path: Path, wanted: str, compiler: str | None) -> None:
    assert needs(path, wanted, compiler) == "True []\n"


@pytest.mark.parametrize("compiler", ["other", "other -pipe"])
def test_a_compiler_that_is_named_is_enough(path: Path, compiler: str) -> None:
    (path / "gcc").unlink()
    assert needs(path, "", compiler) == "True []\n"


@pytest.mark.parametrize("compiler", [None, "", "none", "none gcc"])
def test_where_there_is_none_nothing_is_compiled_unless_it_has_to_be(path: Path, compiler: str | None) -> None:
    (path / "gcc").unlink()
    assert needs(path, "", compiler) == "False []\n"
    assert needs(path, "0", compiler) == "True []\n"


@pytest.mark.parametrize("wanted", ["1", "true", "yes"])
def test_who_refuses_it_gets_the_pure_build(path: Path, wanted: str) -> None:
    assert needs(path, wanted, None) == "False []\n"


@pytest.mark.parametrize("verb", ["editable_wheel", "develop"])
def test_what_is_edited_is_never_compiled(path: Path, verb: str) -> None:
    assert needs(path, "0", None, verb) == "False []\n"


def needs(path: Path, wanted: str, compiler: str | None, *verbs: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "CC"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "egg_info", *verbs],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        env=environment | {"PATH": str(path), "PEERBUS_PURE": wanted} | ({} if compiler is None else {"CC": compiler}),
    )
    return done.stdout
