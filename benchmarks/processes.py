"""The processes of a run: each measurement in a fresh one, and for remote cases the receiver beside it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from .run import Run

__all__ = ["CaseFailed", "Served", "measured", "served"]

#: What `python` is given: this folder.
_COMMAND = str(Path(__file__).resolve().parent)
#: Seconds beyond its own measurements after which a case is taken for hung.
_HUNG = 60.0
#: How many measurements a case makes at most; each has its warm-up.
_MEASUREMENTS = 16
#: Seconds that a receiver may take to end when its sender has gone.
_GRACE = 10.0


class CaseFailed(Exception):
    """A measuring process ended without figures; the text is what it wrote to stderr."""


class Served:
    """A receiver in a process of its own. `line`: what it printed when it listened."""

    def __init__(self, process: subprocess.Popen[str], line: str) -> None:
        self._process = process
        self.pid = process.pid
        self.line = line

    def at(self, line: str) -> Served:
        """The same process, for a sender that shall use only a part of its line."""
        return Served(self._process, line)

    def order(self, text: str) -> int:
        """Give it an order (see tally.obey); returns how many messages it has counted. Raises CaseFailed if it died."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(f"{text}\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise CaseFailed("the receiver died") from error
        answer = self._process.stdout.readline().strip()
        if not answer:
            raise CaseFailed("the receiver died")
        return int(answer)


def measured(
    case: str,
    run: Run,
    interpreter: str = sys.executable,
    *,
    command: str = _COMMAND,
    environment: Mapping[str, str] | None = None,
) -> Mapping[str, float]:
    """The figures of one case, from a fresh process of that interpreter. Raises CaseFailed.

    `command`: the folder of the benchmarks that measure. `environment`: of the process; None: that of this one.
    """
    words = [interpreter, command, "measure", case, "--loop", run.loop, "--seconds", str(run.seconds)]
    timeout = _HUNG + _MEASUREMENTS * run.seconds
    try:
        done = subprocess.run(
            words,
            check=False,
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            env=environment,
        )
    except subprocess.TimeoutExpired as error:
        raise CaseFailed(f"no figures after {timeout:.0f} s") from error
    if done.returncode != 0:
        raise CaseFailed(done.stderr.strip() or f"exit status {done.returncode}")
    figures = json.loads(done.stdout.strip().rpartition("\n")[2])  # a product may have printed something before
    assert isinstance(figures, dict)
    return {str(name): float(value) for name, value in figures.items()}


@contextlib.contextmanager
def served(product: str, run: Run) -> Iterator[Served]:
    """A receiver of that product beside this process.

    It ends when its standard input does, so it outlives no sender, however that one ends.
    Raises CaseFailed where it ends before it listens.
    """
    command = [sys.executable, _COMMAND, "serve", product, "--loop", run.loop]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        if not line:
            process.wait(_GRACE)
            raise CaseFailed(f"the receiver of {product} did not listen")
        try:
            yield Served(process, line)
        finally:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            try:
                process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                process.kill()
