"""Sends on one node, looked at as if they went to another: for tests, so that they tell what would fail there.

A bus does it where PEERBUS_CHECK_SENDS is 1 when it is made; `peerbus.testing` sees to that, see docs/messages.md. What
is sent is encoded and decoded, and then handed over itself: nothing but errors differs from a send without this.
"""

# It costs nothing where it is not used. Where it is, a cell takes no type of message unseen: each message goes the way
# that leads to the error for a wrong one, and is looked at there.

from __future__ import annotations

import os
from typing import Any, Final, Protocol

from ..base import MessageTooLarge, MessageTypeError, SendError
from ..messages import (
    FACTS,
    UNNAMED,
    Channel,
    Expected,
    Unresolved,
    article,
    decode_answer,
    encode_answer,
    encoding_of,
    misfit,
    too_many,
    wrong_answer,
)

__all__ = [
    "CHECK_SENDS",
    "LOOKS",
    "Rehearsed",
    "expected",
    "rehearsed_message",
    "said_of",
    "sends_are_checked",
    "wrong_message",
]

#: The environment variable.
CHECK_SENDS = "PEERBUS_CHECK_SENDS"
#: The types that a cell takes unseen where it looks at each message: none.
LOOKS: Final[frozenset[type]] = frozenset()


class Receiving(Protocol):
    """An actor's cell, as far as this file knows one."""

    @property
    def channel(self) -> Channel[Any] | None:
        """What it declares."""

    @property
    def types(self) -> frozenset[type] | None:
        """The messages that it takes without a look; None: all."""


def sends_are_checked() -> bool:
    """Whether a bus that is made now is to check what is sent on its own node."""
    return os.environ.get(CHECK_SENDS) == "1"


def wrong_message(cell: Receiving, channel: Channel[Any], message: object) -> SendError | None:
    """What is wrong with a message to this cell's channel, if anything."""
    if message.__class__ in channel.types:
        return rehearsed_message(channel, message) if cell.types is LOOKS else None
    declared = ", ".join(sorted(t.__name__ for t in channel.types))
    what = article(type(message).__name__)
    if isinstance(message, type):
        what = f"the class {message.__name__}, only objects of it, {message.__name__}(…)"
    return MessageTypeError(f"{cell} does not take {what}; its channel declares {declared}", message=message)


def rehearsed_message(channel: Channel[Any], message: object) -> SendError | None:
    """The error of a send of this declared message to another node; None where it would not fail."""
    if type(message) in FACTS:
        return None
    try:
        encoding = encoding_of(type(message))
        payload = encoding.encode(message)
        encoding.check_arrival(message, payload)
    except Unresolved:
        return None  # of a class inside a function, perhaps, which is meant to stay here
    except MessageTypeError as error:
        return MessageTypeError(f"{error} (channel {channel.name!r})", message=message)
    except Exception as error:  # noqa: BLE001  # of its class: it cannot be compared with itself
        return MessageTypeError(f"{type(message).__name__} cannot be looked at: {error!r}", message=message)
    return _too_large(channel, message, payload)


def expected(cell: Receiving, message: object, sender: object, reply: Any) -> Any:
    """What an asker that said `reply` expects: where its ask is looked at, with a look at the answer as well."""
    channel = cell.channel
    if cell.types is not LOOKS or channel is None or sender is cell or message.__class__ not in channel.types:
        return reply
    return Rehearsed(channel, reply)


def said_of(reply: Any) -> Any:
    """What an asker said that expects this."""
    return reply._reply if isinstance(reply, Rehearsed) else reply


class Rehearsed(Expected):
    """What an asker expects, with a look at how the answer would travel: in place of its `reply`."""

    __slots__ = ("_channel", "_reply")

    def __init__(self, channel: Channel[Any], reply: Any) -> None:
        self._channel = channel
        self._reply = reply

    def misfit(self, message: object, value: object, who: str = "") -> Exception | None:
        """What is wrong with `value` as the answer of `who` to `message`, here or on its way; None if nothing is."""
        wanted = self._reply
        if wanted is None:
            wanted = getattr(message, "__answer__", UNNAMED)
        return misfit(message, wanted, value, who) or self._travels(message, value, who)

    def _travels(self, message: object, value: object, who: str) -> SendError | None:
        channel = self._channel
        if type(value) in channel.types:
            return rehearsed_message(channel, value)
        asked = type(message) if type(message) in channel.types else None
        try:
            payload = encode_answer(value, asked, channel.messages)
            decode_answer(payload, message, self._reply, channel.messages)
        except Unresolved:
            return None
        except Exception as error:  # noqa: BLE001  # what is raised here would be the failure of the actor that answers
            why = f"it could not come from another node: {error}"
            return MessageTypeError(wrong_answer(who, type(message), UNNAMED, value, why), message=message)
        return _too_large(channel, value, payload)


def _too_large(channel: Channel[Any], message: object, payload: bytes) -> MessageTooLarge | None:
    name = type(message).__name__
    if len(payload) > channel.max_message:
        why = f"{name} takes {len(payload)} bytes, channel {channel.name!r} carries {channel.max_message} (max_message)"
    elif too_many(payload, channel.max_elements):
        why = f"{name} has more values than channel {channel.name!r} carries, {channel.max_elements} (max_elements)"
    else:
        return None
    return MessageTooLarge(why, message=message)
