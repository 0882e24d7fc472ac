"""The sending half's gate: shut while too many bytes wait to leave, and for good once it failed."""

from __future__ import annotations

import asyncio

from ...actors.base import TransportError

__all__ = ["WriteGate"]


class WriteGate:
    """Open, shut, or failed; any number of tasks may wait for it to open."""

    __slots__ = ("_failure", "_open", "_waiters")

    def __init__(self) -> None:
        self._open = True
        self._failure: TransportError | None = None
        self._waiters: list[asyncio.Future[None]] = []

    @property
    def open(self) -> bool:
        """Whether a writer need not wait."""
        return self._open and self._failure is None

    @property
    def failed(self) -> bool:
        """Whether nothing can be written any more."""
        return self._failure is not None

    def check(self) -> None:
        """Raises: the error that `fail` was given."""
        if self._failure is not None:
            # A new one each time: raising the same object twice would grow its traceback.
            raise type(self._failure)(str(self._failure)) from self._failure.__cause__

    def shut(self) -> None:
        """Make writers wait."""
        self._open = False

    def reopen(self) -> None:
        """Let writers go on."""
        if not self._open:
            self._open = True
            self._wake()

    def fail(self, error: TransportError) -> None:
        """Raise `error` to every writer, now and later; the last one given counts."""
        self._failure = error
        self._wake()

    async def wait_open(self) -> None:
        """Wait until it is open. Raises: the error that `fail` was given."""
        while True:
            self.check()
            if self._open:
                return
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            try:
                await waiter
            finally:
                if waiter in self._waiters:
                    self._waiters.remove(waiter)

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
