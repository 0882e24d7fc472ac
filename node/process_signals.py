"""The signals of a process, heard from its first instant to its last: SIGINT and SIGTERM stop it, SIGHUP reloads."""

# Law 1. No handler raises: what runs at that moment may be C code that does not survive it (msgspec's, which makes a
#        class), or code that makes another error of it (`__set_name__`). `Signalled` is raised where somebody asks.
#        Nor does one take a lock that this thread may hold, as `threading` does for each thread that it starts.
# Law 2. While the package is imported nothing was begun, so the first signal ends the process on the spot. Later it has
#        `GRACE` until somebody asks for it, or an event loop obeys.
# Law 3. From the second one on the process ends, whatever holds it up.
# Law 4. A process with the number 1 (of a container) loses signals that it does not handle. So they are handled before
#        anything else is imported, and this module imports next to nothing.

from __future__ import annotations

import _thread
import os
import select
import signal
import time
from types import FrameType
from typing import Final, Literal, Protocol

__all__ = ["GRACE", "STOPS", "ProcessSignals", "Signalled"]

STOPS: Final = (signal.SIGINT, signal.SIGTERM)
#: Seconds that a process which is to end has until it does by itself: sockets close, the log is written.
GRACE: Final = 0.5


class Signalled(KeyboardInterrupt):
    """A signal stopped what the main thread was to do. `status` is the exit status for it."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(number)
        self.status = 128 + number

    def __str__(self) -> str:
        return signal.Signals(self.args[0]).name


class ObeyingLoop(Protocol):
    """As much of an event loop as obeys signals."""

    def remove_signal_handler(self, sig: int, /) -> bool:
        """Obey this one no longer."""


class ProcessSignals:
    """Hears signals by Python's own handlers, beside the event loop, which may be held up.

    Python's handlers run also while a handler of an actor blocks the loop, while `asyncio.run` waits for threads that
    it lent, and while the interpreter does at its end.

    Threads: one from the first signal on where no loop obeys, one from the second on (wait for: the time). The
    interpreter's end does not wait for them.
    """

    def __init__(self) -> None:
        #: The signals that were to stop the process, in their order.
        self.stops: list[signal.Signals] = []
        #: Whether SIGHUP came before anybody could obey it.
        self.reload = False
        self._reloads = False
        #: What the first signal does: ends the process at once, in a while, or nothing, as somebody else obeys it.
        self._first: Literal["at once", "soon", "nothing"] = "nothing"
        self._terminals: list[int] = []

    def begin(self, *, reloads: bool) -> None:
        """Hear of signals from now on, at the very start. `reloads`: SIGHUP does not end this process."""
        self._first, self._reloads = "at once", reloads
        for number in STOPS:
            signal.signal(number, self.hear)
        if reloads:
            signal.signal(signal.SIGHUP, self._hear_reload)
        # Whoever starts us may block signals until we handle them, so that none is lost, or by mistake.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (*STOPS, signal.SIGHUP))
        self._terminals = [number for number in range(3) if os.isatty(number)]

    def imported(self) -> None:
        """All is there: what is done from now on may want to be ended in order, by `check`."""
        if self._first == "at once":
            self._first = "soon"

    def check(self) -> None:
        """Raise Signalled where a signal has come."""
        if (number := self.taken()) is not None:
            raise Signalled(number)

    def taken(self) -> signal.Signals | None:
        """The first signal that came, if one did: whoever asks obeys it."""
        if not self.stops:
            return None
        self._first = "nothing"
        return self.stops[0]

    def obeyed(self) -> None:
        """An event loop obeys them from now on (it has said before that it wants them): here they are counted only.

        A loop has what a signal interrupts go on by itself (`siginterrupt`). Here it may not: whoever waits for a lock,
        as the interpreter does at its end for each thread, would never hear of one.
        """
        self._first = "nothing"
        for number in STOPS:
            signal.signal(number, self.hear)

    def end(self) -> None:
        """Nobody obeys them any more: they are counted while the process ends, by itself or by the second."""
        self.obeyed()
        if self._reloads:
            signal.signal(signal.SIGHUP, self._hear_reload)

    def take_back(self, loop: ObeyingLoop, numbers: tuple[int, ...]) -> None:
        """A loop obeys none of these any more; see `end`.

        It puts Python's own handler in place of its own, which raises: what comes just then is heard as well.
        """
        try:
            for number in numbers:
                loop.remove_signal_handler(number)
            self.end()
        except KeyboardInterrupt:
            self.take_back(loop, numbers)
            self.hear(signal.SIGINT)

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
        """A signal has come that stops."""
        self.stops.append(signal.Signals(number))
        if len(self.stops) > 2 or self._first == "at once":
            os._exit(128 + number)
        if len(self.stops) == 2 or self._first == "soon":
            try:
                _thread.start_new_thread(self._end, (number,))
            except RuntimeError:  # no more threads, or the interpreter is at its end
                os._exit(128 + number)

    def _hear_reload(self, _number: int, _frame: FrameType | None = None) -> None:
        self.reload = True

    def _end(self, number: int) -> None:
        time.sleep(GRACE)
        if len(self.stops) > 1 or self._first == "soon":
            os._exit(128 + number)
