"""Where an actor's answer to a peer's ask goes that wants it in items, or that brings items."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, cast

from ...actors.base import MessageTooLarge, MessageTypeError, ProtocolError, SendError, text_of
from ...actors.engine import Cell
from ...actors.mailbox import NEVER, AnsweringCell, Envelope
from ...actors.messages import article, item_misfit
from ...actors.sends import Wait
from ...actors.streams import ENDED, PASSED_ON, ItemBuffer, ItemsIn, ThreadItems, drive, is_items
from ..lanes import (
    ANSWER_TYPE,
    ArrivedItems,
    InLane,
    ItemQueue,
    ItemReply,
    Server,
    StreamServer,
    note_kinds,
    weight_of_unread,
)
from ..wire import Forwarded

__all__ = ["StreamReply"]


class StreamReply(ItemReply):
    """See the module. `up`: the items that come; `opened`: one answer is right as well.

    `arrived` counts items that come from another process of this node; None: whoever sends them does.
    """

    __slots__ = ("_arrived", "_held", "_kind", "_up", "message", "on_end", "opened", "up")

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
        arrived: ArrivedItems | None = None,
    ) -> None:
        super().__init__(server, streams, cell, channel, rid, deadline, number, down=down)
        #: The items that come, until somebody reads them; and what takes them.
        self._up = self.up = up
        #: Of which type they are to be; None: nobody says.
        self._kind: object = None
        self.message = message
        #: As `StreamedReply.on_end`.
        self.on_end: Callable[[], object] = int
        self.opened = up is not None
        self._arrived = arrived
        #: The peer was told that it waits for a place.
        self._held = False
        if up is not None:
            up.source = self

    def moved_to(self, answers: AnsweringCell) -> None:
        """As `MovableReply.moved_to`. Where the peer knows that it had no place, it hears that it has one."""
        super().moved_to(answers)
        if self._held:
            self._turn()

    def wait_for_place(self) -> None:
        """As `StreamedReply.wait_for_place`."""
        if not self._held:
            self._turn()

    def _turn(self) -> None:
        self._held = not self._held
        if not self._over:
            self._streams.grant(self, 0, 0)

    def incoming(self, kind: object = None) -> ItemsIn[Any]:
        """As `Incoming.incoming`."""
        up, self._up, self._kind = self._up, None, kind
        items: ItemsIn[Any] = ItemsIn.of(self.message, up)
        if up is not None and not self._over:
            self._streams.grant(self, *up.window.whole)
        return items

    def sending(self) -> ItemQueue:
        """As `StreamedReply.sending`."""
        self.begun = not self.done()
        return self.down

    def came(self, lane: InLane, number: int, payloads: list[bytes] | list[memoryview], size: int) -> None:
        """As `ItemReply.came`."""
        up = self.up
        if up is None:
            return
        if self._up is not None:  # nobody has begun to read them
            raise ProtocolError("window_overrun", f"{len(payloads)} items, {size} bytes before any were granted")
        up.window.receive(len(payloads), size, len(payloads[-1]))
        if self._arrived is not None:
            self._arrived.came(len(payloads))
        kind, items = self._kind, list[Any]()
        try:
            if max(map(len, payloads)) > lane.info.max_message:
                raise MessageTooLarge(f"an item takes more than {lane.info.max_message} bytes")
            if kind is None or number:
                decode = lane.codec.decode
                items = [decode(number, payload) for payload in payloads]
                if (
                    kind is not None and kind is not PASSED_ON and items[0].__class__ is not kind
                ):  # and so all of them: they have one number
                    self._check(items[0])
            else:
                for payload in payloads:
                    items.append(self._plain(lane, payload))
        except (SendError, TypeError) as error:
            if items and not number:
                note_kinds(up, number, items)
                up.feed(items, size)
            up.fail(error)
        else:
            note_kinds(up, number, items)
            up.feed(items, size)

    def _plain(self, lane: InLane, payload: bytes | memoryview) -> object:
        """One that is no declared message, as the type that its handler takes. Raises MessageTypeError."""
        if self._kind is PASSED_ON:
            return Forwarded(0, bytes(payload), "item")
        try:
            item = lane.codec.decode_reply(0, payload, self.message, self._kind)
        except MessageTypeError as error:
            raise self._misfit(lane, payload, error) from None
        if item.__class__ is not self._kind:
            self._check(item)
        return item

    def _misfit(self, lane: InLane, payload: bytes | memoryview, error: MessageTypeError) -> MessageTypeError:
        """What is wrong with one that is not to be read as that type."""
        with contextlib.suppress(MessageTypeError):
            found = item_misfit(self.message, self._kind, lane.codec.decode(0, payload))
            if found is not None:
                return found
        name = article(type(self.message).__name__)
        return MessageTypeError(f"an item that came with {name} is refused: {error.__cause__ or error}")

    def _check(self, item: object) -> None:
        error = item_misfit(self.message, self._kind, item)
        if error is not None:
            raise error

    def no_more(self, count: int) -> None:
        """As `ItemReply.no_more`."""
        if self.up is not None:
            self.up.window.ended(count)
            self.up.finish()

    @property
    def left(self) -> tuple[int, int] | None:
        """As `ItemReply.left`."""
        return None if self.up is None or self._up is not None else self.up.window.left

    @property
    def unread(self) -> int:
        """As `ItemReply.unread`."""
        return 0 if self.up is None else weight_of_unread(self.up)

    def succeed(self, value: object) -> None:
        """The handler answered: with its items, which are sent from now on, at their end, or with something else."""
        if value is ENDED:
            self._end("", "")
        elif isinstance(value, ThreadItems):
            self.begun = not self.done()
            if self.begun:
                value.begin(self, self.down)
        elif is_items(value):
            if not self.done():
                self.begun = True
                envelope = Envelope(self.message, None, self, NEVER)
                cast("Cell", self.cell).detach(envelope, drive(cast("Any", value), self.down))
        elif self.opened:
            super().succeed(value)
            self.shut("stream_ended")
        else:
            what = article(type(value).__name__)
            text = f"the handler of {type(self.message).__name__} answered with {what}, which is no stream: ask for it"
            self._refuse(ANSWER_TYPE, text)

    def broken(self, error: SendError) -> None:
        """An item cannot travel."""
        self._refuse(ANSWER_TYPE if isinstance(error, MessageTypeError) else error.reason, text_of(error))

    def _shut_up(self, reason: str) -> None:
        up, self.up = self.up, None
        self._up = None
        if up is not None:
            gone = SendError("nobody sends items any more")
            gone.reason = reason
            up.fail(gone)
        if self._over:
            on_end, self.on_end = self.on_end, int
            on_end()

    # As the source of the items that come; see `ItemSource`.

    def grant(self, items: int, size: int) -> None:
        """As `ItemSource.grant`."""
        if self._arrived is not None:
            self._arrived.taken(items)
        if not self._over:
            self._streams.grant(self, items, size)

    def stop(self) -> None:
        """As `ItemSource.stop`: its sender learns of it by the answer."""

    def settle(self, untaken: int) -> None:
        """As `ItemSource.settle`."""
        if self._arrived is not None:
            self._arrived.settle(untaken)

    def waits_for(self) -> Wait | None:
        """As `ItemSource.waits_for`: for the asker, which is elsewhere."""
        return None
