"""A node in a process of its own, as a manager or a container starts one, and what it logs as JSON."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["PATIENCE", "Service", "environment"]

#: Seconds after which a process that does not do what it shall is a failure.
PATIENCE = 40


def environment(**more: str) -> dict[str, str]:
    """That of a service: no more than a system gives it."""
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **more}


class Service:
    """A process as a manager or a container starts it; what it writes is read by a thread."""

    def __init__(self, command: Sequence[str], variables: Mapping[str, str], folder: Path) -> None:
        self.process = subprocess.Popen(
            command,
            env=environment(**variables),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[dict[str, Any]] = []
        self.other: list[str] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                (self.lines.append(json.loads(line)) if line.startswith("{") else self.other.append(line))
                self._news.notify_all()

    def logged(self, event: str, wanted: Callable[[dict[str, Any]], object] = lambda line: True) -> dict[str, Any]:
        """The first line of the log that tells of that, and is wanted."""

        def found() -> dict[str, Any] | None:
            return next((line for line in self.lines if line["event"] == event and wanted(line)), None)

        with self._news:
            assert self._news.wait_for(found, PATIENCE), (event, self.lines, self.other)
        line = found()
        assert line is not None
        return line

    def ends(self, number: signal.Signals) -> int:
        """Its exit status after that signal."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        """End it, if it runs still."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
