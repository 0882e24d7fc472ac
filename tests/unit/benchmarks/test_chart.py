"""The picture is drawn from what there is, and says what it needs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from benchmark_runs import a_run

from benchmarks import chart
from benchmarks.cases import slow_name


def test_without_matplotlib_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"peerbus\[plot\]"):
        chart.draw(a_run(), None, tmp_path / "picture.svg")


@pytest.mark.filterwarnings("ignore")  # those of matplotlib's own imports
def test_the_picture_shows_what_was_measured_and_says_what_was_not(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra `plot` is not installed")
    peers = a_run()
    peers.rounds = [{"peerbus": {"one-way": 200e3}, "zmq": {"one-way": 170e3}}]
    slow = {"sent": 10, "failed": 0, "delivered": 4, "lost": 6, "sender growth": 0, "receiver growth": 3 << 20}
    peers.slow = [{slow_name("zmq.pub", 0.001, 64 << 10): slow}]
    path = tmp_path / "picture.svg"
    chart.draw(None, peers, path)
    text = path.read_text(encoding="utf-8")
    for label in ("peerbus", "pyzmq", "200", "170", "60% lost silently", "not measured"):
        assert label in text
