"""The command line in tests: run in this process, with what it prints."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from peerbus.operate.cli import main

__all__ = ["CONFIG", "asked", "run"]

#: The smallest configuration.
CONFIG = 'name = "alice"\nnetwork = "demo"\n'


def run(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit status, standard output, standard error."""
    try:
        status = main(arguments)
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    out, err = capsys.readouterr()
    return status, out, err


async def asked(socket: Path, words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """As `run`, of a command for the node with that socket, which runs in this loop."""
    command = [*words.split(), "--node", str(socket), "--timeout", "30"]
    return await asyncio.to_thread(run, command, capsys)
