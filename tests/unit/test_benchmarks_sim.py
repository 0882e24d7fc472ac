"""The scenario of many nodes: the same course from the same seed, and a command that says what it measured."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _benchmarks_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """`benchmarks` is a folder of the checkout, not of the package."""
    monkeypatch.syspath_prepend(str(ROOT))


def _sim(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", str(ROOT / "benchmarks"), "sim", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=50)


def test_the_same_seed_gives_the_same_virtual_figures_and_another_seed_others() -> None:
    from benchmarks.sim.scenario import Plan, measure

    plan = Plan(nodes=6, roles=3, degree=4, seed=3)
    first, again, other = (
        measure(one, lambda text: None, lambda result: None) for one in (plan, plan, replace(plan, seed=4))
    )
    for name in ("digest", "events", "quiet_events", "known_at", "reached_at", "reach", "degree", "pairs", "points"):
        assert getattr(first, name) == getattr(again, name), name
    assert first.digest != other.digest


def test_every_node_knows_and_reaches_every_role_where_its_connections_suffice() -> None:
    from benchmarks.sim.scenario import Plan, measure

    heard: list[str] = []
    result = measure(Plan(nodes=6, roles=3, degree=10), heard.append, lambda result: None)
    assert result.known_at is not None
    assert result.reached_at is not None
    assert result.known_at <= result.reached_at
    assert (result.reach, result.degree) == (1.0, 5.0)
    last = result.points[-1]
    assert (last.started, last.know, last.reach) == (6, 6, 6)
    assert heard


@pytest.mark.parametrize("change", [{"nodes": 1}, {"roles": 0}, {"roles": 9}, {"degree": 1}])
def test_a_plan_that_cannot_be_is_refused(change: dict[str, int]) -> None:
    from benchmarks.sim.scenario import Plan, measure

    with pytest.raises(ValueError, match="a plan has"):
        measure(replace(Plan(nodes=8, roles=2), **change), lambda text: None, lambda result: None)


def test_the_command_prints_a_table_and_writes_the_figures(tmp_path: Path) -> None:
    ran = _sim("--nodes", "4", "--roles", "2", "--degree", "6", "--no-plot", "--out", str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    assert "MiB" in ran.stdout
    figures = json.loads((tmp_path / "simulation.json").read_text(encoding="utf-8"))
    (result,) = figures["results"]
    assert (result["nodes"], result["reach"], figures["plan"]["roles"]) == (4, 1.0, 2)
    assert figures["machine"]["processor"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["simulation.json"]


def test_the_picture_is_drawn_as_png_and_svg(tmp_path: Path) -> None:
    if importlib.util.find_spec("matplotlib") is None:
        pytest.skip("matplotlib is not installed: the extra `plot` has it")
    ran = _sim("--nodes", "3", "--roles", "2", "--out", str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "simulation.png").read_bytes().startswith(b"\x89PNG")
    assert "MiB" in (tmp_path / "simulation.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("flags", [["--nodes", "1"], ["--nodes", "many"], ["--degree", "0"], ["--nowhere"]])
def test_a_wrong_flag_is_refused_by_name(flags: list[str]) -> None:
    ran = _sim(*flags)
    assert ran.returncode == 2
    assert flags[0] in ran.stderr
