"""A product is measured with a Python that it supports, or says that there is none."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from benchmarks.cases import CASES, NEWER
from benchmarks.newer import bus_of, interpreter_for, lacks, make, other_build
from benchmarks.products import PRODUCTS
from peerbus import __version__
from peerbus.native import build_name


def test_a_python_that_is_new_enough_is_this_one() -> None:
    assert interpreter_for(None) == sys.executable
    assert interpreter_for((3, 11)) == sys.executable
    assert interpreter_for((sys.version_info.major + 1, 0)) is None


def test_what_an_interpreter_lacks() -> None:
    assert lacks(sys.executable, ()) is None
    assert lacks(sys.executable, ("peerbus", "no_such_package_at_all")) == "no_such_package_at_all"


def test_the_bus_of_an_interpreter_is_told_with_its_build(monkeypatch: pytest.MonkeyPatch) -> None:
    assert bus_of(sys.executable) == f"{__version__} ({build_name()})"
    assert other_build(sys.executable) is None
    monkeypatch.setattr("benchmarks.newer.build_name", lambda: "of another kind")
    assert other_build(sys.executable) == bus_of(sys.executable)
    assert "makes the build of this run there" in str(PRODUCTS["peerbus"].missing())


def test_a_product_for_which_there_is_no_python_says_how_to_get_one() -> None:
    product = replace(PRODUCTS["casty"], python=(99, 0))
    assert product.interpreter is None
    assert "benchmarks install" in str(product.missing())
    assert "99.0 or newer is installed" in make((99, 0), ())


@pytest.mark.parametrize("case", NEWER)
def test_both_sides_of_a_ratio_run_on_the_same_python(case: str) -> None:
    assert CASES[case].interpreter == CASES["casty"].interpreter
