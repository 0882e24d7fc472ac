"""Where the answer to an ask goes that is handed on to another process of this node, and is one in items.

Items are handed on as the bytes that came. The two ends have their windows: what the handler takes is granted to the
peer, and what the peer takes to the handler's process, but no more than RELAYED at a time (`RelayWindow`).
"""

from __future__ import annotations

from typing import Protocol

from ...actors.streams import ENDED
from .in_lane import InLane
from .item_queue import ItemQueue
from .item_reply import ItemReply, StreamServer
from .relay_window import RelayWindow
from .remote_reply import Answering, Server

__all__ = ["HandedOn", "RelayedReply"]


class HandedOn(Protocol):
    """The ask that was handed on, as far as its answer knows it."""

    #: What the handler has granted to the peer.
    up: RelayWindow
    #: Takes items that go with it; None: none do.
    sink: ItemQueue | None

    def look(self) -> None:
        """Its items may go on."""

    def done(self) -> bool:
        """It is answered, or has failed."""

    def cancel(self) -> bool:
        """Nobody waits for it any more."""


class RelayedReply(ItemReply):
    """See the module."""

    __slots__ = ("_ask",)

    def __init__(
        self,
        server: Server,
        streams: StreamServer,
        cell: Answering,
        channel: int,
        rid: int,
        deadline: float,
        number: int,
        *,
        down: ItemQueue,
        ask: HandedOn,
    ) -> None:
        super().__init__(server, streams, cell, channel, rid, deadline, number, down=down)
        self._ask = ask

    # From the peer.

    def granted(self, items: int, size: int) -> None:
        """As `ItemReply.granted`."""
        super().granted(items, size)
        self._ask.look()

    def came(self, lane: InLane, number: int, payloads: list[bytes] | list[memoryview], size: int) -> None:
        """As `ItemReply.came`."""
        ask = self._ask
        sink = ask.sink
        if sink is not None and not self._over:
            ask.up.receive(len(payloads), size, len(payloads[-1]))
            for payload in payloads:
                sink.put((number, bytes(payload)))

    def no_more(self, count: int) -> None:
        """As `ItemReply.no_more`."""
        sink = self._ask.sink
        if sink is not None and not self._over:
            self._ask.up.ended(count)
            sink.finish()

    @property
    def left(self) -> tuple[int, int] | None:
        """As `ItemReply.left`."""
        ask = self._ask
        return None if ask.sink is None else (ask.up.items, ask.up.bytes)

    @property
    def unread(self) -> int:
        """As `ItemReply.unread`: what waits to be written to the process that takes it."""
        sink = self._ask.sink
        return 0 if sink is None else sink.pending

    # From the handler's process.

    def put(self, number: int, payloads: list[bytes] | list[memoryview]) -> None:
        """Items of the answer."""
        self.begun = True
        if not self._over:
            for payload in payloads:
                self.down.put((number, bytes(payload)))

    def grant(self, items: int, size: int) -> None:
        """The handler takes `items` more, of `size` bytes."""
        if not self._over:
            self._ask.up.grant(items, size)
            self._streams.grant(self, items, size)

    def turned(self) -> None:
        """It waits for a place there, or has one now: so the peer hears."""
        if not self._over:
            self._streams.grant(self, 0, 0)

    def succeed(self, value: object) -> None:
        """It has answered: all items have come, or it is one answer."""
        if value is ENDED:
            self._end("", "")
        else:
            super().succeed(value)
            self.shut("stream_ended")

    def _shut_up(self, reason: str) -> None:
        if not self._ask.done():
            self._ask.cancel()
