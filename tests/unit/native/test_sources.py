"""`PEERBUS_PURE=1`: the package is imported from its sources, also where a compiled module stands beside one."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import peerbus


def test_a_source_is_imported_where_a_compiled_module_stands_before_it(tmp_path: Path) -> None:
    package = tmp_path / "some"
    package.mkdir()
    (package / "__init__.py").write_text("from peerbus.native import use_sources\nuse_sources(__name__)\n")
    (package / "part.py").write_text("SAID = 'the source'\n")
    (package / f"part{EXTENSION_SUFFIXES[0]}").write_bytes(b"no library")
    said = _run(tmp_path, "from some.part import SAID; print(SAID)")
    assert said == "the source\n"


def test_the_file_of_the_package_alone_is_read_by_any_tool_as_pure_too(tmp_path: Path) -> None:
    alone = tmp_path / "alone.py"
    alone.write_bytes((Path(peerbus.__file__).parent / "__init__.py").read_bytes())
    said = _run(tmp_path, "import alone; print(bool(alone.__version__))", PEERBUS_PURE="1")
    assert said == "True\n"


def test_what_is_no_module_of_the_package_is_found_as_ever(tmp_path: Path) -> None:
    said = _run(
        tmp_path, "from peerbus.native import use_sources; use_sources('none'); import json; print(json.__name__)"
    )
    assert said == "json\n"


def _run(folder: Path, program: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=folder,
        env={**os.environ, **variables, "PYTHONPATH": str(folder)},
    )
    return done.stdout
