"""What docs/configuration.md says of the settings of a channel, measured on virtual time and small."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _benchmarks_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """`benchmarks` is a folder of the checkout, not of the package."""
    monkeypatch.syspath_prepend(str(ROOT))


def test_at_least_a_window_gets_through_in_each_round_trip() -> None:
    from benchmarks.tuning.scenario import windows

    (curve,) = windows((1, 16), (0.1,), seconds=2.0)
    one, sixteen = curve.results
    assert one >= 9
    assert sixteen >= 140


def test_a_stuck_reactor_holds_a_window_for_each_peer() -> None:
    from benchmarks.tuning.scenario import PEERS, windows_held

    (curve,) = windows_held((4,), seconds=1.0)
    (held,) = curve.results
    assert PEERS * 4 - PEERS <= held <= PEERS * 4


def test_a_priority_is_a_part_of_a_full_connection() -> None:
    from benchmarks.tuning.scenario import priorities

    measured, wanted = priorities((1, 5, 45), seconds=1.0)
    for part, share in zip(measured.results, wanted.results, strict=True):
        assert part == pytest.approx(share, abs=5)


def test_what_is_handled_is_as_old_as_the_mailbox_is_long() -> None:
    from benchmarks.tuning.scenario import WORK, mailboxes

    reject, drop_oldest, latest = (curve.results for curve in mailboxes((4, 16), seconds=3.0))
    assert reject[1] == pytest.approx(16 * WORK, rel=0.1)
    assert drop_oldest[1] < reject[1]
    assert latest[1] < WORK


def test_a_policy_says_which_messages_of_a_burst_are_handled() -> None:
    from benchmarks.tuning.scenario import overflows

    bursts = {burst.overflow: burst for burst in overflows(20, 6)}
    assert bursts["wait"].handled == tuple(range(20))
    assert bursts["reject"].handled == bursts["drop_newest"].handled == tuple(range(6))
    assert bursts["drop_oldest"].handled == tuple(range(14, 20))
    assert bursts["latest"].handled == (19,)


def test_under_overload_a_longer_timeout_makes_answers_late_and_no_more_of_them() -> None:
    from benchmarks.tuning.scenario import timeouts

    answered, took = timeouts((0.1, 1.0), seconds=4.0)
    assert min(answered.results) > 80
    assert max(answered.results) <= 101
    assert took.results[0] <= 0.1 < took.results[1] <= 1.0


def test_the_figures_are_the_same_in_every_run_and_can_be_printed_and_drawn(tmp_path: Path) -> None:
    from benchmarks.tuning.figures import Figures, as_text
    from benchmarks.tuning.scenario import Curve, overflows

    assert overflows(20, 6) == overflows(20, 6)
    two = [Curve("a", (1, 2), (3.0, 4.0)), Curve("b", (1, 2), (3.0, 4.0))]
    figures = Figures(two, two[:1], two, two, overflows(20, 6), two)
    assert "drop_oldest  6 of 20 handled, numbers 14 to 19, the last after 0.10 s" in as_text(figures)
    if importlib.util.find_spec("matplotlib") is None:
        pytest.skip("matplotlib is not installed: the extra `plot` has it")
    draw = (
        "from benchmarks.tuning.figures import Figures; from benchmarks.tuning.plot import plot; "
        "from benchmarks.tuning.scenario import Burst, Curve; from pathlib import Path; "
        f"plot({figures!r}, Path({str(tmp_path)!r}))"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", draw], check=True, cwd=ROOT, timeout=50)
    assert (tmp_path / "tuning.png").read_bytes().startswith(b"\x89PNG")
    assert "drop_oldest" in (tmp_path / "tuning.svg").read_text(encoding="utf-8")


def test_the_command_refuses_a_wrong_flag(capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks.command import main

    with pytest.raises(SystemExit) as ended:
        main(["tuning", "--nowhere"])
    assert ended.value.code == 2
    assert "--nowhere" in capsys.readouterr().err
