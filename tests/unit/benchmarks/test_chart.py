"""The picture is drawn from what there is, and says what it needs."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from benchmark_runs import a_run

from benchmarks import chart
from benchmarks.cases import slow_name

ROOT = Path(__file__).resolve().parents[3]


def test_without_matplotlib_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"peerbus\[plot\]"):
        chart.draw(a_run(), None, tmp_path / "picture.svg")


def test_the_picture_shows_what_was_measured_and_says_what_was_not(tmp_path: Path) -> None:
    if importlib.util.find_spec("matplotlib") is None:
        pytest.skip("the extra `plot` is not installed")
    peers = a_run()
    peers.rounds = [{"peerbus": {"one-way": 200e3}, "zmq": {"one-way": 170e3}}]
    slow = {"sent": 10, "failed": 0, "delivered": 4, "lost": 6, "sender growth": 0, "receiver growth": 3 << 20}
    peers.slow = [{slow_name("zmq.pub", 0.001, 64 << 10): slow}]
    peers.save(tmp_path / "peers.json", [])
    draw = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
from benchmarks import chart
from benchmarks.results import Results
chart.draw(None, Results.load(Path("peers.json")), Path("picture.svg"))
"""
    # In a process of its own: matplotlib keeps the files of its fonts open.
    subprocess.run([sys.executable, "-c", draw], check=True, cwd=tmp_path, timeout=60)
    text = (tmp_path / "picture.svg").read_text(encoding="utf-8")
    for label in ("peerbus", "pyzmq", "200", "170", "60% lost silently", "not measured"):
        assert label in text
