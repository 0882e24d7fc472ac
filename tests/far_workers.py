"""Workers that run elsewhere than their node: processes of `peerbus worker`, and what they say."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

__all__ = ["TESTS", "FarWorker", "far_worker"]

#: The folder in which reactors of tests are found.
TESTS = Path(__file__).resolve().parent
#: Seconds for the end of one.
PATIENCE = 30


class FarWorker:
    """One of them. Its output goes to a file."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self._process = process
        self._output = output

    @property
    def said(self) -> str:
        """What it has written until now."""
        return self._output.read_text()

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def wait(self) -> int:
        """Its exit status, when it has ended."""
        return self._process.wait(PATIENCE)


@contextlib.contextmanager
def far_worker(config: Path, text: str, *, on: Sequence[str] = (), flags: Sequence[str] = ()) -> Iterator[FarWorker]:
    """One with that configuration, which is written first. `on`: words before its own, `ip netns exec …`."""
    config.write_text(text)
    output = config.with_suffix(".log")
    environment = {**os.environ, "PYTHONPATH": str(TESTS), "PYTHONUNBUFFERED": "1"}
    with output.open("wb") as out:
        process = subprocess.Popen(
            [*on, sys.executable, "-m", "peerbus", "worker", str(config), *flags],
            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=environment, start_new_session=True,
        )  # fmt: skip
    try:
        yield FarWorker(process, output)
    finally:
        process.kill()
        process.wait(PATIENCE)
