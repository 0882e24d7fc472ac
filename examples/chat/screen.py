"""The terminal: what others say appears above the line that is being typed. Through a pipe it is plain lines."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import sys
import termios
import tty
from collections import deque
from types import TracebackType
from typing import Any, Self

#: Lines that are typed ahead.
MAX_AHEAD = 100
DIM, PLAIN, CLEAR = "\x1b[90m", "\x1b[0m", "\r\x1b[2K"


class Screen:
    """Standard input and standard output, on an event loop."""

    def __init__(self) -> None:
        self._fd = sys.stdin.fileno()
        self._terminal = sys.stdin.isatty() and sys.stdout.isatty()
        self._colours = self._terminal and "NO_COLOR" not in os.environ
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._typing = ""
        self._lines: deque[str] = deque(maxlen=MAX_AHEAD)
        self._ended = False
        self._news = asyncio.Event()
        self._before: list[Any] = []

    async def __aenter__(self) -> Self:
        if self._terminal:
            self._before = termios.tcgetattr(self._fd)
            tty.setcbreak(self._fd)
        try:
            asyncio.get_running_loop().add_reader(self._fd, self._read)
        except PermissionError:  # a file: it is all there
            self._take(sys.stdin.read())
            self._ended = True
        self._prompt()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close()
        if self._terminal:
            termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)
            self._write(CLEAR)

    def _close(self) -> None:
        with contextlib.suppress(ValueError, OSError):
            asyncio.get_running_loop().remove_reader(self._fd)
        self._ended = True
        self._news.set()

    def show(self, line: str, *, dim: bool = False) -> None:
        """Print a line above the one that is being typed."""
        start = CLEAR if self._terminal else ""
        self._write(f"{start}{DIM}{line}{PLAIN}\n" if dim and self._colours else f"{start}{line}\n")
        self._prompt()

    async def line(self) -> str | None:
        """The next line that is typed; None where there will be none."""
        while not self._lines:
            if self._ended:
                return None
            self._news.clear()
            await self._news.wait()
        return self._lines.popleft()

    def _read(self) -> None:
        data = os.read(self._fd, 4096)
        if data.startswith(b"\x1b"):  # an arrow, or another key that is no character
            return
        self._take(self._decode(data))
        if not data or (self._terminal and "\x04" in data.decode(errors="ignore") and not self._typing):
            self._close()
        self._prompt()

    def _take(self, text: str) -> None:
        for each in text:
            if each in "\r\n":
                if self._typing.strip():
                    self._lines.append(self._typing.strip())
                self._typing = ""
            elif each in "\x7f\b":
                self._typing = self._typing[:-1]
            elif each == "\x15":  # Ctrl-U
                self._typing = ""
            elif each.isprintable():
                self._typing += each
        self._news.set()

    def _prompt(self) -> None:
        if self._terminal and not self._ended:
            columns = os.get_terminal_size(self._fd).columns
            self._write(f"{CLEAR}> {self._typing[-(columns - 3) :]}")

    def _write(self, text: str) -> None:
        with contextlib.suppress(BlockingIOError):
            sys.stdout.write(text)
            sys.stdout.flush()
