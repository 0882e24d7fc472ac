"""What answers to a peer's asks have in common that go in items, or that items come with: on the loop's thread."""

from __future__ import annotations

from typing import Protocol

from ...actors.base import refusal_of, text_of
from .in_lane import InLane
from .item_queue import ItemQueue
from .remote_reply import BUS_CODES, REACTOR_PREFIX, Answering, RemoteReply, Server, code_of

__all__ = ["ItemReply", "StreamServer"]


class StreamServer(Protocol):
    """The connection that the ask came by, as far as its streams know it."""

    def ended(self, reply: ItemReply, code: str, text: str) -> None:
        """No more items come, because of what `code` says; empty: that was all."""

    def forget(self, reply: ItemReply) -> None:
        """It is over, and no stream that is open."""

    def grant(self, reply: ItemReply, items: int, size: int) -> None:
        """`items` more may come with the ask, of `size` bytes."""


class ItemReply(RemoteReply):
    """See the module. `down`: the items that go back."""

    __slots__ = ("_streams", "begun", "down")

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
    ) -> None:
        super().__init__(server, cell, channel, rid, deadline, number)
        self._streams = streams
        #: Its answer has begun, and is one in items: an error stands behind them.
        self.begun = False
        self.down = down

    @property
    def over(self) -> bool:
        """It is answered, or nobody waits for that."""
        return self._over

    # What the peer sends.

    def granted(self, items: int, size: int) -> None:
        """It has taken `items` of `size` bytes. Raises ProtocolError beyond what a window may be."""
        self.down.granted(items, size)

    def came(self, lane: InLane, number: int, payloads: list[bytes] | list[memoryview], size: int) -> None:
        """Items that go with its ask, of `size` bytes together. Raises ProtocolError for more than were granted."""
        raise NotImplementedError

    def no_more(self, count: int) -> None:
        """No more go with it; it has sent `count`. Raises ProtocolError where not as many came."""
        raise NotImplementedError

    @property
    def left(self) -> tuple[int, int] | None:
        """Items and bytes that may come with its ask now; None: nobody has begun to read them, or ever will."""
        raise NotImplementedError

    @property
    def unread(self) -> int:
        """Bytes of memory of items that came with its ask, and that nobody has taken."""
        raise NotImplementedError

    # How it ends.

    def raised(self, error: BaseException) -> None:
        """The handler raised, or refused."""
        code, text = refusal_of(error)
        if code in BUS_CODES or code.startswith(REACTOR_PREFIX):
            code = REACTOR_PREFIX + code
        self._refuse(code, text)

    def fail(self, error: BaseException) -> None:
        """The bus could not deliver it, or the actor stopped."""
        self._refuse(code_of(error), text_of(error))

    def _refuse(self, code: str, text: str) -> None:
        if self.begun:
            self._end(code, text)
        elif not self.done():
            self._over = True
            self._server.answer_error(self, code, text)
            self.shut("stream_ended")

    def _end(self, code: str, text: str) -> None:
        if not self._done_after():
            self._over = True
            self._streams.ended(self, code, text)
            self._shut_up("stream_ended")

    def _late(self, *, begun: bool) -> None:
        super()._late(begun=begun)
        self.shut("deadline_handler")

    def cancel(self) -> None:
        """The asker waits no longer, or its connection is gone: end the work."""
        super().cancel()
        self.shut("cancelled")

    def shut(self, reason: str) -> None:
        """Nothing goes or comes any more."""
        self.down.drop(reason)
        self._shut_up(reason)
        if self._over:
            self._streams.forget(self)

    def _shut_up(self, reason: str) -> None:
        """Nothing comes any more."""
        raise NotImplementedError
