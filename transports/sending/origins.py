"""By which numbers the peer knows the reactors of this node: a message names its sender by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...actors.messages import Address
from ..wire import ChannelInfo

__all__ = ["Origins"]


class Origins:
    """`declared` says whether an actor of this node that has that name is a reactor of that name."""

    __slots__ = ("_declared", "announce", "numbers")

    def __init__(self, announced: Iterable[ChannelInfo], declared: Callable[[str], bool]) -> None:
        self._declared = declared
        #: By name, and from 1 on.
        self.numbers: dict[str, int] = {channel.name: index for index, channel in enumerate(announced, 1)}
        #: Tells the peer of a reactor here; set by the connection.
        self.announce: Callable[[str], object] = _nobody_to_tell

    def add(self, name: str, index: int) -> None:
        """This node has a reactor more, at that place in what it announced."""
        self.numbers[name] = index + 1

    def remove(self, name: str) -> None:
        """A reactor of this node has stopped: an actor that gets its name cannot be reached by its number."""
        self.numbers.pop(name, None)

    def of(self, sender: Address[object] | None) -> int:
        """The number of a sender here, 0 for none and for what the peer cannot reach."""
        return 0 if sender is None else self.numbers.get(sender.reactor) or self.number_of(sender.reactor)

    def number_of(self, name: str) -> int:
        """The number of a reactor here, 0 for what the peer cannot reach.

        One that has not started sends too, and the peer has not heard of it yet: it does now, before the message.
        """
        if name not in self.numbers and self._declared(name):
            self.announce(name)
        return self.numbers.get(name, 0)

    def end(self) -> None:
        """The connection has ended: nobody is told any more."""
        self.announce = _nobody_to_tell


def _nobody_to_tell(name: str) -> None:
    """There is no connection yet, or no more."""
