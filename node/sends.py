"""The ways to send of a node: its bus's own, and not calls of them, as these stand on the way of every send."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..actors.sender import AskMethod, OpenMethod, StreamMethod, TellManyMethod, TellMethod
from .delegated import Delegated

if TYPE_CHECKING:
    from ..actors import Bus

__all__ = ["NodeSends"]


class NodeSends:
    """Base of the node, which has the bus."""

    bus: Bus

    @Delegated
    def tell(self) -> TellMethod:
        """Send without an answer; see `Actor.tell`. From another thread than the loop's: `.get()` the outcome."""
        return self.bus.tell

    @Delegated
    def tell_many(self) -> TellManyMethod:
        """Send many without an answer; see `Actor.tell_many`. From another thread: `.get()` the outcome."""
        return self.bus.tell_many

    @Delegated
    def ask(self) -> AskMethod:
        """Send and get the answer; see `Actor.ask`. From another thread than the loop's: `.get()` the outcome."""
        return self.bus.ask

    @Delegated
    def stream(self) -> StreamMethod:
        """Read the answer item by item, `async for`; see `Actor.stream`."""
        return self.bus.stream

    @Delegated
    def open(self) -> OpenMethod:
        """Send items along with a message; see `Actor.open_stream`."""
        return self.bus.open
