"""What a person watches while the demonstration runs: a bar for each node that wants the file."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import TextIO

from .messages import Report

__all__ = ["MIB", "Display", "mib", "plural", "rate"]

#: Cells of a bar, where the terminal is wide enough, and at least. Each has eight steps.
BAR, SHORT_BAR = 30, 5
_EIGHTHS = " ▏▎▍▌▋▊▉█"
#: Where the output is no terminal: a line for each of these steps, in percent.
STEP = 10
MIB = 1 << 20
#: Seconds between two frames: no eye is faster, and drawing costs the nodes time.
FRAME = 0.05


class Display:
    """Writes to `stream`: bars that stay in place on a terminal, else a line at every tenth of the way."""

    def __init__(self, stream: TextIO, *, interactive: bool | None = None) -> None:
        self._stream = stream
        self._interactive = stream.isatty() if interactive is None else interactive
        #: The bars that stand at the cursor, to be written over.
        self._bars: list[str] = []
        self._next_frame = 0.0
        self._steps: dict[str, int] = {}

    def say(self, text: str) -> None:
        """A line that stays, above the bars."""
        self._write([text], self._bars)

    def draw(self, reports: Sequence[tuple[str, Report]], now: float, *, last: bool = False) -> None:
        """The state of each node by name. `now` in seconds, of any clock; `last`: leave it there."""
        if self._interactive:
            if last or now >= self._next_frame:
                self._next_frame = now + FRAME
                width = shutil.get_terminal_size().columns - 1  # a bar that wraps would take two lines
                bars = _bars(reports, width)
                self._write(*((bars, []) if last else ([], bars)))
            return
        for name, report in reports:
            step = int(report.progress.share * 100 / STEP)
            if step > self._steps.get(name, 0):
                self._steps[name] = step
                self._write([_line(name, report)], [])

    def _write(self, lines: list[str], bars: list[str]) -> None:
        """Lines that stay, and the bars below them. One write, over the last one: nothing flickers."""
        if not self._interactive:
            self._stream.write("".join(f"{text}\n" for text in lines))
        else:
            up = f"\x1b[{len(self._bars)}A\r" if self._bars else "\r"
            self._stream.write(up + "".join(f"{text}\x1b[K\n" for text in [*lines, *bars]) + "\x1b[J")
            self._bars = bars
        self._stream.flush()


def _bars(reports: Sequence[tuple[str, Report]], width: int) -> list[str]:
    """Nodes as bars of one length, at most `width` columns wide."""
    numbers = [_numbers(report) for _, report in reports]
    cells = min(BAR, max(SHORT_BAR, width - len(f"  {'':<9} ▕▏ ") - max(map(len, numbers), default=0)))
    bars = []
    for (name, report), text in zip(reports, numbers, strict=True):
        eighths = int(report.progress.share * cells * 8)
        filled = "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")
        bars.append(f"  {name:<9} ▕{filled:<{cells}}▏ {text}"[:width])
    return bars


def _line(name: str, report: Report) -> str:
    """One node as plain text."""
    return f"  {name:<9} {_numbers(report)}"


def _numbers(report: Report) -> str:
    progress = report.progress
    if progress.state == "looking":
        return f"looking for archives, {plural(report.peers, 'peer')}"
    if progress.state == "failed":
        return f"failed: {progress.text}"
    speed = rate(progress.bytes / 1e6 / progress.seconds) if progress.bytes and progress.seconds else "—"
    copied = f"{progress.bytes / MIB:5.1f} of {progress.size / MIB:.1f} MiB"
    if progress.size < MIB:
        copied = f"{mib(progress.bytes)} of {mib(progress.size)}"
    return (
        f"{int(progress.share * 100):3}%  {copied}  {speed:>4} MB/s  "
        f"{plural(report.peers, 'peer')}  {plural(progress.retries, 'retry')}"
    )


def plural(number: int, noun: str) -> str:
    """`1 peer`, `2 peers`, `3 retries`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") else f"{number} {noun}s"


def mib(size: int) -> str:
    """A number of bytes, for people."""
    if size < 1 << 10:
        return plural(size, "byte")
    return f"{size / (1 << 10):.1f} KiB" if size < MIB else f"{size / MIB:.1f} MiB"


def rate(number: float) -> str:
    """A number of MB/s, with as many digits as say something."""
    return f"{number:.0f}" if number >= 10 else f"{number:.1f}" if number >= 0.1 else f"{number:.2g}"
