"""The second signal: the process ends at once, whatever holds it up."""

from __future__ import annotations

import os
import signal
import threading
import time
from types import FrameType

__all__ = ["GRACE", "HardStop"]

#: Seconds that a process which was signalled twice has to end by itself: sockets close, the log is written.
GRACE = 0.5


class HardStop:
    """Counts signals beside the event loop, which may be held up; `GRACE` seconds after the second the process ends.

    It must be told of each signal by Python's own handler (`hear`), which runs also while the loop is blocked by a
    handler, while `asyncio.run` waits for threads that it lent, and while the interpreter does at its end.

    Thread: a daemon, from the second signal on (waits for: the time; feeds: nobody).
    """

    def __init__(self) -> None:
        self._heard = 0

    def watch(self, *numbers: signal.Signals) -> None:
        """Hear of these signals, after the event loop has said that it wants them; until the process ends."""
        for number in numbers:
            signal.signal(number, self.hear)
            signal.siginterrupt(number, False)

    def hear(self, number: int, _frame: FrameType | None = None) -> None:
        """A signal has come."""
        self._heard += 1
        if self._heard < 2:
            return
        if self._heard > 2:
            os._exit(128 + number)
        try:
            threading.Thread(target=_end, args=(number,), name="peerbus hard stop", daemon=True).start()
        except RuntimeError:  # no more threads, or the interpreter is at its end
            os._exit(128 + number)


def _end(number: int) -> None:
    time.sleep(GRACE)
    os._exit(128 + number)
