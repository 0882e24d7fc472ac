"""The command measures what it is asked for, and says in one line what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.cases import CASES
from benchmarks.native_rows import native_rows
from benchmarks.products import PRODUCTS
from benchmarks.rows import peer_rows, run_rows
from peerbus.native import build_name

ROOT = Path(__file__).resolve().parents[3]


def benchmarks(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", str(ROOT / "benchmarks"), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def test_every_row_of_the_reports_is_measured_by_a_case() -> None:
    assert {case for row in (*run_rows(), *peer_rows(), *native_rows()) for case in row.cases} <= set(CASES)


@pytest.mark.parametrize("case", sorted(CASES))
def test_every_case_says_what_it_does(case: str) -> None:
    if CASES[case].missing() is None:
        assert CASES[case].about


def test_a_product_that_is_not_installed_says_what_is_missing() -> None:
    for product in PRODUCTS.values():
        assert product.missing() is None or "install" in str(product.missing())


def test_a_round_is_measured_kept_resumed_and_compared(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    asked = ("run", "--rounds=1", "--seconds=0.02", f"--json={path}", "--only=1 actor")
    done = benchmarks(*asked)
    assert done.returncode == 0, done.stderr
    assert "beside 1 000 idle actors" in done.stdout
    (row,) = json.loads(path.read_text(encoding="utf-8"))["comparisons"]
    assert row["ratio"]["low"] > 0
    again = benchmarks(*asked, "--resume")
    assert (again.returncode, again.stdout) == (0, done.stdout)
    other = benchmarks(*asked, "--resume", "--rounds=2")
    assert other.returncode == 2
    assert "other settings" in other.stderr
    assert benchmarks("check", str(path), str(path)).returncode == 0


def test_the_run_of_the_compiled_build_is_of_no_other() -> None:
    done = benchmarks("native", "--list")
    if build_name() == "native":
        assert "casty" in done.stdout
    else:
        assert done.returncode == 2
        assert "make bench-native" in done.stderr


@pytest.mark.parametrize("case", ["peerbus", "raw", "sockets"])
def test_two_processes_measure_one_another(case: str) -> None:
    done = benchmarks("measure", case, "--seconds=0.02")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {"ask p50", "ask p99", "in flight", "one-way", "large"} <= set(found)
    assert all(value > 0 for value in found.values())


def test_a_slow_receiver_costs_no_message() -> None:
    done = benchmarks("measure", "slow/peerbus.slow/1ms/1KB", "--seconds=0.2")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["lost"] == 0
    assert found["sent"] == found["failed"] + found["delivered"]
    assert found["beside p50"] > 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "--only", "nonsense"), "no such metric"),
        (("check", "nowhere.json"), "nowhere.json"),
        (("run", "--rounds", "0"), "at least 1"),
    ],
)
def test_a_mistake_is_an_error_in_one_line(arguments: tuple[str, ...], said: str) -> None:
    done = benchmarks(*arguments)
    assert done.returncode == 2
    assert said in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", ["load", "sim"])
def test_each_measurement_of_its_own_has_a_command_line_of_its_own(name: str) -> None:
    done = benchmarks(name, "--help")
    assert done.returncode == 0, done.stderr
    assert f"benchmarks {name}" in done.stdout


def test_a_list_keeps_names_and_what_they_do_apart() -> None:
    listed = benchmarks("peers", "--list", "--only=casty")
    assert listed.returncode == 0, listed.stderr
    assert "  peerbus.newer.message  peerbus, Messages: " in listed.stdout
