"""Where the answer to a peer's ask goes that wants it in items, or that brings items: on the loop's thread."""

from __future__ import annotations

from typing import Any, Protocol, cast

from ...actors.base import MessageTypeError, SendError, refusal_of, text_of
from ...actors.engine import Cell
from ...actors.mailbox import NEVER, Envelope
from ...actors.messages import article
from ...actors.sends import Wait
from ...actors.streams import ENDED, ItemBuffer, ItemsIn, drive, is_items
from ..lanes import ANSWER_TYPE, BUS_CODES, REACTOR_PREFIX, ItemQueue, RemoteReply, Server

__all__ = ["StreamReply", "StreamServer"]


class StreamServer(Protocol):
    """The connection that the ask came by, as far as its streams know it."""

    def ended(self, reply: StreamReply, code: str, text: str) -> None:
        """No more items come, because of what `code` says; empty: that was all."""

    def grant(self, reply: StreamReply, items: int, size: int) -> None:
        """The handler takes so many items (more)."""


class StreamReply(RemoteReply):
    """See the module. `down`: the items that go back; `up`: those that come; `opened`: one answer is right as well."""

    __slots__ = ("_begun", "_streams", "_up", "down", "message", "opened", "up")

    def __init__(
        self,
        server: Server,
        streams: StreamServer,
        cell: Cell,
        channel: int,
        rid: int,
        deadline: float,
        number: int,
        *,
        message: object,
        down: ItemQueue,
        up: ItemBuffer | None,
    ) -> None:
        super().__init__(server, cell, channel, rid, deadline, number)
        self._streams = streams
        self._begun = False
        #: The items that come, until somebody reads them; and what takes them.
        self._up = self.up = up
        self.message = message
        self.opened = up is not None
        self.down = down
        if up is not None:
            up.source = self

    @property
    def over(self) -> bool:
        """It is answered, or nobody waits for that."""
        return self._over

    @property
    def unread(self) -> bool:
        """Nobody has begun to read the items that come: none was granted."""
        return self._up is not None

    def incoming(self) -> ItemsIn[Any]:
        """As `Incoming.incoming`."""
        up, self._up = self._up, None
        items: ItemsIn[Any] = ItemsIn.of(self.message, up)
        if up is not None and not self._over:
            self._streams.grant(self, *up.window.whole)
        return items

    def succeed(self, value: object) -> None:
        """The handler answered: with its items, which are sent from now on, at their end, or with something else."""
        if value is ENDED:
            self._end("", "")
        elif is_items(value):
            if not self.done():
                self._begun = True
                envelope = Envelope(self.message, None, self, NEVER)
                cast("Cell", self.cell).detach(envelope, drive(cast("Any", value), self.down))
        elif self.opened:
            super().succeed(value)
            self.shut("stream_ended")
        else:
            what = article(type(value).__name__)
            text = f"the handler of {type(self.message).__name__} answered with {what}, which is no stream: ask for it"
            self._refuse(ANSWER_TYPE, text)

    def raised(self, error: BaseException) -> None:
        """The handler raised, or refused."""
        code, text = refusal_of(error)
        if code in BUS_CODES or code.startswith(REACTOR_PREFIX):
            code = REACTOR_PREFIX + code
        self._refuse(code, text)

    def fail(self, error: BaseException) -> None:
        """The bus could not deliver it, or the actor stopped."""
        self._refuse(error.reason if isinstance(error, SendError) else type(error).__name__, text_of(error))

    def broken(self, error: SendError) -> None:
        """An item cannot travel."""
        self._refuse(ANSWER_TYPE if isinstance(error, MessageTypeError) else error.reason, text_of(error))

    def _refuse(self, code: str, text: str) -> None:
        if self._begun:
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

    def _shut_up(self, reason: str) -> None:
        up, self.up = self.up, None
        self._up = None
        if up is not None:
            gone = SendError("nobody sends items any more")
            gone.reason = reason
            up.fail(gone)

    # As the source of the items that come; see `ItemSource`.

    def grant(self, items: int, size: int) -> None:
        """As `ItemSource.grant`."""
        if not self._over:
            self._streams.grant(self, items, size)

    def stop(self) -> None:
        """As `ItemSource.stop`: its sender learns of it by the answer."""

    def settle(self, untaken: int) -> None:
        """As `ItemSource.settle`: whoever sends them counts them."""

    def waits_for(self) -> Wait | None:
        """As `ItemSource.waits_for`: for the asker, which is elsewhere."""
        return None
