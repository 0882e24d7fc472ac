"""An ask between two actors of one process whose answer comes in items, or that brings items, or both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ..base import MessageTypeError, SendError
from ..mailbox import NEVER, AnsweringCell, Envelope
from ..messages import article, item_misfit
from ..sends import AskFuture
from .buffer import ItemBuffer, no_place
from .incoming import PASSED_ON, ItemsIn
from .local_sink import LocalSink
from .sink import ENDED, drive, is_items
from .thread_items import ThreadItems

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

__all__ = ["LocalStreamAsk"]


class LocalStreamAsk(AskFuture[Any]):
    """See the module. Its maker sets what `AskFuture` names, and what stands here."""

    __slots__ = ("detach", "down", "on_end", "opened", "up", "up_buffer")

    #: Has its items made beside the next messages of the actor that it asks.
    detach: Callable[[Envelope, object], object]
    #: The sending end of the items that come back.
    down: LocalSink
    #: As `StreamedReply.on_end`.
    on_end: Callable[[], object]
    #: An answer that is no stream is right as well.
    opened: bool
    #: Both ends of the items that go there; None: none do.
    up: LocalSink | None
    up_buffer: ItemBuffer | None

    def moved_to(self, answers: AnsweringCell) -> None:
        """As `MovableReply.moved_to`: that one makes the items too."""
        super().moved_to(answers)
        self.detach = answers.detach
        if self.down.held:
            self.down.turned()

    def wait_for_place(self) -> None:
        """As `StreamedReply.wait_for_place`."""
        if not self.down.held:
            self.down.turned()

    def expire(self) -> None:
        """The time of it all is over."""
        if self.down.held:
            self.give_up(no_place(self.message))
        else:
            super().expire()

    def incoming(self, kind: Any = None) -> ItemsIn[Any]:
        """As `Incoming.incoming`."""
        buffer, self.up_buffer = self.up_buffer, None
        items: ItemsIn[Any] = ItemsIn.of(self.message, buffer)
        if self.up is not None and kind is not None and kind is not PASSED_ON:
            self.up.expect(kind, item_misfit)
        return items

    def sending(self) -> LocalSink:
        """As `StreamedReply.sending`."""
        return self.down

    def succeed(self, value: object) -> None:
        """The handler answered: with its items, which are sent from now on, at their end, or with something else."""
        if self.done():
            return
        if value is ENDED:
            super().set_result(None)
            self._over(None)
        elif isinstance(value, ThreadItems):
            value.begin(self, self.down)
        elif is_items(value):
            envelope = Envelope(self.message, None, self, NEVER)
            self.detach(envelope, drive(cast("AsyncIterator[Any]", value), self.down))
        elif self.opened:
            super().succeed(value)
        else:
            name, what = type(self.message).__name__, article(type(value).__name__)
            self.fail(
                MessageTypeError(f"{self.holder()} answered {name} with {what}, which is no stream: ask for it instead")
            )

    def set_result(self, value: Any, /) -> None:
        """The answer is there."""
        super().set_result(value)
        self._over(None)

    def set_exception(self, error: BaseException | type[BaseException], /) -> None:
        """It ended with an error."""
        super().set_exception(error)
        if not self.opened:
            self._log_traceback = False  # its reader gets it
        self._over(error if isinstance(error, BaseException) else error())

    def cancel(self, msg: object = None) -> bool:
        """The asker goes away: so does the work."""
        if not super().cancel(msg):
            return False
        gone = SendError(f"the asker of {type(self.message).__name__} went away", message=self.message)
        gone.reason = "cancelled"
        self._over(gone)
        return True

    def reader_left(self) -> None:
        """Nobody reads the items any more, which end what makes them."""
        if not self.opened:
            self.cancel()

    def _over(self, error: BaseException | None) -> None:
        if self.slot is not None:
            self.slot.pop(self, None)
        down, up, unread = self.down, self.up, self.up_buffer
        if unread is not None:  # no handler has begun to read it, and none will
            self.up_buffer = None
            unread.close()
        if error is None:
            down.finish()
        else:
            down.fail(error)
        if up is not None:
            self.up = None
            up.fail(error or SendError("the handler has answered"))
        on_end, self.on_end = self.on_end, int
        on_end()
