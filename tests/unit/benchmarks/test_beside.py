"""A commit is measured beside this checkout, each figure by itself, and only what is worse for sure is called worse."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks import beside
from benchmarks.comparison import Comparison, Figure
from benchmarks.machine import ForeignLoad
from benchmarks.run import Run

ROOT = Path(__file__).resolve().parents[3]
GIT = shutil.which("git") or ""


def compared(monkeypatch: pytest.MonkeyPatch, then: Mapping[str, list[float]], now: Mapping[str, list[float]]) -> int:
    """Measure the case `local`, whose rounds give those figures."""
    rounds = {"then:local": then, "local": now}
    taken = Counter[str]()

    def measured(case: str, run: Run, there: Path) -> Mapping[str, float]:
        taken[case] += 1
        return {name: values[taken[case] - 1] for name, values in rounds.get(case, {}).items()}

    monkeypatch.setattr(beside, "_measured", measured)
    monkeypatch.setattr(beside, "_git", lambda *_: None)
    monkeypatch.setattr(ForeignLoad, "cores", lambda _: 0.0)
    return beside.main(["HEAD", "--rounds", "2", "--only", "local"])


def test_what_is_slower_in_every_round_is_worse(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    then = {"tell": [100.0, 100.0], "ask p50": [1.0, 1.0], "ask in flight": [10.0, 10.0]}
    assert compared(monkeypatch, then, {"tell": [80.0, 88.0], "ask p50": [1.3, 1.2], "ask in flight": [9.5, 9.0]}) == 1
    told = {line.strip().split("  ")[0]: line for line in capsys.readouterr().out.splitlines() if line.startswith("  ")}
    assert "0.84 × (0.80–0.88)" in told["tell"]
    assert told["tell"].endswith("WORSE")
    assert "1.25 × (1.20–1.30)" in told["ask p50"]
    assert told["ask p50"].endswith("WORSE")
    assert not told["asks, 64 in flight"].endswith("WORSE")  # by less than a tenth


def test_what_is_as_fast_in_one_round_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compared(monkeypatch, {"tell": [100.0, 100.0]}, {"tell": [60.0, 101.0]}) == 0
    assert "\n0 worse" in capsys.readouterr().out


def test_a_figure_that_the_commit_does_not_have_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compared(monkeypatch, {"tell": [1.0, 1.0]}, {"tell": [1.0, 1.0], "ask p50": [1.0, 1.0]}) == 0
    assert "ask p50" not in capsys.readouterr().out


def test_each_figure_of_the_bus_is_there_once_and_nothing_else() -> None:
    rows = beside.rows_beside("v1")
    assert len({row.ours for row in rows}) == len(rows)
    assert Figure("peerbus.message", "one-way") in {row.ours for row in rows}
    assert not [row for row in rows if row.ours.case.startswith(("raw", "pykka", "sockets"))]
    assert all(row.baseline == Figure(f"then:{row.ours.case}", row.ours.name) for row in rows)


def test_a_time_is_better_where_it_is_less() -> None:
    row = Comparison("", "ask", "s", Figure("now", "ask"), Figure("then", "ask"), "then")
    for now, worse in ((2.0, True), (0.5, False), (1.05, False)):
        result = row.result([{"now": {"ask": now}, "then": {"ask": 1.0}}])
        assert result is not None
        assert beside.is_worse(row, result) is worse


def test_a_commit_that_is_not_there_is_a_mistake_that_git_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(words: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(words, 128, "", "fatal: invalid reference: nowhere\n")

    monkeypatch.setattr(subprocess, "run", refused)
    assert beside.main(["nowhere"]) == 2
    assert capsys.readouterr().err == "fatal: invalid reference: nowhere\n"


@pytest.mark.skipif(not GIT or not (ROOT / ".git").exists(), reason="no checkout of git")
def test_a_commit_is_checked_out_beside_and_nothing_of_it_stays() -> None:
    try:
        with beside.checked_out("HEAD") as there:
            assert (there / "peerbus" / "actors" / "bus.py").exists()
    except beside.NoCommit as error:
        pytest.skip(f"git: {error}")
    assert not there.exists()
    listed = subprocess.run([GIT, "-C", str(ROOT), "worktree", "list"], check=True, capture_output=True, text=True)
    assert str(there) not in listed.stdout
