"""A message on its way: what is put into a mailbox.

A `msgspec.Struct` and not a frozen dataclass: 47 ns to make against about 1 000 ns, on the path of every send. The
garbage collector does not look into it, so it must never be part of a cycle that outlives a mailbox.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from ..messages import Address

__all__ = ["NEVER", "AnsweringCell", "Envelope", "ReplyTo", "Weighed", "with_reply"]

#: The deadline of a message that does not expire.
NEVER = float("inf")


class ReplyTo(Protocol):
    """Where the answer to an ask goes. One of the three endings is called; later ones are ignored."""

    def done(self) -> bool:
        """Nobody waits for the answer any more: it came, was cancelled, or its time ran out."""

    def succeed(self, value: object) -> None:
        """The handler returned `value`."""

    def raised(self, error: BaseException) -> None:
        """The handler raised `error`."""

    def fail(self, error: BaseException) -> None:
        """The ask ended with `error` before a handler could answer it."""


class AnsweringCell(Protocol):
    """An actor's cell, as far as the answer to an ask of it leads back to it."""

    def abandon(self, reply: object) -> str:
        """Nobody waits for this reply any more: end the work. Returns the phase in which it was."""

    def detach(self, envelope: Envelope, awaitable: object) -> object:
        """Make the items of an answer beside the next messages."""


class Replies:
    """Several askers that wait for the same answer."""

    __slots__ = ("_replies",)

    def __init__(self, *replies: ReplyTo) -> None:
        self._replies = replies

    def done(self) -> bool:
        """None of them waits any more."""
        return all(reply.done() for reply in self._replies)

    def succeed(self, value: object) -> None:
        """Answer them all."""
        for reply in self._replies:
            reply.succeed(value)

    def raised(self, error: BaseException) -> None:
        """Tell them all what was raised."""
        for reply in self._replies:
            reply.raised(error)

    def fail(self, error: BaseException) -> None:
        """Tell them all that there is no answer."""
        for reply in self._replies:
            reply.fail(error)


def with_reply(first: ReplyTo | None, second: ReplyTo) -> ReplyTo:
    """Where an answer goes that goes to `second` as well."""
    return second if first is None else Replies(first, second)


class Envelope(msgspec.Struct, gc=False):
    """One message with what the receiver's side needs to know of it."""

    message: object
    #: The actor that sent it; None for plain code outside an actor.
    sender: Address[object] | None = None
    #: Where the answer goes; None for a tell.
    reply: ReplyTo | None = None
    #: When it stops being worth handling, in seconds of the loop's clock. A tell's deadline ends with its delivery.
    deadline: float = NEVER
    #: Whose turn it uses in a mailbox that is fair between senders.
    source: object = None
    #: Encoded size in bytes, 0 for a message that never left this process.
    size: int = 0
    #: Told when the message leaves the mailbox, handled or dropped: remote messages return their credit here.
    carrier: Carrier | None = None
    #: When it came, by the clock of its receiver; NEVER: it was not noted, as of nearly all. See `engine.arrivals`.
    came: float = NEVER


class Weighed(Envelope, gc=False):
    """One of which it was counted what its message takes."""

    #: Bytes of memory that the message stands for; 0: what its type weighs.
    weight: int = 0


class Carrier(Protocol):
    """What brought a message from another node."""

    def dequeued(self, messages: int, size: int) -> None:
        """This number of its messages, of `size` bytes together, has left the mailbox."""
