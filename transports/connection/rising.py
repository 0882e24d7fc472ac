"""When a connection enters the table of peers: when what the peer declares is known, so that what is sent can be read.

Law: at once where nothing has to be asked. Else when all that was asked for is there; or when the peer sends, as
     whoever handles that may send back; or when either side leaves; or after some seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from functools import partial
from typing import Any

from ..receiving import ReceiveSide
from .descriptions import Descriptions
from .frame_reader import FrameReader
from .halves import takers_of

__all__ = ["DESCRIBED_WITHIN", "Rising"]

#: Seconds in which a peer is to describe its channels, or it is announced without.
DESCRIBED_WITHIN = 5.0


class Rising:
    """That of one connection: `enter` is called once, `changed` for each description that comes after that."""

    __slots__ = ("_changed", "_descriptions", "_enter", "_reader", "_receive", "_timer")

    def __init__(
        self,
        reader: FrameReader,
        receive: ReceiveSide,
        descriptions: Descriptions,
        *,
        enter: Callable[[], None],
        changed: Callable[[], None],
    ) -> None:
        self._reader = reader
        self._receive = receive
        self._descriptions = descriptions
        self._enter = enter
        self._changed = changed
        #: Enters at the latest; None where it has entered.
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, loop: asyncio.AbstractEventLoop, context: Context) -> None:
        """Ask for what is lacking, and enter."""
        self._descriptions.look()
        if not self._descriptions.pending:
            self._descriptions.arrived = self._changed
            self._enter()
            return
        self._timer = loop.call_later(DESCRIBED_WITHIN, self.rise, context=context)
        self._descriptions.arrived = self._arrived
        self._reader.take({kind: partial(self._first, take) for kind, take in takers_of(self._receive).items()})

    def rise(self) -> None:
        """Enter, if it has yet to."""
        if self._timer is None:
            return
        self._timer.cancel()
        self._timer = None
        self._descriptions.arrived = self._changed
        self._reader.take(takers_of(self._receive))
        self._enter()

    def end(self) -> None:
        """The connection has ended: keep nothing that points back to its owner."""
        self._enter = self._changed = _nobody
        self._descriptions.end()

    def _arrived(self) -> None:
        if not self._descriptions.pending:
            self.rise()

    def _first(self, take: Callable[[Any], None], frame: object) -> None:
        self.rise()
        take(frame)


def _nobody() -> None:
    """The connection has ended."""
