"""What the compiled build is worth is told by case, and held to its bound where users send most."""

from __future__ import annotations

import pytest

from benchmarks import builds

TIMES = {
    "local": {"tell": 8e-7, "ask": 6e-6},
    "remote": {"100 B, sender": 1.5e-6, "100 B, receiver": 1e-6},
}


def compared(monkeypatch: pytest.MonkeyPatch, faster: float) -> int:
    def measured(case: str, *, pure: bool) -> builds.Figures:
        return {name: time if pure else time / faster for name, time in TIMES[case].items()}

    monkeypatch.setattr(builds, "build_name", lambda: "native")
    monkeypatch.setattr(builds, "_measured", measured)
    return builds.main(["--rounds", "2"])


def test_a_build_that_is_worth_it_keeps_its_bounds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compared(monkeypatch, 1.5) == 0
    told = capsys.readouterr().out
    assert "local: tell                             1.50 ×   (1.50–1.50; 0.80 to 0.53 µs)  ≥ 1.25  kept" in told
    assert "local: ask                              1.50 ×   (1.50–1.50; 6.00 to 4.00 µs)\n" in told


def test_one_that_is_not_breaks_them(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert compared(monkeypatch, 1.2) == 1
    assert "3 bounds broken" in capsys.readouterr().out


def test_the_pure_build_is_not_compared_with_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(builds, "build_name", lambda: "pure")
    assert builds.main([]) == 2
    assert capsys.readouterr().err == "this is not the compiled build: make bench-builds makes it\n"
