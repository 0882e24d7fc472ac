"""Items of a stream between an actor of a worker and a peer, as they travel between the worker and its node."""

from __future__ import annotations

from typing import Any

from ...actors.base import MessageTypeError, SendError
from ...actors.messages import UNNAMED, answer_named, item_of, misfit
from ...transports.wire import ChannelCodec
from .talk import PackedItem, error_of_failure

__all__ = ["PackedItems"]


class PackedItems:
    """Those of the stream that `message` asks for, which `codec` reads and writes."""

    __slots__ = ("_codec", "_kind", "_last", "_message")

    def __init__(self, codec: ChannelCodec, message: object) -> None:
        self._codec = codec
        self._message = message
        kind = answer_named(type(message))
        item = item_of(kind)
        #: Of which type they are to be; None: nobody says.
        self._kind = None if item is None or item is Any or kind is UNNAMED else item
        #: What says how it ended.
        self._last: PackedItem | None = None

    def wrap(self, item: object) -> PackedItem:
        """As `Wrapping.wrap`."""
        return PackedItem(*self._codec.encode_reply(item, self._codec.channel.max_message))

    def unwrap(self, items: list[PackedItem]) -> list[Any]:
        """As `Wrapping.unwrap`."""
        last = items[-1]
        if last.answer or last.failed is not None:
            self._last = items.pop()
        return [self._read(item) for item in items]

    def _read(self, item: PackedItem) -> Any:
        value = self._codec.decode_reply(item.number, item.payload, self._message, None)
        if self._kind is not None and value.__class__ is not self._kind:
            error = misfit(self._message, self._kind, value)
            if error is not None:
                raise error
        return value

    def end(self) -> tuple[bool, object]:
        """As `Wrapping.end`."""
        last = self._last
        if last is None:
            return False, None
        if last.failed is not None:
            error = error_of_failure(last.failed)
            if isinstance(error, SendError):
                error.message = self._message
            return True, error
        try:
            return True, self._codec.decode_reply(last.number, last.payload, self._message, None)
        except MessageTypeError as error:
            return True, error
