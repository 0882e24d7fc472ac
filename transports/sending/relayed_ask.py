"""An ask whose answer comes in items, or that items go with, and that is handed on to another process of this node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, cast

from ...actors.streams import ENDED, ItemRoom
from ..lanes import ForwardedAsk, ItemQueue, RelayedReply, RelayWindow, StreamLimit, leave_limit
from ..wire import ItemsFrame, ZeroCopyItems

__all__ = ["RelayRoom", "RelayedAsk"]


class Grants(Protocol):
    """The connection with the other process, as far as an ask that is handed on knows it: see `StreamAsks`."""

    #: Seconds of the loop's clock.
    now: Callable[[], float]

    def grant(self, ask: RelayedAsk, items: int, size: int) -> None:
        """`items` more may come, of `size` bytes."""


class RelayedAsk(ForwardedAsk):
    """See the module; `relay` is where its answer goes. Its makers set what stands here.

    `limit`: where it has a place among the streams that may be open there.
    `down`: what the other process may send; `up`: what the asker may. `opened`: items go with it, by `sink`, and are
    `counted` where the asker is one of this node.
    """

    __slots__ = ("counted", "down", "limit", "opened", "sink", "streams", "up")

    counted: bool
    down: RelayWindow
    limit: StreamLimit | None
    opened: bool
    up: RelayWindow
    sink: ItemQueue | None
    streams: Grants

    @property
    def _reply(self) -> RelayedReply:
        return cast("RelayedReply", self.relay)

    # What the other process says.

    def came(self, frame: ItemsFrame | ZeroCopyItems) -> None:
        """Items of its answer. Raises ProtocolError for more than were granted."""
        payloads = frame.payloads
        self.down.receive(len(payloads), sum(map(len, payloads)), len(payloads[-1]))
        self.written = self.streams.now()
        self._reply.put(frame.number, payloads)
        self.look()

    def all_came(self, count: int) -> None:
        """There are no more; it has sent `count`. Raises ProtocolError where not as many came."""
        self.down.ended(count)

    def ended(self) -> None:
        """All is well."""
        if not self.done():
            self.set_result(ENDED)

    def granted(self, items: int, size: int) -> None:
        """The handler has taken items that go with it. Raises ProtocolError beyond what a window may be."""
        if self.sink is not None:
            self.sink.granted(items, size)
            self._reply.grant(items, size)

    def turned(self) -> None:
        """It waits for a place, or has one now."""
        self._reply.turned()

    def look(self) -> None:
        """See whether the other process may send more."""
        if self.rid and not self.done():
            due = self.down.due(self._reply.down.credit, self._reply.down.pending)
            if due is not None:
                self.streams.grant(self, *due)

    # Its end.

    def set_result(self, value: Any, /) -> None:
        """It is answered."""
        super().set_result(value)
        self._let_go("stream_ended")

    def set_exception(self, error: BaseException | type[BaseException], /) -> None:
        """It failed."""
        super().set_exception(error)
        self._let_go(str(getattr(error, "reason", "handler_failed")))

    def cancel(self, msg: object = None) -> bool:
        """The asker goes away: so does the work."""
        if not super().cancel(msg):
            return False
        self._let_go("cancelled")
        return True

    def _let_go(self, reason: str) -> None:
        if self.slot is not None:
            self.slot.pop(self, None)
        self._reply.down.room = ItemRoom()
        if self.sink is not None:
            self.sink.drop(reason)
        leave_limit(self)


class RelayRoom(ItemRoom):
    """Where nobody waits: room for items of an answer that is handed on is room at whoever sends them."""

    __slots__ = ("_ask",)

    def __init__(self, ask: RelayedAsk) -> None:
        super().__init__()
        self._ask = ask

    def wake(self) -> None:
        """There is room."""
        self._ask.look()
