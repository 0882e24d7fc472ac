"""The load measurements say which bound was kept, and find their processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _benchmarks_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """`benchmarks` is a folder of the checkout, not of the package."""
    monkeypatch.syspath_prepend(str(ROOT))


def test_a_finding_says_whether_its_bound_was_kept() -> None:
    from benchmarks.load.finding import at_least, at_most, exactly, plain

    assert [at_most("x", value, 2.0).kept for value in (1.0, 2.0, 2.1)] == [True, True, False]
    assert [at_least("x", value, 2.0).kept for value in (1.0, 2.0, 2.1)] == [False, True, True]
    assert [exactly("x", value, 2.0).kept for value in (1.0, 2.0)] == [False, True]
    assert plain("x", 1.0).kept is None


def test_throughput_is_back_when_a_fifth_of_a_second_had_most_of_the_old_rate() -> None:
    from benchmarks.load.slow_receiver import recovery

    assert recovery([0, 0, 1, 50, 50, 50, 50, 50], 1000.0) == pytest.approx(0.15)
    assert recovery([1] * 40, 1000.0) == float("inf")


def test_the_command_lists_its_measurements() -> None:
    command = [sys.executable, "-W", "error", str(ROOT / "benchmarks"), "load", "--list"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert {"slow-20ms-64k", "head-of-line", "fairness", "overload"} <= set(done.stdout.split())
