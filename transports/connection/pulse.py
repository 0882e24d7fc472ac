"""The heartbeat of a connection at work: its timer, its PINGs, and what their answers tell of the way to the peer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context

from ..lanes import Outbox, Writer
from ..wire import Ping
from .liveness import Detector, Heartbeat

__all__ = ["HEARTBEAT_INTERVAL", "SILENT", "Pulse"]

#: Why a connection ends whose peer answers no more.
SILENT = "silent"
#: Seconds between two PINGs.
HEARTBEAT_INTERVAL = 5.0


class Pulse:
    """See the module. `silent` is called once, when the peer has been silent for too long; `look` at each check.

    `detector`: says what silence is too long; None: by what it learns of the peer's rhythm.
    """

    __slots__ = ("_context", "_heartbeat", "_look", "_loop", "_outbox", "_silent", "_timer", "_writer", "came")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        context: Context,
        outbox: Outbox,
        writer: Writer,
        *,
        interval: float,
        silent: Callable[[], None],
        look: Callable[[], None],
        detector: Detector | None = None,
    ) -> None:
        self._loop = loop
        self._context = context
        self._outbox = outbox
        self._writer = writer
        self._silent = silent
        self._look = look
        self._timer: asyncio.TimerHandle | None = None
        self._heartbeat = Heartbeat(loop.time(), interval=interval, detector=detector)
        #: `came(now)`: bytes of the peer came.
        self.came = self._heartbeat.received

    @property
    def rtt(self) -> float | None:
        """Seconds of a round trip, smoothed; None before the first PONG."""
        return self._heartbeat.rtt

    @property
    def patience(self) -> float:
        """Seconds of silence after which the peer is given up."""
        return self._heartbeat.detector.patience

    @property
    def unsolicited(self) -> int:
        """PONGs that answer no PING."""
        return self._heartbeat.unsolicited

    def last_beat(self) -> int:
        """Token of the last PING."""
        return self._heartbeat.token

    def start(self) -> None:
        """Send the first PING at once, so that the peer's distance is known when somebody chooses among peers."""
        self._beat(self._loop.time())
        self._arm()

    def stop(self) -> None:
        """The connection has ended: keep nothing that points back to its owner."""
        if self._timer is not None:
            self._timer.cancel()
        self._silent = self._look = _nobody

    def ponged(self, token: int) -> None:
        """The answer to one of its PINGs came."""
        now = self._loop.time()
        trip = self._heartbeat.pong(token, now)
        if trip is not None:
            self._outbox.pacer.tripped(trip, now)

    def _arm(self) -> None:
        self._timer = self._loop.call_at(self._heartbeat.next_check(), self._check, context=self._context)

    def _check(self) -> None:
        now = self._loop.time()
        if self._heartbeat.suspect(now):
            self._silent()
            return
        self._look()
        if self._look is _nobody:  # what was seen there has ended the connection
            return
        if now >= self._heartbeat.next_ping_due():
            self._beat(now)
        self._arm()

    def _beat(self, now: float) -> None:
        self._outbox.control(Ping(self._heartbeat.ping(now)))
        self._writer.schedule()


def _nobody() -> None:
    """The connection has ended."""
