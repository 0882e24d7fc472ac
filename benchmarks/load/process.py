"""The processes of a measurement: a receiver lives as long as whoever started it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["COMMAND", "child"]

#: The command of these measurements.
COMMAND = (sys.executable, str(Path(__file__).resolve().parents[1]), "load")
#: Seconds that a child may take to end when its standard input has.
_GRACE = 10.0


@contextlib.contextmanager
def child(role: str, *arguments: str) -> Iterator[str]:
    """A process beside this one; yields the first line that it prints. Raises RuntimeError where it prints none."""
    with subprocess.Popen(
        [*COMMAND, "--role", role, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            line = process.stdout.readline().strip()
            if not line:
                raise RuntimeError(f"the process {role} said nothing")
            yield line
        finally:
            process.stdin.close()
            try:
                process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                process.kill()
