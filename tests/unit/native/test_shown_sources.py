"""Lines of what is compiled are found by the names that its tracebacks have; see `test_tracebacks`."""

from __future__ import annotations

import linecache
from pathlib import Path

import pytest

import peerbus
from peerbus.native import COMPILED
from peerbus.native.shown_sources import show_sources, traced_as


@pytest.fixture
def _lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linecache, "cache", {})


@pytest.mark.usefixtures("_lines")
@pytest.mark.parametrize("name", COMPILED[::20])
def test_lines_of_a_compiled_module_are_those_of_its_source(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    file = traced_as("peerbus", name)
    show_sources("peerbus")
    linecache.checkcache(file)
    source = Path(peerbus.__file__).parent.joinpath(*name.split(".")).with_suffix(".py")
    assert linecache.getlines(file) == source.read_text("utf-8").splitlines(keepends=True)


@pytest.mark.usefixtures("_lines")
def test_where_there_is_no_source_there_are_no_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "is_file", lambda _: False)
    show_sources("nowhere")
    assert linecache.getline(traced_as("nowhere", COMPILED[0]), 1) == ""
