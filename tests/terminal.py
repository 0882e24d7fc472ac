"""A program at a real terminal (pty(7)), and what stands on its screen, as a terminal shows it (pyte)."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import pyte

__all__ = ["AtTerminal", "at_terminal"]

#: Seconds that anything may take to be seen, and a program to end.
PATIENCE = 40.0
#: Makes its standard input its controlling terminal, and becomes the program.
TAKE = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"


class AtTerminal:
    """A program, whose terminal is its controlling one: Ctrl-C that is typed is a signal."""

    def __init__(self, command: Sequence[str], *, columns: int, lines: int, variables: Mapping[str, str]) -> None:
        self._own, theirs = pty.openpty()
        self.resize(columns, lines)
        #: How the terminal was before the program was there.
        self.settings = termios.tcgetattr(theirs)
        self._slave = theirs
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        environment = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", **variables}
        environment.pop("NO_COLOR", None)
        self.process = subprocess.Popen(
            (sys.executable, "-P", "-c", TAKE, *command),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            start_new_session=True,
        )

    @property
    def shown(self) -> list[str]:
        """The lines of the screen."""
        return [line.rstrip() for line in self.screen.display]

    def type(self, text: str) -> None:
        """As if somebody typed it."""
        os.write(self._own, text.encode())

    def resize(self, columns: int, lines: int) -> None:
        """Another size; the program is told by SIGWINCH."""
        fcntl.ioctl(self._own, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        if hasattr(self, "screen"):
            self.screen.resize(lines, columns)

    def until(self, seen: Callable[[list[str]], object]) -> list[str]:
        """Read what is written until the screen is like that; the lines."""
        end = time.monotonic() + PATIENCE
        while not seen(self.shown):
            assert time.monotonic() < end, "\n".join(self.shown)
            assert self._read(end - time.monotonic()) or seen(self.shown), "\n".join(self.shown)
        return self.shown

    def ends(self) -> int:
        """Its exit status; what it writes until then is read."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < end, "\n".join(self.shown)
            self._read(0.05)
        while self._read(0):
            pass
        return self.process.wait()

    def settings_now(self) -> list[object]:
        """How the terminal is set up."""
        return termios.tcgetattr(self._slave)

    def hang_up(self) -> None:
        """The terminal goes, as when a connection is cut."""
        os.close(self._slave)
        os.close(self._own)
        self._own = -1

    def _read(self, patience: float) -> bool:
        if not select.select([self._own], [], [], patience)[0]:
            return False
        try:
            data = os.read(self._own, 65536)
        except OSError:  # nobody is at the other end any more
            return False
        self.raw += data
        self._stream.feed(data)
        return bool(data)

    def close(self) -> None:
        """End it, whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self._own >= 0:
            os.close(self._own)
            os.close(self._slave)


@contextlib.contextmanager
def at_terminal(
    *command: str, columns: int = 80, lines: int = 24, variables: Mapping[str, str] | None = None
) -> Iterator[AtTerminal]:
    """One for the time of a block."""
    program = AtTerminal(command, columns=columns, lines=lines, variables=variables or {})
    try:
        yield program
    finally:
        program.close()
