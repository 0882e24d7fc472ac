"""What messages that leave a node have to know of it: its id, and which of its actors peers can reach."""

from __future__ import annotations

from typing import Any, Protocol

from ..messages import Channel

__all__ = ["Here", "why_it_stays"]


class FoundActor(Protocol):
    """An actor, as far as this file knows one."""

    @property
    def channel(self) -> Channel[Any] | None:
        """What it declares."""


class FindsActor(Protocol):
    """As a protocol of its own: pyright takes an attribute that is a Callable for a method."""

    def __call__(self, name: str, /) -> FoundActor | None:
        """The actor of that name; None where there is none."""


class HereHost(Protocol):
    """The bus of a node."""

    node_id: str

    @property
    def cell(self) -> FindsActor:
        """Finds an actor by its name."""


class Here:
    """A `HomeNode` that has a bus."""

    def __init__(self, bus: HereHost) -> None:
        self._bus = bus

    @property
    def node_id(self) -> str:
        """Its id."""
        return self._bus.node_id

    def stays(self, reactor: str) -> str | None:
        """Why no peer can send to its actor of that name; None where one can, or nobody is called so yet."""
        found = self._bus.cell(reactor)
        return None if found is None else why_it_stays(found)

    def is_home(self, bus: object) -> bool:
        """That bus is the node's."""
        return bus is self._bus


def why_it_stays(actor: FoundActor) -> str | None:
    """Why no peer can send to an actor of this node; None where one can."""
    if actor.channel is None:
        return f"{actor} has no channel, so no peer can send to it: carry the address of a reactor"
    if actor.channel.local:
        return f"the channel {actor.channel.name!r} of {actor} is local, so no peer can send to it"
    return None
