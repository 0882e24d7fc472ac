"""A long run over seeds says how far it is, and ends when its time is up."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from peerbus.testing import seed_progress
from peerbus.testing.seed_progress import EVERY, SeedProgress


class Item:
    """A pytest item, as far as progress knows one: its options, and the terminal that it writes to."""

    name = "test_it"

    def __init__(self, **options: object) -> None:
        self.options = options
        self.lines: list[str] = []
        self.config = self.pluginmanager = self

    def getoption(self, name: str) -> object:
        """None where it was not given."""
        return self.options.get(name)

    def get_plugin(self, name: str) -> Any:
        """The terminal."""
        assert name == "terminalreporter"
        return self

    def ensure_newline(self) -> None:
        """Nothing was written without one."""

    def write_line(self, line: str) -> None:
        """Keep it."""
        self.lines.append(line)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(seed_progress, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def progress(item: Item, count: int) -> SeedProgress:
    return SeedProgress(item, count)  # type: ignore[arg-type]  # as far as it knows one


def test_it_goes_on_to_the_last_seed_and_says_when_all_are_done(clock: list[float]) -> None:
    item = Item(peerbus_seeds=range(3))
    counts = progress(item, 3)
    assert [counts.goes_on() for _ in range(3)] == [True, True, False]
    assert item.lines == ["test_it: 3 of 3 seeds, 0 s"]


def test_a_long_run_says_from_time_to_time_how_far_it_is(clock: list[float]) -> None:
    item = Item(peerbus_seeds=range(9))
    counts = progress(item, 9)
    for _ in range(4):
        clock[0] += EVERY / 2
        assert counts.goes_on()
    assert item.lines == [f"test_it: 2 of 9 seeds, {EVERY:.0f} s", f"test_it: 4 of 9 seeds, {2 * EVERY:.0f} s"]


def test_no_seed_is_begun_when_the_time_is_up(clock: list[float]) -> None:
    item = Item(peerbus_seconds=1.0)
    counts = progress(item, 100)
    assert counts.goes_on()
    clock[0] = 1.0
    assert not counts.goes_on()
    assert item.lines == ["test_it: 2 of 100 seeds, 1 s, the time is up"]


def test_a_seed_that_fails_is_named_at_once(clock: list[float]) -> None:
    item = Item(peerbus_seeds=range(9))
    counts = progress(item, 9)
    counts.goes_on()
    counts.fails(7)
    assert item.lines == ["test_it: 1 of 9 seeds, 0 s, then seed 7 fails"]


def test_a_run_that_nobody_made_long_says_nothing(clock: list[float]) -> None:
    item = Item()
    counts = progress(item, 1)
    assert not counts.goes_on()
    counts.fails(0)
    assert item.lines == []
