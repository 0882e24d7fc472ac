"""What the attacked process has of the machine, looked at from outside: memory, descriptors, lines of its log."""

from __future__ import annotations

import os
import resource
import threading
from pathlib import Path
from typing import Self

__all__ = ["Watch"]

#: Seconds between two looks.
_EVERY = 0.1


class Watch:
    """Looks at the process `pid` and the file of its log, from entering to leaving; the largest values since `reset`.

    Thread: `siege watch` (waits for: time).
    """

    def __init__(self, pid: int, log: Path) -> None:
        self._pid, self._log = pid, log
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="siege watch", daemon=True)
        self.reset()

    def reset(self) -> None:
        """Begin anew with what is there now."""
        self.memory, self.descriptors = self.resident(), self.opened()
        self._written = self.written()

    def resident(self) -> int:
        """Bytes of its memory that are in RAM now; 0 once it is gone."""
        try:
            fields = Path(f"/proc/{self._pid}/statm").read_text(encoding="ascii").split()
        except OSError:
            return 0
        return int(fields[1]) * resource.getpagesize()

    def opened(self) -> int:
        """Its descriptors now; 0 once it is gone."""
        try:
            return len(os.listdir(f"/proc/{self._pid}/fd"))
        except OSError:
            return 0

    def written(self) -> int:
        """Bytes of its log so far."""
        return self._log.stat().st_size

    @property
    def logged(self) -> int:
        """Bytes of its log since `reset`."""
        return self.written() - self._written

    def _run(self) -> None:
        while not self._end.wait(_EVERY):
            self.memory = max(self.memory, self.resident())
            self.descriptors = max(self.descriptors, self.opened())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
