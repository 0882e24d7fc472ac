"""A terminal as a screen: drawn on as a whole, with keys as they are pressed, and left as it was found."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import termios
import tty
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from rich.console import Console, RenderableType
from rich.control import Control
from rich.screen import Screen

from .keys import KeyReader

__all__ = ["TopScreen"]

#: Bytes that are read at once: of what is pasted the rest comes after.
CHUNK = 1024


class TopScreen:
    """The alternate screen of the terminal behind `console`, for the time of a block, on the running loop's thread.

    `press` hears keys; `resized` that everything is to be drawn anew: another size, or the process goes on after it was
    stopped; `gone` that the terminal has gone.
    """

    def __init__(
        self,
        console: Console,
        *,
        press: Callable[[str], None],
        resized: Callable[[], None],
        gone: Callable[[], None],
    ) -> None:
        self._console = console
        self._press, self._resized, self._gone = press, resized, gone
        self._keys = KeyReader()
        self._input = sys.stdin.fileno() if sys.stdin is not None and sys.stdin.isatty() else None
        #: How the terminal was, as termios says it.
        self._before: list[Any] | None = None
        self._loop = asyncio.get_running_loop()

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines. Asked of the terminal each time: a shell's COLUMNS and LINES are those of its start."""
        with contextlib.suppress(OSError):
            now = os.get_terminal_size(self._console.file.fileno())
            if now.columns and now.lines:
                self._console.size = now
        return self._console.width, self._console.height

    def draw(self, picture: RenderableType) -> None:
        """Draw all of it. Raises OSError where the terminal has gone."""
        self._console.control(Control.home())
        self._console.print(Screen(picture), end="")

    def __enter__(self) -> Self:
        self._take()
        if self._input is not None:
            self._loop.add_reader(self._input, self._readable)
        self._loop.add_signal_handler(signal.SIGWINCH, self._resized)
        self._loop.add_signal_handler(signal.SIGTSTP, self._stopped)
        self._loop.add_signal_handler(signal.SIGHUP, self._gone)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in (signal.SIGWINCH, signal.SIGTSTP, signal.SIGHUP):
            self._loop.remove_signal_handler(number)
        if self._input is not None:
            self._loop.remove_reader(self._input)
        with contextlib.suppress(OSError, termios.error):  # it has gone
            self._give_back()

    def _take(self) -> None:
        if self._input is not None:
            self._before = termios.tcgetattr(self._input)
            tty.setcbreak(self._input, termios.TCSADRAIN)
        self._console.set_alt_screen(True)
        self._console.show_cursor(False)

    def _give_back(self) -> None:
        self._console.show_cursor(True)
        self._console.set_alt_screen(False)
        if self._input is not None and self._before is not None:
            termios.tcsetattr(self._input, termios.TCSADRAIN, self._before)

    def _readable(self) -> None:
        assert self._input is not None
        try:
            data = os.read(self._input, CHUNK)
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self._input)
            self._gone()
        for key in self._keys.feed(data):
            self._press(key)

    def _stopped(self) -> None:
        """Ctrl-Z: give the terminal back, stop, and take it again when the process goes on."""
        self._give_back()
        self._loop.remove_signal_handler(signal.SIGTSTP)
        os.kill(os.getpid(), signal.SIGTSTP)
        self._loop.add_signal_handler(signal.SIGTSTP, self._stopped)
        self._take()
        self._resized()
