"""The processes of a run: each measurement in a fresh one, and for remote cases a server beside it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from .run import Run

__all__ = ["CaseFailed", "measured", "served", "wait_for_parent"]

#: What `python` is given: this folder.
_COMMAND = str(Path(__file__).resolve().parent)
#: Seconds after which a case is taken for hung.
CASE_TIMEOUT = 120.0
#: Seconds that a server may take to end when its client has gone.
_GRACE = 10.0


class CaseFailed(Exception):
    """A measuring process ended without figures; the text is what it wrote to stderr."""


def measured(case: str, run: Run) -> Mapping[str, float]:
    """The figures of one case, from a fresh process. Raises CaseFailed."""
    command = [sys.executable, _COMMAND, "--measure", case, "--loop", run.loop, "--scale", str(run.scale)]
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=CASE_TIMEOUT, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        raise CaseFailed(f"no figures after {CASE_TIMEOUT:.0f} s") from error
    if done.returncode != 0:
        raise CaseFailed(done.stderr.strip() or f"exit status {done.returncode}")
    figures = json.loads(done.stdout)
    assert isinstance(figures, dict)
    return {str(name): float(value) for name, value in figures.items()}


@contextlib.contextmanager
def served(server: str, run: Run) -> Iterator[str]:
    """A server process beside this one; yields the line that it printed when it listened.

    It ends when its standard input does, so it outlives no client, however that one ends.
    Raises CaseFailed where it ends before it listens.
    """
    command = [sys.executable, _COMMAND, "--serve", server, "--loop", run.loop]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        if not line:
            raise CaseFailed(f"the server {server} did not listen")
        try:
            yield line
        finally:
            process.stdin.close()
            try:
                process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for_parent() -> None:
    """In a server: block until the process that started it goes away."""
    sys.stdin.read()
