"""The signals of a process, heard from its first instant to its last: SIGINT and SIGTERM stop it, SIGHUP reloads."""

# Law 1. Until an event loop obeys them, the first signal that stops raises `Signalled` wherever the main thread is.
#        What swallows that does not hide it: `stops` has it still.
# Law 2. From the second one on the process ends, whatever holds it up.
# Law 3. A process with the number 1 (of a container) loses signals that it does not handle. So they are handled before
#        anything else is imported, and this module imports next to nothing.

from __future__ import annotations

import os
import select
import signal
import threading
import time
from types import FrameType
from typing import Final

__all__ = ["GRACE", "STOPS", "ProcessSignals", "Signalled"]

STOPS: Final = (signal.SIGINT, signal.SIGTERM)
#: Seconds that a process which was signalled twice has to end by itself: sockets close, the log is written.
GRACE: Final = 0.5


class Signalled(KeyboardInterrupt):
    """A signal stopped what the main thread did. Its number is in `args`, and `status` is the exit status for it."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(number.name)
        self.status = 128 + number


class ProcessSignals:
    """Counts signals by Python's own handlers, beside the event loop, which may be held up.

    Python's handlers run also while a handler of an actor blocks the loop, while `asyncio.run` waits for threads that
    it lent, and while the interpreter does at its end.

    Thread: a daemon, from the second signal on (waits for: the time; feeds: nobody).
    """

    def __init__(self) -> None:
        #: The signals that were to stop the process, in their order.
        self.stops: list[signal.Signals] = []
        #: Whether SIGHUP came before anybody could obey it.
        self.reload = False
        self._raises = self._reloads = False
        self._terminals: list[int] = []

    def begin(self, *, reloads: bool) -> None:
        """Hear of signals from now on, at the very start. `reloads`: SIGHUP does not end this process."""
        self._raises, self._reloads = True, reloads
        for number in STOPS:
            signal.signal(number, self.hear)
        if reloads:
            signal.signal(signal.SIGHUP, self._hear_reload)
        # Whoever starts us may block signals until we handle them, so that none is lost, or by mistake.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (*STOPS, signal.SIGHUP))
        self._terminals = [number for number in range(3) if os.isatty(number)]

    def obeyed(self) -> None:
        """An event loop obeys them from now on (it has said before that it wants them): here they are counted only."""
        self._raises = False
        for number in STOPS:
            signal.signal(number, self.hear)
            signal.siginterrupt(number, False)

    def end(self) -> None:
        """Nobody obeys them any more: they are counted while the process ends, by itself or by the second."""
        self.obeyed()
        if self._reloads:
            signal.signal(signal.SIGHUP, self._hear_reload)

    def lost_terminal(self) -> bool:
        """Whether SIGHUP means that our terminal was closed. If so, what we read and wrote there goes nowhere."""
        asked = select.poll()
        for number in self._terminals:
            asked.register(number, 0)
        gone = [number for number, _ in asked.poll(0)] if self._terminals else []
        with open(os.devnull, "r+b") as nowhere:
            for number in gone:
                os.dup2(nowhere.fileno(), number)
        return bool(gone)

    def hear(self, number: int, _frame: FrameType | None = None) -> None:
        """A signal has come that stops. Raises: Signalled, see the module."""
        told = signal.Signals(number)
        self.stops.append(told)
        if len(self.stops) == 1 and self._raises:
            raise Signalled(told)
        if len(self.stops) == 2:
            try:
                threading.Thread(target=_end, args=(number,), name="peerbus hard stop", daemon=True).start()
            except RuntimeError:  # no more threads, or the interpreter is at its end
                os._exit(128 + number)
        if len(self.stops) > 2:
            os._exit(128 + number)

    def _hear_reload(self, _number: int, _frame: FrameType | None = None) -> None:
        self.reload = True


def _end(number: int) -> None:
    time.sleep(GRACE)
    os._exit(128 + number)
