"""Which of the two builds runs: as `peerbus --version` and `snapshot()` say it."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

import peerbus
from peerbus.native import COMPILED, PURE, build_name
from peerbus.node.process.figures import process_figures


def test_the_build_is_the_one_whose_modules_are_imported() -> None:
    files = [importlib.import_module(f"peerbus.{name}").__file__ or "" for name in COMPILED]
    compiled = [file.endswith(tuple(EXTENSION_SUFFIXES)) for file in files]
    assert compiled == [build_name() == "native"] * len(COMPILED)
    assert process_figures().build == build_name()


@pytest.mark.parametrize("wanted", ["1", "true", "yes"])
def test_a_pure_process_says_so_whatever_is_installed(wanted: str) -> None:
    assert version_said(wanted) == f"peerbus {peerbus.__version__} (pure)\n"


@pytest.mark.parametrize("wanted", ["", "0"])
def test_a_process_of_which_no_build_is_wanted_has_what_is_installed(wanted: str) -> None:
    compiled = Path(peerbus.__file__).parent.joinpath(*COMPILED[0].split("."))
    installed = any(compiled.with_name(compiled.name + suffix).is_file() for suffix in EXTENSION_SUFFIXES)
    assert version_said(wanted) == f"peerbus {peerbus.__version__} ({'native' if installed else 'pure'})\n"


def version_said(wanted: str) -> str:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "peerbus", "--version"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, PURE: wanted},
    )
    return done.stdout


def test_every_module_that_is_compiled_has_its_source_beside_it() -> None:
    root = Path(peerbus.__file__).parent
    assert [name for name in COMPILED if not root.joinpath(*name.split(".")).with_suffix(".py").is_file()] == []
