"""A terminal is taken, hears keys, and is given back as it was; the whole program is tried at one in the e2e tests."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
import termios
from collections.abc import Iterator

import pytest
from rich.console import Console

from peerbus.operate.top.screen import TopScreen


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, Console]]:
    """The other end of a terminal, and a console at it."""
    own, theirs = pty.openpty()
    with os.fdopen(os.dup(theirs), "w") as out, os.fdopen(theirs) as read:
        monkeypatch.setattr(sys, "stdin", read)
        yield own, Console(file=out, force_terminal=True, width=40, height=5)
    os.close(own)


async def test_keys_are_heard_and_the_terminal_is_left_as_it_was(terminal: tuple[int, Console]) -> None:
    own, console = terminal
    before = termios.tcgetattr(sys.stdin.fileno())
    keys: asyncio.Queue[str] = asyncio.Queue()
    with TopScreen(console, press=keys.put_nowait, resized=lambda: None, gone=lambda: None) as screen:
        assert screen.size == (40, 5)
        screen.draw("a picture")
        assert termios.tcgetattr(sys.stdin.fileno()) != before
        os.write(own, b"s\x1b[B")
        async with asyncio.timeout(40):
            assert [await keys.get(), await keys.get()] == ["s", "down"]
    assert termios.tcgetattr(sys.stdin.fileno()) == before
    written = b""
    while not written.endswith(b"\x1b[?1049l"):  # the last that it writes
        written += os.read(own, 65536)
    assert written.startswith(b"\x1b[?1049h")
    assert b"a picture" in written
