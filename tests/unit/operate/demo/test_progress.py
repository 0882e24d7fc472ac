"""The bars of the demonstration, on a terminal and elsewhere."""

from __future__ import annotations

import io

import pytest

from peerbus.node.blocksync.sync import Progress
from peerbus.operate.demo.messages import Report
from peerbus.operate.demo.progress import FRAME, Display, mib, plural, rate

MIB = 1 << 20


def at(blocks: int, *, seconds: float = 1.0) -> Report:
    progress = Progress(
        state="fetching", size=100 * MIB, bytes=blocks * MIB, blocks=blocks, blocks_in_all=100, seconds=seconds
    )
    return Report(peers=3, progress=progress)


def test_off_a_terminal_a_line_comes_at_every_tenth_of_the_way() -> None:
    stream = io.StringIO()
    display = Display(stream)
    for blocks in range(101):
        display.draw([("want-1", at(blocks))], now=0.0)
    lines = stream.getvalue().splitlines()
    assert [line.split()[1] for line in lines] == [f"{percent}%" for percent in range(10, 101, 10)]
    assert lines[4].split(maxsplit=2)[2] == "50.0 of 100.0 MiB    52 MB/s  3 peers  0 retries"
    assert "\x1b" not in stream.getvalue()


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every terminal of these tests, unless they say another width."""
    monkeypatch.setenv("COLUMNS", "120")


def test_on_a_terminal_a_bar_is_written_over_the_last_one() -> None:
    stream = io.StringIO()
    display = Display(stream, interactive=True)
    display.draw([("want-1", at(50)), ("want-2", at(0))], now=0.0)
    first = stream.getvalue()
    assert f"▕{'█' * 15}{' ' * 15}▏  50%" in first
    assert "\x1b[2A" not in first
    display.draw([("want-1", at(75)), ("want-2", at(1))], now=FRAME)
    assert stream.getvalue().removeprefix(first).startswith("\x1b[2A\r")


def test_frames_that_come_too_soon_are_left_out_except_the_last_one() -> None:
    stream = io.StringIO()
    display = Display(stream, interactive=True)
    for blocks in range(50):
        display.draw([("want-1", at(blocks))], now=FRAME / 2)
    assert stream.getvalue().count("▏") == 1
    display.draw([("want-1", at(100))], now=FRAME / 2, last=True)
    assert "100%" in stream.getvalue()


def test_what_is_said_stays_above_the_bars() -> None:
    stream = io.StringIO()
    display = Display(stream, interactive=True)
    display.draw([("want-1", at(50))], now=0.0)
    before = len(stream.getvalue())
    display.say("kill -9 archive-2")
    said = stream.getvalue()[before:]
    assert said.startswith("\x1b[1A\rkill -9 archive-2\x1b[K\n  want-1")


def test_bars_have_one_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    stream = io.StringIO()
    Display(stream, interactive=True).draw([("want-1", at(50)), ("want-2", Report())], now=0.0)
    assert len({line.index("▏ ") for line in stream.getvalue().strip("\r").split("\x1b[K\n")[:2]}) == 1


def test_a_bar_never_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    for columns, end in ((40, " 50.0 of 100."), (80, "0 retries"), (200, "0 retries")):
        monkeypatch.setenv("COLUMNS", str(columns))
        stream = io.StringIO()
        Display(stream, interactive=True).draw([("want-1", at(50))], now=0.0)
        (line, _) = stream.getvalue().split("\x1b[K")
        assert len(line.removeprefix("\r")) < columns
        assert line.endswith(end)


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (Progress(), "looking for archives, 1 peer"),
        (Progress(state="failed", text="disk full"), "failed: disk full"),
        (Progress(state="done"), "100%  0 bytes of 0 bytes     — MB/s  1 peer  0 retries"),
    ],
)
def test_a_node_that_fetches_nothing_says_what_it_does(progress: Progress, text: str) -> None:
    stream = io.StringIO()
    Display(stream, interactive=True).draw([("want-1", Report(peers=1, progress=progress))], now=0.0)
    assert text in stream.getvalue()


def test_sizes_and_numbers_are_written_for_people() -> None:
    assert [mib(size) for size in (0, 1023, 1024, 1536 * 1024)] == ["0 bytes", "1023 bytes", "1.0 KiB", "1.5 MiB"]
    assert [plural(1, "peer"), plural(0, "peer"), plural(2, "copy")] == ["1 peer", "0 peers", "2 copies"]


def test_a_small_file_is_measured_in_its_own_units() -> None:
    stream = io.StringIO()
    progress = Progress(state="done", size=5, bytes=5, blocks=1, blocks_in_all=1, seconds=0.0)
    Display(stream).draw([("want-1", Report(peers=1, progress=progress))], now=0.0)
    assert " ".join(stream.getvalue().split()) == "want-1 100% 5 bytes of 5 bytes — MB/s 1 peer 0 retries"


@pytest.mark.parametrize(("number", "text"), [(162.4, "162"), (9.96, "10.0"), (0.5, "0.5"), (0.00234, "0.0023")])
def test_a_rate_has_digits_that_say_something(number: float, text: str) -> None:
    assert rate(number) == text
